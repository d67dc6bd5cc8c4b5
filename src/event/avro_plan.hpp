// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "event/avro_schema.hpp"
#include "event/schema.hpp"

// How records of one writer's schema become fields of ours: the resolution, done once a schema.
//
// Fields are matched by name, in the writer's order. What the writer lacks is null. int is read as
// long or double, float as double, an enum or bytes as a text, an int or long as the text of
// userId. Any other pair of types is a mismatch, also a long where we have an int: a record that
// holds such a value is refused, one whose union holds null there is not. Fields that we do not
// know are kept as JSON.
namespace bassline::event {

enum class AvroOp : std::uint8_t {
    null,
    boolean,
    read_int,
    read_long,
    real_of_int,
    real_of_long,
    real_of_float,
    read_double,
    text,
    symbol,
    digits,  // a number as the text of userId
    choice,
    rescue,    // no column of ours
    mismatch,  // a type that does not fit
};

struct AvroStep {
    AvroOp op = AvroOp::null;
    Column column = Column::ts;
    std::uint32_t node = 0;          // the writer's type
    std::uint32_t first_branch = 0;  // of a choice, in AvroPlan::branches
    std::uint32_t branch_count = 0;
    std::string_view name;  // the writer's name for it
};

struct AvroPlan {
    AvroSchema schema;
    std::vector<AvroStep> steps;  // a field each, in the writer's order
    std::vector<AvroStep> branches;
    std::uint32_t seen = 0;  // columns that the writer has
    bool length_seen = false;
    /// Of a record's first row, which follows from the fields that are there; and of records that
    /// cannot be read.
    Topic topic = Topic::page_view_events;

    AvroPlan() = default;
    AvroPlan(const AvroPlan&) = delete;  // names point into the schema
    AvroPlan& operator=(const AvroPlan&) = delete;
    AvroPlan(AvroPlan&&) = default;
    AvroPlan& operator=(AvroPlan&&) = default;
};

/// Errors: `bad_data` if the schema is none, or not that of a record.
Result<AvroPlan> make_avro_plan(std::string_view schema);

}  // namespace bassline::event
