// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <string_view>

#include "event/record.hpp"

// The general path of the decoder: any line whatever, on simdjson. It alone refuses records, keeps
// unknown fields, and says what is wrong. One instance a thread; the answer lives until the next
// call.
namespace bassline::event {

class GeneralDecoder {
public:
    explicit GeneralDecoder(std::int64_t event_ms_max);
    ~GeneralDecoder();

    const Line& decode(std::string_view line);

private:
    struct State;
    std::unique_ptr<State> state_;
};

}  // namespace bassline::event
