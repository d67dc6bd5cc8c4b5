// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.hpp"
#include "storage/file_system.hpp"

// What a lake's simulated service is: chosen once, with the first `run`, and kept beside its
// events, since the same simulation must go on.
namespace bassline::pipeline {

struct RunSettings {
    std::string config;         // a packaged configuration's name, or a file's path
    std::string configuration;  // its text, which the lake keeps: the file may change
    std::uint64_t users = 0;
    std::uint64_t seed = 0;
    std::int64_t from_s = 0;  // epoch seconds: where history begins
    std::int64_t live_s = 0;  // where it is back-filled to at once
    int retain_days = 0;      // may be changed by a later run
    /// Name of the generator, part of each user's identity, empty: none. Older lakes did not keep
    /// it: there it is what the first run says that asks.
    std::optional<std::string> producer;

    friend bool operator==(const RunSettings&, const RunSettings&) = default;
};

/// What the user asks for; the rest is taken from the lake, or from the defaults for a new one.
struct AskedSettings {
    std::optional<std::string> config;
    std::string configuration;  // its text, or that of the default
    std::optional<std::uint64_t> users;
    std::optional<std::uint64_t> seed;
    std::optional<std::uint32_t> days;
    std::optional<int> retain_days;
    std::optional<std::string> producer;
};

inline constexpr std::string_view kConfigDefault = "stock";
inline constexpr std::uint64_t kUsersDefault = 2000;
inline constexpr std::uint32_t kDaysDefault = 30;
inline constexpr int kRetainDaysDefault = 90;  // more if history is as long; days pass quickly

/// The lake's settings if it has any. Errors: `bad_data`, `io`.
Result<std::optional<RunSettings>> load_settings(const storage::FileSystem& files);
Result<void> save_settings(storage::FileSystem& files, const RunSettings& settings);

/// A simulated service has its lake for itself: what it keeps expires by its own clock, which runs
/// ahead of everybody else's. Errors: `config` if the lake holds events of others, from files or
/// Kafka; `bad_data`, `io`.
Result<void> check_no_other_events(const storage::FileSystem& files);

/// The same from the other side. Errors: `config` if the lake belongs to a simulated service; those
/// of load_settings.
Result<void> check_no_service(const storage::FileSystem& files);

/// Settings of a new lake. `now_s`: epoch seconds.
RunSettings new_settings(const AskedSettings& asked, std::int64_t now_s);

/// Errors: `config` naming each difference between what is asked for and what the lake was made
/// with.
Result<void> check_settings(const AskedSettings& asked, const RunSettings& made);

}  // namespace bassline::pipeline
