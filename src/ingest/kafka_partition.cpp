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
    return {};
}

Result<void> KafkaPartition::open(Time now) {
    TRY_ASSIGN(BatchContext context, committer_.begin());
    context.producer = limits_.producer;
    context.ahead_max = limits_.ahead_max;
    context.memory_bytes = batch_memory_bytes_;
    context.unreadable_topic = own_topic_;
    context.late_after = limits_.late_after;
    context.schemas = schemas_;
    TRY_ASSIGN(writer_, BatchWriter::make(files_, std::move(context)));
    opened_at_ = now;
    batch_bytes_ = 0;
    batch_rows_ = 0;
    return {};
}

void KafkaPartition::reached(std::uint64_t offset) {
    next_ = std::max(next_, offset);
}

KafkaPartition::Time KafkaPartition::deadline() const {
    return writer_ ? opened_at_ + limits_.commit_interval : Time::max();
}

std::optional<Rotation> KafkaPartition::due(Time now) const {
    if (!writer_) return std::nullopt;
    if (batch_bytes_ >= limits_.batch_bytes) return Rotation::bytes;
    if (batch_rows_ >= limits_.batch_rows) return Rotation::rows;
    if (now >= deadline()) return Rotation::time;
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
