// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.hpp"
#include "base/result.hpp"
#include "event/reason.hpp"
#include "lake/chain.hpp"
#include "storage/file_system.hpp"

// One worker's share of a batch: lines in, staged Parquet files out.
//
// Decides for every line what it becomes (event::Decoder), keeps the rows of each (topic, hour) in
// memory, and writes one staged file for each (topic, date, hour), plus one quarantine file a
// topic. Memory pressure closes row groups of the largest buffers, never files. One writer belongs
// to one thread and shares nothing with others. After an error the writer is dropped; its staged
// files are of no consequence until an entry names them.
namespace bassline::ingest {

struct BatchContext {
    std::string chain;
    std::uint64_t seq = 0;
    std::optional<std::string> producer;  // `--producer NAME`
    std::string source = "file";          // column `source`: "file" or "kafka"
    std::string staging_directory;        // exists; shared by the workers of a batch
    std::size_t worker = 0;               // number of this worker; keeps staged names apart
    Timestamp ingested_at;                // start of the batch
    std::chrono::milliseconds ahead_max{std::chrono::hours(24)};  // `ts` may be so far past it
    std::size_t memory_bytes = 256u << 20;                        // budget of this worker alone
};

/// Bytes readable past the end of LineBlock::bytes; their content does not matter.
inline constexpr std::size_t kLinePadding = 64;
/// Longer lines are `oversize`; quarantine keeps this much of a line.
inline constexpr std::size_t kLineBytesMax = 1u << 20;

/// Whole lines of one source; only the last may lack its newline. Empty lines are not records.
struct LineBlock {
    std::uint32_t source_partition = 0;
    std::uint64_t offset = 0;  // of the first byte, in the (decompressed) source
    std::string_view bytes;    // kLinePadding more bytes are readable after them
};

/// A line that the reader refuses itself: oversize, or cut short at the end of its source.
struct RefusedLine {
    std::uint32_t source_partition = 0;
    std::uint64_t offset = 0;
    event::Reason reason = event::Reason::oversize;
    std::string_view detail;
    std::string_view raw_prefix;  // at most kLineBytesMax are kept
    std::uint64_t raw_bytes = 0;  // length of the whole line, without its newline
};

struct BatchResult {
    /// Durable staged files, sorted by topic, date and hour; `final` is left to the caller, who
    /// knows how many workers wrote the same hour.
    std::vector<lake::Output> outputs;
    std::map<std::string, lake::TopicCounters> counters;  // by topic
    std::vector<std::string> dates_touched;               // event dates, sorted, unique
};

class BatchWriter {
public:
    static Result<std::unique_ptr<BatchWriter>> make(storage::FileSystem& files,
                                                     BatchContext context);
    virtual ~BatchWriter() = default;

    /// Takes every line of the block. Bad lines go to quarantine and are no error. Errors: `io`.
    virtual Result<void> consume(const LineBlock& block) = 0;

    /// Counts the line under page_view_events and quarantines it. Errors: `io`.
    virtual Result<void> quarantine(const RefusedLine& line) = 0;

    /// Writes what is in memory and closes all files durably; the writer is then spent. The
    /// directory itself is synced by the caller. Errors: `io`.
    virtual Result<BatchResult> finish() = 0;
};

}  // namespace bassline::ingest
