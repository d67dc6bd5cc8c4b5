// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "event/avro_plan.hpp"
#include "event/avro_reader.hpp"
#include "event/record.hpp"

// Avro records into the same lines as JSON, by the plan of their writer's schema: no value tree in
// between, texts point into the record's bytes. Format, topic and rules are those of JSON; a field
// that is null was seen, as in JSON. One instance a thread.
namespace bassline::event {

class AvroDecoder {
public:
    /// Events after `event_ms_max` are refused.
    explicit AvroDecoder(std::int64_t event_ms_max) : event_ms_max_(event_ms_max) {}

    /// Decodes one record without a frame; kTextPadding bytes are readable after it. The answer
    /// lives until the next call, and not longer than the record or the plan.
    const Line& decode(const AvroPlan& plan, std::string_view record);

    /// The line of a record that could not be read.
    const Line& refuse(Topic topic, Reason reason, std::string detail);

private:
    // A value of another type than its column has.
    struct Mismatch {
        Column column = Column::ts;
        std::string detail;  // for people
    };

    bool run(const AvroPlan& plan, const AvroStep& step);
    bool take_integer(const AvroStep& step, bool is_read);
    bool take_real(const AvroStep& step, double value);
    bool take_text(const AvroStep& step, std::string_view text);
    bool take_digits(const AvroPlan& plan, const AvroStep& step);
    bool take_mismatch(const AvroPlan& plan, const AvroStep& step);
    bool rescue(const AvroPlan& plan, const AvroStep& step);
    void rescue_misplaced();
    /// Its value is to be appended.
    void begin_rescued(std::string_view name);
    std::string shown(Column column) const;
    void judge(Record& record);

    std::int64_t event_ms_max_;
    AvroReader reader_{{}};
    Line line_;
    std::string digits_;           // of userId
    std::string rescued_;          // a JSON object without its closing brace
    std::size_t values_left_ = 0;  // that the record's fields without a column may still hold
    std::uint32_t misplaced_ = 0;  // columns that the record's topic does not have
    std::vector<Mismatch> mismatches_;
    bool is_bad_text_ = false;
};

}  // namespace bassline::event
