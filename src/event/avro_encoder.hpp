// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "event/record.hpp"

// Fields as an Avro record of the schema that avro_schema_of tells. Pure.
namespace bassline::event {

/// Appends the record, without a frame. The fields must have the topic's required columns, as those
/// of a line without refusal do; columns that the topic does not have are left out.
void append_avro(std::string& out, const Fields& fields, Topic topic);

}  // namespace bassline::event
