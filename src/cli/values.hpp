// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <CLI/CLI.hpp>
#include <algorithm>
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/clock.hpp"
#include "base/result.hpp"

// Values on the command line: `512MiB`, `1GiB`, `65536`; `2s`, `500ms`, `5m`, `1h`; times of UTC;
// words.
namespace bassline::cli {

/// Units B, KB, MB, GB (powers of 1000) and KiB, MiB, GiB (powers of 1024); no unit means bytes.
Result<std::uint64_t> parse_bytes(std::string_view text);

/// Units ms, s, m, h; a unit is required.
Result<std::chrono::milliseconds> parse_duration(std::string_view text);

/// A date or a time of UTC: `2025-03-14`, `2025-03-14T08:00:00Z`.
Result<Timestamp> parse_time(std::string_view text);

/// Adds `--name SIZE`. The variable holds the default until parsed.
CLI::Option* add_bytes_option(CLI::App& app, const std::string& name, std::uint64_t& value,
                              const std::string& help);

/// Adds `--name TEXT`, which must be UTF-8: it goes into the tables.
CLI::Option* add_text_option(CLI::App& app, const std::string& name, std::string& value,
                             const std::string& help);

/// Adds `--name DURATION`.
CLI::Option* add_duration_option(CLI::App& app, const std::string& name,
                                 std::chrono::milliseconds& value, const std::string& help);

CLI::Option* add_duration_option(CLI::App& app, const std::string& name,
                                 std::optional<std::chrono::milliseconds>& value,
                                 const std::string& help);

/// Adds `--name TIME`.
CLI::Option* add_time_option(CLI::App& app, const std::string& name,
                             std::optional<Timestamp>& value, const std::string& help);

/// Adds `--name WORD` for one of the words, each with its value.
template <class Value>
CLI::Option* add_choice_option(CLI::App& app, const std::string& name, Value& value,
                               const std::vector<std::pair<std::string, Value>>& choices,
                               const std::string& help) {
    std::vector<std::string> words;
    for (const auto& [word, chosen] : choices) words.push_back(word);
    return app
        .add_option_function<std::string>(
            name,
            [&value, choices](const std::string& text) {
                value =
                    std::ranges::find(choices, text, &std::pair<std::string, Value>::first)->second;
            },
            help)
        ->check(CLI::IsMember(words))
        ->type_name("WORD");
}

}  // namespace bassline::cli
