// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "event/schema.hpp"

// The schemas that producers register, made from the schema table: the producer's columns of a
// topic, in the order of bronze. Texts without line feeds, the same in every run.
namespace bassline::event {

/// JSON Schema, draft 7. The object is closed, so that a registry takes a column added later as a
/// compatible change.
std::string json_schema_of(Topic topic);

/// An Avro record of the topic's name in the namespace `bassline`: required columns bare, others a
/// union with null that defaults to null. userId is a text, also where JSON has a number.
std::string avro_schema_of(Topic topic);

}  // namespace bassline::event
