// SPDX-License-Identifier: Apache-2.0
#include "event/decoder.hpp"

#include "event/general_decoder.hpp"
#include "event/rules.hpp"
#include "event/text.hpp"

namespace bassline::event {

Decoder::Decoder(std::int64_t event_ms_max)
    : event_ms_max_(event_ms_max), general_(std::make_unique<GeneralDecoder>(event_ms_max)) {}
Decoder::~Decoder() = default;

const Line& Decoder::decode(std::string_view line) {
    return decode_fast(line) ? line_ : general_->decode(line);
}

const Line& Decoder::decode_generally(std::string_view line) {
    return general_->decode(line);
}

bool Decoder::decode_fast(std::string_view line) {
    Fields& fields = line_.fields;
    if (!scanner_.scan(line, fields)) return false;
    if (scanner_.non_ascii() && !is_utf8(line)) return false;
    if (fields.has(Column::page) && fields[Column::page].text.escaped) return false;
    classify(line_);
    if ((fields.present & ~columns_of(line_.records[0].topic).allowed) != 0) return false;
    for (std::size_t i = 0; i < line_.record_count; ++i) {
        if (find_breach(fields, line_.records[i].topic, event_ms_max_)) return false;
    }
    return true;
}

}  // namespace bassline::event
