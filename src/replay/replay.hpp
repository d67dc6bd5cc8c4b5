// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <stop_token>
#include <string>

#include "base/clock.hpp"
#include "base/result.hpp"
#include "event/reason.hpp"
#include "kafka/schema_registry.hpp"
#include "storage/file_system.hpp"

// `bassline replay`: quarantined records are tried again with today's decoder and clock; those that
// are good now go to bronze as if they had been accepted when they came: under their own source,
// partition, offset, timestamp, chain and entry (docs/formats/lake.md, "Replay").
//
//   lock -> finish what others left -> sweep -> judge a portion of quarantine's files ->
//   rewrite those with a good record -> one entry of the chain `compact` -> ... -> sweep
//
// One entry replaces files of quarantine by files of bronze and what is left of quarantine, so a
// reader sees each record in one of the two, always. Stopped anywhere, nothing is lost or doubled;
// the next replay goes on. May run beside ingest, builds and readers; a compaction is refused
// meanwhile.
namespace bassline::replay {

struct ReplayOptions {
    std::set<event::Reason> reasons;  // only these; empty: all but `late`
    std::chrono::milliseconds ahead_max{std::chrono::hours(24)};  // `ts` past now
    std::chrono::milliseconds grace{std::chrono::minutes(10)};    // as of a compaction
    std::optional<kafka::RegistryOptions> registry;               // of framed records
    std::uint64_t memory_bytes = 512u << 20;
    std::uint64_t portion_bytes_max = 256u << 20;  // of quarantine's files, an entry
    std::size_t portion_files_max = 2000;
    std::string scratch = "/tmp";  // where the engine may spill
};

struct ReplaySummary {
    std::uint64_t records = 0;                     // rows of quarantine that were looked at
    std::uint64_t not_asked = 0;                   // of other reasons than asked for
    std::uint64_t skipped_cut = 0;                 // only their beginning was kept
    std::uint64_t skipped_framing = 0;             // `bad_framing`: headers were not kept
    std::map<std::string, std::uint64_t> refused;  // still bad: today's reason -> records
    std::uint64_t replayed = 0;                    // good now
    std::map<std::string, std::uint64_t> written;  // topic -> rows of bronze
    std::uint64_t entries = 0;                     // committed
    std::uint64_t files_replaced = 0;
    std::uint64_t files_written = 0;
    std::uint64_t files_removed = 0;   // past grace, of earlier entries too
    std::uint64_t files_awaiting = 0;  // replaced, and not yet removed
    bool interrupted = false;          // what was committed stands
    double seconds = 0;
};

/// Errors: `conflict` if a compaction or another replay holds the lake; `unavailable` if the
/// registry is down (nothing of the portion has happened then); `bad_data` if a file is not as its
/// entry says; `io`.
Result<ReplaySummary> replay(storage::FileSystem& files, const ReplayOptions& options,
                             const Clock& clock, const std::stop_token& stop);

/// Tells what replay() would do, of files that no writer may yet move. Writes nothing.
Result<ReplaySummary> rehearse(const storage::FileSystem& files, const ReplayOptions& options,
                               const Clock& clock);

}  // namespace bassline::replay
