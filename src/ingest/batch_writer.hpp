// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.hpp"
#include "base/result.hpp"
#include "event/reason.hpp"
#include "event/schema.hpp"
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

class Interners;
class RecordSchemas;
struct QuarantinedRecord;

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
    /// Counts records that cannot be told to be of any topic.
    event::Topic unreadable_topic = event::Topic::page_view_events;
    /// Records of Kafka that came longer after their event's time are late; none: no such rule.
    std::optional<std::chrono::milliseconds> late_after;
    bool late_beside = false;  // these go into files beside bronze, not into quarantine
    /// The texts that this worker knows from its batches before; none: it begins without any.
    std::shared_ptr<Interners> interners;
    /// Of framed records, which are prepared before they come; outlives the writer. None: no ids.
    const RecordSchemas* schemas = nullptr;
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

inline constexpr std::int64_t kNoTimestampMs = -1;
/// The year 9999, later ones are null; brokers take any.
inline constexpr std::int64_t kTimestampMsMax = 253'402'300'799'999;

/// One record of a Kafka partition. Its value is one line, whatever newlines are in it.
struct KafkaRecord {
    std::uint64_t offset = 0;
    std::int64_t timestamp_ms = kNoTimestampMs;  // Kafka's record time
    std::optional<std::string_view> value;  // none: a tombstone; kLinePadding more bytes readable
    bool schema_in_header = false;          // and not before the value

    /// False for what is refused whatever the id before its value means: nobody is asked about it.
    bool may_be_framed() const {
        return value && !schema_in_header && value->size() <= kLineBytesMax;
    }
};

/// Records of one partition, by offset.
struct RecordBlock {
    std::uint32_t partition = 0;
    std::span<const KafkaRecord> records;
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
    std::int64_t reached_ms = 0;                          // as BatchWriter::reached_ms
};

class BatchWriter {
public:
    static Result<std::unique_ptr<BatchWriter>> make(storage::FileSystem& files,
                                                     BatchContext context);
    virtual ~BatchWriter() = default;

    /// Takes every line of the block. Bad lines go to quarantine and are no error. Errors: `io`.
    virtual Result<void> consume(const LineBlock& block) = 0;

    /// Takes every record of the block; each becomes rows or goes to quarantine. Errors: `io`.
    virtual Result<void> consume(const RecordBlock& block) = 0;

    /// So many bytes of the budget are the reader's from here on (0: none); at most half of it.
    virtual void leave_to_reader(std::size_t bytes) = 0;

    /// What is consumed next does not follow upon what came last, but lies further on in a source:
    /// hours begun so far will hardly get more rows.
    virtual void jump() = 0;

    /// Memory held, in bytes, beside what encoding takes for a moment.
    virtual std::size_t memory_bytes() const = 0;

    /// Tries a refused record again: its rows if it is good now, else the row of quarantine as it
    /// was. A cut one stays. It was prepared, and is of the context's entry. Errors: `io`.
    virtual Result<void> consume(const QuarantinedRecord& record) = 0;

    /// Keeps the row of quarantine as it was. Errors: `io`.
    virtual Result<void> keep(const QuarantinedRecord& record) = 0;

    /// Hours of events, by topic, that it holds or has a file of.
    virtual std::size_t open_hours() const = 0;
    /// True if one of them is in [begin, end), counted from 1970.
    virtual bool holds_hours(std::int64_t begin, std::int64_t end) const = 0;
    /// The greatest event time of its rows, none taken for later than its Kafka record; 0: none.
    virtual std::int64_t reached_ms() const = 0;

    /// Counts the line under page_view_events and quarantines it. Errors: `io`.
    virtual Result<void> quarantine(const RefusedLine& line) = 0;

    /// Writes what is in memory and closes all files durably; the writer is then spent. The
    /// directory itself is synced by the caller. Errors: `io`.
    virtual Result<BatchResult> finish() = 0;
};

}  // namespace bassline::ingest
