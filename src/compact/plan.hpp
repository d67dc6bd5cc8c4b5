// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "lake/live_files.hpp"

// What a compaction does, decided from the live files alone. Pure.
namespace bassline::compact {

struct PlanLimits {
    std::size_t files_min = 2;                                  // fewer small files are left alone
    std::size_t open_files_min = 256;                           // of an hour or day still filling
    std::uint64_t small_bytes = std::uint64_t{64} << 20;        // larger files are left alone
    std::uint64_t output_bytes_max = std::uint64_t{256} << 20;  // of inputs
    std::uint64_t entry_bytes_max = std::uint64_t{1} << 30;
    std::size_t entry_files_max = 2'000;  // each start reads the newest entry
};

/// Files of one topic and hour (quarantine: of one topic and day of ingest) that become one, in the
/// order of their first event.
struct Merge {
    std::vector<lake::LiveFile> inputs;

    const lake::Output& kind_of() const { return inputs.front().output; }
    std::uint64_t bytes() const;
};

/// Start of the newest event's hour, an hour before: hours that end there or earlier are two hours
/// older than the newest.
Timestamp closed_before(std::int64_t watermark_ms);

/// Merges of all hours that end at `before` or earlier, of quarantine of the days before `today`,
/// and of what still fills but has many small files: commits of every second make 7,000 in two
/// hours. By kind, topic, date and hour.
std::vector<Merge> plan_merges(const lake::LiveFiles& live, Timestamp before, Date today,
                               const PlanLimits& limits);

/// The merges in portions, each for one entry.
std::vector<std::vector<Merge>> in_entries(std::vector<Merge> merges, const PlanLimits& limits);

struct Expiry {
    std::string retained_from;  // first kept event date
    std::vector<lake::LiveFile> files;
};

/// What leaves if only the newest `days` event dates stay, and quarantine of the last `days` days
/// up to `today`. Dates that left do not come back, whatever `days` says later.
Expiry plan_expiry(const lake::LiveFiles& live, int days, Date today);

}  // namespace bassline::compact
