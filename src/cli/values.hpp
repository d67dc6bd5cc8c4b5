// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <CLI/CLI.hpp>
#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.hpp"

// Values with units on the command line: `512MiB`, `1GiB`, `65536`; `2s`, `500ms`, `5m`, `1h`.
namespace bassline::cli {

/// Units B, KB, MB, GB (powers of 1000) and KiB, MiB, GiB (powers of 1024); no unit means bytes.
Result<std::uint64_t> parse_bytes(std::string_view text);

/// Units ms, s, m, h; a unit is required.
Result<std::chrono::milliseconds> parse_duration(std::string_view text);

/// Adds `--name SIZE`. The variable holds the default until parsed.
CLI::Option* add_bytes_option(CLI::App& app, const std::string& name, std::uint64_t& value,
                              const std::string& help);

/// Adds `--name DURATION`.
CLI::Option* add_duration_option(CLI::App& app, const std::string& name,
                                 std::chrono::milliseconds& value, const std::string& help);

}  // namespace bassline::cli
