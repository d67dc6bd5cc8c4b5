// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>

#include "event/reason.hpp"
#include "event/record.hpp"

// The rules that both paths of the decoder share. Pure.
namespace bassline::event {

/// Sets format, records and topics of a line from its fields; `page` is not escaped.
void classify(Line& line);

struct Breach {
    Reason reason;
    Column column;
};

/// The first rule that the fields break as a record of the topic, in the order: required, ts,
/// vocabulary, duration. A required artist or song of U+0020 only is missing. Texts that are
/// escaped are in no closed vocabulary.
std::optional<Breach> find_breach(const Fields& fields, Topic topic, std::int64_t event_ms_max);

}  // namespace bassline::event
