// SPDX-License-Identifier: Apache-2.0
#include "cli/values.hpp"

#include <array>
#include <charconv>
#include <utility>

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

CLI::Option* add_duration_option(CLI::App& app, const std::string& name,
                                 std::chrono::milliseconds& value, const std::string& help) {
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

}  // namespace bassline::cli
