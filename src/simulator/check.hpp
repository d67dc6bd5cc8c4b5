// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "simulator/configuration.hpp"

// Whether a log of events has the statistics of a configuration: figure by figure against what the
// configuration gives exactly (analytic_chain.hpp, analytic_times.hpp).
//
// What happens within a session depends on nothing but the standing it begins in, so sessions are
// independent and their counts are tested as they are: chi-squared for frequencies, standard errors
// for means. Only complete sessions count, whose first event is there and lies a margin before the
// end. When sessions begin depends on the user, so there the counts' spread between users widens
// the test. Means and shares over very many events are also right if they are within 1 %.
namespace bassline::simulator {

enum class Verdict { pass, fail, too_few };
std::string_view to_string(Verdict verdict);

struct CheckFigure {
    std::string name;     // "events a session from Logged In, free"
    std::uint64_t count;  // of what was looked at: sessions, steps, starts, users
    double found;
    double expected;
    double p;  // how likely a difference like this is; 0 or 1 where there is nothing to chance
    Verdict verdict;
};

struct CheckReport {
    std::uint64_t page_views = 0;
    std::uint64_t sessions = 0;
    std::uint64_t complete_sessions = 0;
    std::int64_t first_ms = 0;
    std::int64_t last_ms = 0;
    std::vector<CheckFigure> figures;

    /// No figure fails.
    bool passed() const;
};

struct CheckOptions {
    bool compat = false;     // free days by the original's calendar
    double growth_rate = 0;  // a year
};

/// Files, or folders of files; four topics or the single stream; plain, gzip or zstd.
/// Errors: those of read_event_log and solve_chain.
Result<CheckReport> check(std::span<const std::filesystem::path> inputs,
                          const Configuration& configuration, CheckOptions options = {});

/// For people: one line a figure, failed ones marked.
std::string check_table(const CheckReport& report);
/// {"ok": bool, "page_views": n, "sessions": n, "complete_sessions": n, "figures": [{"figure",
/// "count", "found", "expected", "p", "verdict"}]}
std::string check_json(const CheckReport& report);

}  // namespace bassline::simulator
