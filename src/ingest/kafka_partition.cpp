// SPDX-License-Identifier: Apache-2.0
#include "ingest/kafka_partition.hpp"

#include <algorithm>
#include <utility>

namespace bassline::ingest {

event::Topic topic_named(std::string_view name) {
    for (const event::Topic topic : event::kTopics) {
        if (to_string(topic) == name) return topic;
    }
    return event::Topic::page_view_events;
}

std::int64_t first_open_hour(std::int64_t reached_ms, std::chrono::milliseconds grace) {
    using Milliseconds = std::chrono::milliseconds;
    return std::chrono::floor<std::chrono::hours>(Milliseconds(reached_ms) - grace).count();
}

KafkaPartition::KafkaPartition(storage::FileSystem& files, KafkaCommitter committer,
                               const PartitionLimits& limits)
    : files_(files),
      committer_(std::move(committer)),
      limits_(limits),
      own_topic_(topic_named(committer_.source().topic)),
      next_(committer_.next()),
      batch_memory_bytes_(limits.memory_bytes) {}

Result<void> KafkaPartition::consume(RecordBlock block, Time now) {
    const auto fresh = std::ranges::find_if(
        block.records, [this](const KafkaRecord& record) { return record.offset >= next_; });
    const auto dropped = static_cast<std::size_t>(fresh - block.records.begin());
    duplicates_dropped_ += dropped;
    block.records = block.records.subspan(dropped);
    if (block.records.empty()) return {};
    if (!writer_) TRY(open(now));
    if (auto consumed = writer_->consume(block); !consumed) {
        return committer_.explained(std::move(consumed).error());
    }
    batch_rows_ += block.records.size();
    for (const KafkaRecord& record : block.records) {
        batch_bytes_ += record.value ? record.value->size() : 0;
    }
    next_ = block.records.back().offset + 1;
    holds_closed_hour_ =
        holds_closed_hour_ || writer_->holds_hours(open_from_hour_, first_open_hour());
    return {};
}

Result<void> KafkaPartition::open(Time now) {
    TRY_ASSIGN(BatchContext context, committer_.begin());
    context.producer = limits_.producer;
    context.ahead_max = limits_.ahead_max;
    context.memory_bytes = batch_memory_bytes_;
    context.unreadable_topic = own_topic_;
    context.late_after = limits_.late_after;
    context.late_beside = limits_.late_beside;
    context.schemas = schemas_;
    TRY_ASSIGN(writer_, BatchWriter::make(files_, std::move(context)));
    opened_at_ = now;
    open_from_hour_ = first_open_hour();
    holds_closed_hour_ = false;
    batch_bytes_ = 0;
    batch_rows_ = 0;
    return {};
}

void KafkaPartition::reached(std::uint64_t offset, Time now) {
    if (offset <= next_) return;
    if (next_ == committer_.next()) passed_at_ = now;
    next_ = offset;
}

std::int64_t KafkaPartition::first_open_hour() const {
    const std::int64_t committed = committer_.reached_ms();
    return ingest::first_open_hour(writer_ ? std::max(committed, writer_->reached_ms()) : committed,
                                   limits_.hour_grace);
}

KafkaPartition::Time KafkaPartition::deadline() const {
    if (!writer_) {
        return next_ == committer_.next() ? Time::max() : passed_at_ + limits_.commit_interval;
    }
    return opened_at_ + (holds_closed_hour_
                             ? std::min(limits_.commit_interval, limits_.hour_batch_age)
                             : limits_.commit_interval);
}

std::optional<Rotation> KafkaPartition::due(Time now) const {
    if (!writer_) {
        const bool waits = next_ != committer_.next();
        return waits && now >= deadline() ? std::optional(Rotation::time) : std::nullopt;
    }
    if (batch_bytes_ >= limits_.batch_bytes) return Rotation::bytes;
    if (batch_rows_ >= limits_.batch_rows) return Rotation::rows;
    if (now >= opened_at_ + limits_.commit_interval) return Rotation::time;
    if (now >= deadline()) return Rotation::hour_closed;
    return std::nullopt;
}

Result<std::optional<lake::Entry>> KafkaPartition::commit() {
    if (next_ == committer_.next()) return std::optional<lake::Entry>();
    BatchResult batch;
    if (writer_) {
        auto finished = writer_->finish();
        if (!finished) return committer_.explained(std::move(finished).error());
        batch = std::move(finished).value();
        writer_.reset();
    }
    TRY_ASSIGN(lake::Entry entry, committer_.commit(std::move(batch), next_));
    return std::optional(std::move(entry));
}

void KafkaPartition::discard() {
    writer_.reset();
    committer_.discard();
    next_ = committer_.next();
}

Result<std::uint64_t> KafkaPartition::reload() {
    discard();
    TRY_ASSIGN(const bool exists, committer_.load());
    if (!exists) {
        return error(ErrorKind::bad_data, "the chain of {} p={} is gone", source().topic,
                     source().partition);
    }
    next_ = committer_.next();
    return next_;
}

}  // namespace bassline::ingest
