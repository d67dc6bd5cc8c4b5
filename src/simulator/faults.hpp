// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string_view>

#include "base/result.hpp"
#include "simulator/user.hpp"

// Faults on request: what to do wrong, and how often.
namespace bassline::simulator {

/// Shares from 0 to 1. The first four are of records, at most one of them befalls a record.
struct FaultRates {
    double late = 0;          // written a minute to two days after its time
    double duplicate = 0;     // written a second time, within an hour
    double out_of_order = 0;  // written up to twenty records behind its place
    double malformed = 0;     // damaged (damage.hpp), in place of the record
    double skew = 0;          // of users, whose clock is up to twelve hours off
    double bots = 0;          // of users, who come back within the hour, day and night

    /// Whether records are touched on their way out.
    bool touch_records() const { return late + duplicate + out_of_order + malformed + skew > 0; }
};

/// The mean gap and absence of a bot.
inline constexpr float kBotGapSeconds = 1;
inline constexpr float kBotAbsenceSeconds = 600;

/// "late=0.01,duplicate=0.01,malformed=0.005". Errors: `usage` naming the part.
Result<FaultRates> parse_faults(std::string_view text);

/// Which users are odd, for a seed: nothing but seed and user decide. Pure.
class OddUsers {
public:
    OddUsers(std::uint64_t seed, FaultRates rates) : seed_(seed), rates_(rates) {}

    bool is_bot(UserIndex user) const;
    /// How far the user's clock is off, milliseconds; mostly 0.
    std::int64_t skew_ms(UserIndex user) const;

private:
    std::uint64_t seed_;
    FaultRates rates_;
};

}  // namespace bassline::simulator
