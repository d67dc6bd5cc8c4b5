// SPDX-License-Identifier: Apache-2.0
#include "cli/values.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <utility>

#include "event/text.hpp"

namespace bassline::cli {
namespace {

using Unit = std::pair<std::string_view, std::uint64_t>;

constexpr std::array<Unit, 8> kByteUnits{{{"", 1},
                                          {"B", 1},
                                          {"KB", 1000},
                                          {"MB", 1000 * 1000},
                                          {"GB", 1000 * 1000 * 1000},
                                          {"KiB", 1ULL << 10},
                                          {"MiB", 1ULL << 20},
                                          {"GiB", 1ULL << 30}}};
constexpr std::array<Unit, 4> kDurationUnits{
    {{"ms", 1}, {"s", 1000}, {"m", 60 * 1000}, {"h", 3600 * 1000}}};

// A whole number followed by one of the units; the product in the smallest unit.
template <std::size_t kCount>
Result<std::uint64_t> parse_with_unit(std::string_view text, const std::array<Unit, kCount>& units,
                                      std::string_view example) {
    std::uint64_t number = 0;
    const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), number);
    const std::string_view suffix(end, static_cast<std::size_t>(text.data() + text.size() - end));
    for (const auto& [unit, factor] : units) {
        if (code != std::errc{} || suffix != unit) continue;
        if (number > UINT64_MAX / factor) return error(ErrorKind::usage, "'{}' is too large", text);
        return number * factor;
    }
    return error(ErrorKind::usage, "'{}' is not a whole number with a unit, such as {}", text,
                 example);
}

}  // namespace

Result<std::uint64_t> parse_bytes(std::string_view text) {
    return parse_with_unit(text, kByteUnits, "512MiB");
}

Result<std::chrono::milliseconds> parse_duration(std::string_view text) {
    TRY_ASSIGN(const std::uint64_t milliseconds, parse_with_unit(text, kDurationUnits, "2s"));
    return std::chrono::milliseconds(milliseconds);
}

Result<Timestamp> parse_time(std::string_view text) {
    constexpr std::string_view kShape = "dddd-dd-ddTdd:dd:ddZ";
    constexpr std::size_t kDateLength = 10;
    bool has_shape = text.size() == kShape.size() || text.size() == kDateLength;
    for (std::size_t at = 0; at < text.size() && has_shape; ++at) {
        const bool is_digit = text[at] >= '0' && text[at] <= '9';
        has_shape = kShape[at] == 'd' ? is_digit : text[at] == kShape[at];
    }
    const auto number = [text](std::size_t at, std::size_t digits) {
        int value = 0;
        for (const char digit : text.substr(std::min(at, text.size()), digits)) {
            value = value * 10 + (digit - '0');
        }
        return value;
    };
    const std::chrono::year_month_day day{std::chrono::year(number(0, 4)),
                                          std::chrono::month(static_cast<unsigned>(number(5, 2))),
                                          std::chrono::day(static_cast<unsigned>(number(8, 2)))};
    const int hour = number(11, 2);
    const int minute = number(14, 2);
    const int second = number(17, 2);
    if (!has_shape || !day.ok() || hour > 23 || minute > 59 || second > 59) {
        return error(ErrorKind::usage,
                     "'{}' is neither a date nor a time of UTC, such as 2025-03-14 or "
                     "2025-03-14T08:00:00Z",
                     text);
    }
    return Timestamp(std::chrono::sys_days(day)) + std::chrono::hours(hour) +
           std::chrono::minutes(minute) + std::chrono::seconds(second);
}

CLI::Option* add_bytes_option(CLI::App& app, const std::string& name, std::uint64_t& value,
                              const std::string& help) {
    return app
        .add_option_function<std::string>(
            name,
            [&value, name](const std::string& text) {
                auto parsed = parse_bytes(text);
                if (!parsed) throw CLI::ValidationError(name, parsed.error().message);
                value = parsed.value();
            },
            help)
        ->type_name("SIZE");
}

CLI::Option* add_text_option(CLI::App& app, const std::string& name, std::string& value,
                             const std::string& help) {
    return app
        .add_option_function<std::string>(
            name,
            [&value, name](const std::string& text) {
                if (!event::is_utf8(text)) {
                    throw CLI::ValidationError(name, "is not UTF-8; give it as UTF-8 text");
                }
                value = text;
            },
            help)
        ->type_name("TEXT");
}

namespace {

// `value` is a duration, or an optional one.
template <class Value>
CLI::Option* declare_duration(CLI::App& app, const std::string& name, Value& value,
                              const std::string& help) {
    return app
        .add_option_function<std::string>(
            name,
            [&value, name](const std::string& text) {
                auto parsed = parse_duration(text);
                if (!parsed) throw CLI::ValidationError(name, parsed.error().message);
                value = parsed.value();
            },
            help)
        ->type_name("DURATION");
}

}  // namespace

CLI::Option* add_duration_option(CLI::App& app, const std::string& name,
                                 std::chrono::milliseconds& value, const std::string& help) {
    return declare_duration(app, name, value, help);
}

CLI::Option* add_duration_option(CLI::App& app, const std::string& name,
                                 std::optional<std::chrono::milliseconds>& value,
                                 const std::string& help) {
    return declare_duration(app, name, value, help);
}

CLI::Option* add_time_option(CLI::App& app, const std::string& name,
                             std::optional<Timestamp>& value, const std::string& help) {
    return app
        .add_option_function<std::string>(
            name,
            [&value, name](const std::string& text) {
                auto parsed = parse_time(text);
                if (!parsed) throw CLI::ValidationError(name, parsed.error().message);
                value = parsed.value();
            },
            help)
        ->type_name("TIME");
}

}  // namespace bassline::cli
