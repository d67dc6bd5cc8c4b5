// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "base/result.hpp"
#include "ingest/batch.hpp"
#include "ingest/source_survey.hpp"
#include "storage/file_system.hpp"

// `bassline ingest` from files: input in, bronze and quarantine out, exactly once
// (docs/formats/lake.md, "Chains").
//
//   lock, load, recover; then pass by pass:  survey -> batch -> seal -> commit -> publish -> clean
//
// A second pass is needed only where new files begin alike, or when following. All state is in the
// lake; a process that dies anywhere is replaced by the next one.
namespace bassline::ingest {

struct IngestOptions {
    std::vector<std::string> inputs;  // files, folders, globs, "-"
    std::size_t threads = 1;
    std::uint64_t memory_bytes = 512u << 20;
    std::chrono::milliseconds commit_interval{std::chrono::minutes(5)};
    /// How the time between two looks at the inputs passes while following; returns early to have
    /// what has arrived committed now.
    std::function<void(const std::stop_token&, std::chrono::milliseconds)> pause =
        sleep_unless_stopped;
    std::uint64_t batch_bytes = 1u << 30;  // of input
    std::optional<std::string> producer;
    bool follow = false;
    /// Events further ahead of the clock are refused; a simulated service may run ahead for years.
    std::chrono::milliseconds ahead_max{std::chrono::hours(24)};
    /// Called after each commit, by the thread that ingests.
    std::function<void(const lake::Entry&)> on_commit;
};

/// Least memory that a run accepts for a thread.
inline constexpr std::uint64_t kThreadMemoryMin = 32u << 20;

struct TopicTotals {
    lake::TopicCounters counters;
    std::uint64_t files = 0;  // bronze and quarantine
};

struct IngestSummary {
    std::map<std::string, TopicTotals> topics;
    std::uint64_t entries = 0;  // committed
    std::uint64_t bytes = 0;    // of Parquet
    std::uint64_t pending_bytes = 0;
    std::vector<Notice> notices;
    double seconds = 0;
    bool interrupted = false;

    /// Some input was refused while the rest went in.
    bool refused() const;
};

void add_to_summary(const lake::Entry& entry, IngestSummary& summary);

/// Runs until the input is at its end (or, following, until stopped). A stop lets the blocks in
/// work finish and commits what is whole. Errors: `conflict` if another process writes the chain;
/// `io`; `bad_data` for a damaged chain; `usage` for options that cannot work. The lake is then as
/// after a crash: the next run goes on.
Result<IngestSummary> ingest(storage::FileSystem& files, const IngestOptions& options,
                             const Clock& clock, const std::stop_token& stop, Progress& progress,
                             const std::function<void(const Notice&)>& on_notice);

}  // namespace bassline::ingest
