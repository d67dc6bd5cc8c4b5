// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

#include "event/reason.hpp"
#include "event/schema.hpp"
#include "ingest/record_decoder.hpp"
#include "ingest/row_buffer.hpp"

// A row of quarantine that is tried again with today's decoder (docs/formats/lake.md, "Replay").
//
// A row whose line was told apart when it came stands for one record of its topic; the line's other
// records are where they went then. A row whose line could not be read stands for the whole line,
// and may become two rows.
namespace bassline::ingest {

struct QuarantinedRecord {
    event::Topic topic = event::Topic::page_view_events;
    event::Reason reason = event::Reason::bad_json;
    std::string_view detail;
    std::string_view raw;  // kLinePadding more bytes are readable after it
    std::uint64_t raw_bytes = 0;
    std::optional<event::InputFormat> format;
    bool is_kafka = false;  // its value may be framed
    LinePosition position;

    /// Quarantine keeps only the beginning of it: it never becomes a row.
    bool is_cut() const { return raw.size() < raw_bytes; }
};

/// What today's decoder says of it.
struct RetriedRecord {
    const event::Line* line = nullptr;        // lives until the decoder's next call
    std::optional<std::int32_t> schema_id{};  // of a framed value
    std::array<bool, 2> is_ours{};            // by record of the line: the row stands for it
    std::size_t good = 0;                     // of these, how many are no refusal
    std::size_t records = 0;                  // how many these are
    event::Reason reason{};                   // if none is good: why

    bool is_good() const { return good > 0; }
};

/// Pure but for the decoder. The record is not cut; its schema was prepared.
RetriedRecord retry(RecordDecoder& decoder, const QuarantinedRecord& record);

/// The reason, topic or format of that name, as quarantine spells it; none if it is unknown.
std::optional<event::Reason> reason_named(std::string_view name);
std::optional<event::Topic> topic_spelled(std::string_view name);
std::optional<event::InputFormat> format_named(std::string_view name);

}  // namespace bassline::ingest
