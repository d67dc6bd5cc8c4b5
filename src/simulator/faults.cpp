// SPDX-License-Identifier: Apache-2.0
#include "simulator/faults.hpp"

#include <array>
#include <charconv>

#include "simulator/random_stream.hpp"

namespace bassline::simulator {
namespace {

constexpr double kSkewMillisecondsMax = 12 * 3'600'000.0;
constexpr std::uint64_t kUserStreams = std::uint64_t{1} << 40;  // apart from those of records

struct Part {
    std::string_view name;
    double FaultRates::*rate;
};
constexpr std::array<Part, 6> kParts{{{"late", &FaultRates::late},
                                      {"duplicate", &FaultRates::duplicate},
                                      {"out_of_order", &FaultRates::out_of_order},
                                      {"malformed", &FaultRates::malformed},
                                      {"skew", &FaultRates::skew},
                                      {"bots", &FaultRates::bots}}};

Result<void> parse_part(std::string_view part, FaultRates& rates) {
    const std::size_t equals = part.find('=');
    const std::string_view name = part.substr(0, equals);
    const std::string_view text = equals == part.npos ? "" : part.substr(equals + 1);
    double rate = 0;
    const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), rate);
    const bool is_number = !text.empty() && code == std::errc() && end == text.data() + text.size();
    for (const Part& known : kParts) {
        if (known.name != name) continue;
        if (!is_number || !(rate >= 0 && rate <= 1)) {
            return error(ErrorKind::usage, "--faults: {} needs a share from 0 to 1, as {}=0.01",
                         name, name);
        }
        rates.*known.rate = rate;
        return {};
    }
    return error(ErrorKind::usage,
                 "--faults: {} is none of late, duplicate, out_of_order, malformed, skew, bots",
                 part);
}

}  // namespace

Result<FaultRates> parse_faults(std::string_view text) {
    FaultRates rates;
    while (!text.empty()) {
        const std::size_t comma = text.find(',');
        TRY(parse_part(text.substr(0, comma), rates));
        text.remove_prefix(comma == text.npos ? text.size() : comma + 1);
    }
    if (rates.late + rates.duplicate + rates.out_of_order + rates.malformed > 1) {
        return error(ErrorKind::usage, "--faults: the shares of records sum to more than 1");
    }
    return rates;
}

bool OddUsers::is_bot(UserIndex user) const {
    if (rates_.bots <= 0) return false;
    RandomStream random(seed_, StreamPurpose::faults, kUserStreams + user, 1);
    return random.next().u < rates_.bots;
}

std::int64_t OddUsers::skew_ms(UserIndex user) const {
    if (rates_.skew <= 0) return 0;
    const Uniforms draw = RandomStream(seed_, StreamPurpose::faults, kUserStreams + user).next();
    if (draw.u >= rates_.skew) return 0;
    return static_cast<std::int64_t>((2 * draw.v - 1) * kSkewMillisecondsMax);
}

}  // namespace bassline::simulator
