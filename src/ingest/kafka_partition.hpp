// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>

#include "base/result.hpp"
#include "event/schema.hpp"
#include "ingest/batch_writer.hpp"
#include "ingest/kafka_committer.hpp"

namespace bassline::ingest {

/// Why a batch was closed.
enum class Rotation : std::uint8_t {
    bytes,
    rows,
    time,
    memory,
    hour_closed,
    revoke,
    end,
    shutdown
};
inline constexpr std::size_t kRotationCount = 8;
constexpr std::string_view to_string(Rotation rotation) {
    constexpr std::string_view kNames[kRotationCount] = {
        "bytes", "rows", "time", "memory", "hour_closed", "revoke", "end", "shutdown"};
    return kNames[static_cast<std::size_t>(rotation)];
}

struct PartitionLimits {
    std::uint64_t batch_bytes = 1u << 30;  // of values
    std::uint64_t batch_rows = 20'000'000;
    std::chrono::milliseconds commit_interval{std::chrono::minutes(1)};
    /// An hour is closed once the partition's events are so far past its end.
    std::chrono::milliseconds hour_grace{std::chrono::minutes(5)};
    /// A batch is not closed for its hours before it is so old: history is read an hour's events in
    /// milliseconds.
    std::chrono::milliseconds hour_batch_age{std::chrono::seconds(10)};
    std::size_t memory_bytes = 256u << 20;  // that a batch's writer may hold, until it is told
    std::chrono::milliseconds ahead_max{std::chrono::hours(24)};
    std::optional<std::chrono::milliseconds> late_after;  // as of BatchContext
    bool late_beside = false;
    std::optional<std::string> producer;
};

/// The first hour, counted from 1970, that is not closed when events have come to `reached_ms`.
std::int64_t first_open_hour(std::int64_t reached_ms, std::chrono::milliseconds grace);

/// One claimed partition and its open batch: records in, entries out. A batch begins with the first
/// record after the last commit. One thread at a time.
///
/// Offsets without a record (the markers of transactions, aborted records) are committed with the
/// batch; where no batch is open, alone, after the time that a batch stays open: a chain that stood
/// before them for ever would miss them once the brokers removed them.
///
/// A batch in which an hour closes is due. What comes for an hour that was closed when the batch
/// began waits for the other limits, so that late and disordered events close no batch.
class KafkaPartition {
public:
    using Time = std::chrono::steady_clock::time_point;

    /// The chain is loaded.
    KafkaPartition(storage::FileSystem& files, KafkaCommitter committer,
                   const PartitionLimits& limits);

    /// Drops records that were read before and takes the others.
    /// Errors: `conflict` if the batch was taken for dead (reload); `io`.
    Result<void> consume(RecordBlock block, Time now);
    /// What the ids of framed records mean; prepared for the records before consume().
    void use(const RecordSchemas* schemas) { schemas_ = schemas; }
    /// Everything before `offset` was delivered, though the last offsets may have had no record.
    void reached(std::uint64_t offset, Time now);

    /// The limit that the open batch has come to, if any; or, without one, `time` if offsets
    /// without a record wait for so long to be committed.
    std::optional<Rotation> due(Time now) const;
    /// When is to be committed what was read, without another record; never if nothing was.
    Time deadline() const;
    bool is_open() const { return writer_ != nullptr; }
    /// What the writers of later batches may hold.
    void set_memory(std::size_t bytes) { batch_memory_bytes_ = bytes; }
    std::size_t memory_bytes() const { return writer_ ? writer_->memory_bytes() : 0; }
    std::size_t open_hours() const { return writer_ ? writer_->open_hours() : 0; }

    /// Commits what is open, or nothing if nothing was read since the last commit.
    /// Errors: as KafkaCommitter::commit.
    Result<std::optional<lake::Entry>> commit();
    /// Drops the open batch.
    void discard();
    /// Drops the open batch and goes on where the chain ends now: the offset that is wanted next.
    Result<std::uint64_t> reload();

    std::uint64_t next() const { return next_; }
    std::uint64_t duplicates_dropped() const { return duplicates_dropped_; }
    const KafkaSource& source() const { return committer_.source(); }

private:
    Result<void> open(Time now);
    std::int64_t first_open_hour() const;

    storage::FileSystem& files_;
    KafkaCommitter committer_;
    const PartitionLimits& limits_;
    event::Topic own_topic_;
    const RecordSchemas* schemas_ = nullptr;
    std::unique_ptr<BatchWriter> writer_;
    std::uint64_t next_;  // offset expected
    std::size_t batch_memory_bytes_;
    std::uint64_t batch_bytes_ = 0;
    std::uint64_t batch_rows_ = 0;
    Time opened_at_;
    Time passed_at_;  // when the first offset without a record came that no batch will commit
    std::int64_t open_from_hour_ = 0;  // earlier ones were closed when the batch began
    bool holds_closed_hour_ = false;
    std::uint64_t duplicates_dropped_ = 0;
};

/// The topic of ours that a Kafka topic is named after; page_view_events if there is none.
event::Topic topic_named(std::string_view name);

}  // namespace bassline::ingest
