// SPDX-License-Identifier: Apache-2.0
#include "event/avro_decoder.hpp"

#include <algorithm>
#include <bit>
#include <cmath>

#include <fmt/format.h>

#include "event/avro_json.hpp"
#include "event/rules.hpp"
#include "event/text.hpp"

namespace bassline::event {
namespace {

constexpr std::size_t kShownTextMax = 120;
constexpr std::size_t kValuesAtLeast = 4096;  // a record may hold so many values without bytes

}  // namespace

const Line& AvroDecoder::refuse(Topic topic, Reason reason, std::string detail) {
    line_.format.reset();
    line_.fields.seen = 0;
    line_.fields.present = 0;
    line_.rescued = {};
    line_.record_count = 1;
    line_.records[0] = {topic, Refusal{reason, std::move(detail)}};
    return line_;
}

const Line& AvroDecoder::decode(const AvroPlan& plan, std::string_view record) {
    reader_ = AvroReader(record);
    line_.fields.seen = plan.seen;
    line_.fields.present = 0;
    line_.fields.user_id_is_text = false;
    line_.fields.length_seen = plan.length_seen;
    rescued_.clear();
    mismatches_.clear();
    misplaced_ = ~columns_of(plan.topic).allowed;
    is_bad_text_ = false;
    values_left_ = kValuesAtLeast + record.size();
    for (const AvroStep& step : plan.steps) {
        if (run(plan, step)) continue;
        const Reason reason = is_bad_text_ ? Reason::bad_encoding : Reason::bad_avro;
        return refuse(plan.topic, reason,
                      fmt::format("{}: {}", utf8_prefix(step.name, kShownTextMax),
                                  is_bad_text_ ? "not UTF-8" : reader_.reason()));
    }
    if (reader_.left() > 0) {
        return refuse(plan.topic, Reason::bad_avro,
                      fmt::format("{} bytes behind the record", reader_.left()));
    }
    classify(line_);
    rescue_misplaced();
    if (!rescued_.empty()) rescued_ += '}';
    rescued_.reserve(rescued_.size() + kTextPadding);
    line_.rescued = rescued_;
    for (std::size_t i = 0; i < line_.record_count; ++i) judge(line_.records[i]);
    return line_;
}

bool AvroDecoder::run(const AvroPlan& plan, const AvroStep& step) {
    Value& out = line_.fields[step.column];
    std::string_view text;
    double real = 0;
    std::int64_t integer = 0;
    std::size_t index = 0;
    switch (step.op) {
        case AvroOp::null:
            return true;
        case AvroOp::boolean:
            if (!reader_.read_boolean(out.boolean)) return false;
            line_.fields.present |= bit_of(step.column);
            return true;
        case AvroOp::read_int:
            return take_integer(step, reader_.read_int(out.integer));
        case AvroOp::read_long:
            return take_integer(step, reader_.read_long(out.integer));
        case AvroOp::real_of_int:
            return reader_.read_int(integer) && take_real(step, static_cast<double>(integer));
        case AvroOp::real_of_long:
            return reader_.read_long(integer) && take_real(step, static_cast<double>(integer));
        case AvroOp::real_of_float:
            return reader_.read_float(real) && take_real(step, real);
        case AvroOp::read_double:
            return reader_.read_double(real) && take_real(step, real);
        case AvroOp::text:
            return reader_.read_bytes(text) && take_text(step, text);
        case AvroOp::symbol: {
            const auto& symbols = plan.schema.nodes[step.node].names;
            return reader_.read_index(symbols.size(), index) && take_text(step, symbols[index]);
        }
        case AvroOp::digits:
            return take_digits(plan, step);
        case AvroOp::choice:
            return reader_.read_index(step.branch_count, index) &&
                   run(plan, plan.branches[step.first_branch + index]);
        case AvroOp::rescue:
            return rescue(plan, step);
        case AvroOp::mismatch:
            return take_mismatch(plan, step);
    }
    return true;
}

bool AvroDecoder::take_integer(const AvroStep& step, bool is_read) {
    if (is_read) line_.fields.present |= bit_of(step.column);
    return is_read;
}

// A field of a real column makes its record one of a topic that has the column, so that what is no
// number is refused, never lost.
bool AvroDecoder::take_real(const AvroStep& step, double value) {
    if (!std::isfinite(value)) {
        mismatches_.push_back({step.column, fmt::format("{}: {} is no number", step.name, value)});
        return true;
    }
    line_.fields[step.column].real = value + 0.0;  // never -0.0
    line_.fields.present |= bit_of(step.column);
    return true;
}

bool AvroDecoder::take_text(const AvroStep& step, std::string_view text) {
    if (!is_utf8(text)) {
        is_bad_text_ = true;
        return false;
    }
    line_.fields[step.column].text = {text.data(), static_cast<std::uint32_t>(text.size()), false};
    if (!text.empty() || step.column == Column::location) {
        line_.fields.present |= bit_of(step.column);
    }
    return true;
}

bool AvroDecoder::take_digits(const AvroPlan& plan, const AvroStep& step) {
    std::int64_t id = 0;
    const bool is_int = plan.schema.nodes[step.node].kind == AvroKind::int32;
    if (!(is_int ? reader_.read_int(id) : reader_.read_long(id))) return false;
    digits_ = std::to_string(id);
    digits_.reserve(digits_.size() + kTextPadding);
    return take_text(step, digits_);
}

// A column that the topic does not have keeps its value, whatever its type.
bool AvroDecoder::take_mismatch(const AvroPlan& plan, const AvroStep& step) {
    const AvroNode& node = plan.schema.nodes[step.node];
    mismatches_.push_back(
        {step.column, fmt::format("{}: the writer's {} does not fit {}", step.name,
                                  to_string(node.kind), to_string(definition(step.column).type))});
    if ((bit_of(step.column) & misplaced_) != 0) return rescue(plan, step);
    return AvroJsonWriter(plan.schema, reader_, values_left_).write(step.node, nullptr);
}

bool AvroDecoder::rescue(const AvroPlan& plan, const AvroStep& step) {
    const std::size_t before = rescued_.size();
    begin_rescued(step.name);
    const std::size_t start = rescued_.size();
    AvroJsonWriter writer(plan.schema, reader_, values_left_);
    if (!writer.write(step.node, &rescued_)) return false;
    if (std::string_view(rescued_).substr(start) == "null") rescued_.resize(before);
    return true;
}

// Values of columns that the record's topic does not have.
void AvroDecoder::rescue_misplaced() {
    std::uint32_t misplaced = line_.fields.present & misplaced_;
    for (; misplaced != 0; misplaced &= misplaced - 1) {
        const auto column = static_cast<Column>(std::countr_zero(misplaced));
        begin_rescued(definition(column).name);
        rescued_ += shown(column);
    }
}

void AvroDecoder::begin_rescued(std::string_view name) {
    rescued_ += rescued_.empty() ? '{' : ',';
    append_json_text(rescued_, name);
    rescued_ += ':';
}

// The value as JSON.
std::string AvroDecoder::shown(Column column) const {
    const Value& value = line_.fields[column];
    std::string text;
    switch (definition(column).type) {
        case Type::text:
            append_json_text(text, value.text.view());
            return text;
        case Type::real:
            append_json_real(text, value.real);
            return text;
        case Type::boolean:
            return value.boolean ? "true" : "false";
        default:
            return std::to_string(value.integer);
    }
}

void AvroDecoder::judge(Record& record) {
    const std::uint32_t allowed = columns_of(record.topic).allowed;
    const auto mismatch = std::ranges::find_if(mismatches_, [allowed](const Mismatch& one) {
        return (bit_of(one.column) & allowed) != 0;
    });
    if (mismatch != mismatches_.end()) {
        record.refusal = Refusal{Reason::bad_type, mismatch->detail};
        return;
    }
    const auto breach = find_breach(line_.fields, record.topic, event_ms_max_);
    if (!breach) return;
    const std::string_view name = definition(breach->column).name;
    const bool is_there = line_.fields.has(breach->column);
    record.refusal = Refusal{
        breach->reason,
        is_there ? fmt::format("{}: {}", name, utf8_prefix(shown(breach->column), kShownTextMax))
                 : fmt::format("{} is missing", name)};
}

}  // namespace bassline::event
