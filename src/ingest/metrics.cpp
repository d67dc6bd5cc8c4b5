// SPDX-License-Identifier: Apache-2.0
#include "ingest/metrics.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace bassline::ingest {
namespace {

using net::MetricLabels;
using net::MetricsText;
using net::MetricType;

constexpr std::array<double, 9> kCommitBounds = {0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10};

MetricLabels labels_of(const kafka::TopicPartition& partition) {
    return {{"topic", partition.topic}, {"partition", std::to_string(partition.partition)}};
}

double count_of(std::uint64_t count) {
    return static_cast<double>(count);
}

std::uint64_t behind(const PartitionProgress& progress) {
    const std::uint64_t high = progress.high.value_or(progress.next);
    return high > progress.next ? high - progress.next : 0;
}

double seconds_behind(const PartitionProgress& progress, Timestamp now) {
    if (behind(progress) == 0 || progress.newest_ms < 0) return 0;
    const Timestamp newest{std::chrono::milliseconds(progress.newest_ms)};
    return std::max(0.0, std::chrono::duration<double>(now - newest).count());
}

}  // namespace

Metrics::Metrics(std::string version, std::string commit)
    : version_(std::move(version)), commit_(std::move(commit)), commit_seconds_(kCommitBounds) {}

void Metrics::committed(const lake::Entry& entry, std::string_view rotation,
                        std::optional<double> seconds) {
    const std::lock_guard lock(mutex_);
    for (const auto& [topic, counters] : entry.counters) {
        lake::TopicCounters& sum = topics_[topic];
        sum.written += counters.written;
        sum.late += counters.late;
        for (const auto& [reason, count] : counters.by_reason) sum.by_reason[reason] += count;
    }
    ++rotations_[std::string(rotation.empty() ? "batch" : rotation)];
    if (seconds) commit_seconds_.observe(*seconds);
    last_commit_ = entry.committed_at;
    for (const lake::KafkaRange& range : entry.kafka_ranges) {
        committed_end_[{range.topic, range.partition}] = range.end;
    }
}

void Metrics::hours_completed(const std::string& topic, std::uint64_t hours) {
    const std::lock_guard lock(mutex_);
    hours_completed_[topic] += hours;
}

void Metrics::redelivered(const std::string& topic, std::uint64_t records) {
    const std::lock_guard lock(mutex_);
    redelivered_[topic] += records;
}

void Metrics::set_partitions(std::vector<PartitionProgress> partitions,
                             std::map<kafka::TopicPartition, ConsumedTotals> totals) {
    const std::lock_guard lock(mutex_);
    partitions_ = std::move(partitions);
    totals_ = std::move(totals);
}

void Metrics::set_open(const OpenBatches& open) {
    const std::lock_guard lock(mutex_);
    open_ = open;
}

void Metrics::set_brokers_answer(bool answer) {
    const std::lock_guard lock(mutex_);
    brokers_answer_ = answer;
}

void Metrics::set_registry(const kafka::RegistryCounts& counts) {
    const std::lock_guard lock(mutex_);
    registry_ = counts;
}

std::string Metrics::text(Timestamp now) const {
    MetricsText text;
    const std::lock_guard lock(mutex_);
    text.begin("bassline_build_info", MetricType::gauge, "The program; always 1.");
    text.add({{"version", version_}, {"commit", commit_}}, 1);
    if (brokers_answer_) {
        text.add_single("bassline_ingest_brokers_up", MetricType::gauge,
                        "1 while the brokers answer.", *brokers_answer_ ? 1 : 0);
        describe_partitions(text, now);
    }
    describe_records(text);
    describe_commits(text);
    if (open_) describe_open(text);
    if (registry_) describe_registry(text);
    return text.take();
}

void Metrics::describe_partitions(MetricsText& text, Timestamp now) const {
    text.begin("bassline_ingest_lag_records", MetricType::gauge,
               "Offsets between the next record to be read and the partition's end.");
    for (const auto& progress : partitions_) {
        text.add(labels_of(progress.partition), count_of(behind(progress)));
    }
    text.begin("bassline_ingest_lag_seconds", MetricType::gauge,
               "Age of the record read last, by its own time; 0 when all is read.");
    for (const auto& progress : partitions_) {
        text.add(labels_of(progress.partition), seconds_behind(progress, now));
    }
    text.begin("bassline_ingest_uncommitted_records", MetricType::gauge,
               "Offsets that were read and are not in the lake yet.");
    for (const auto& progress : partitions_) {
        const auto found = committed_end_.find(progress.partition);
        const std::uint64_t end =
            std::max(progress.start, found == committed_end_.end() ? 0 : found->second);
        text.add(labels_of(progress.partition),
                 count_of(progress.next > end ? progress.next - end : 0));
    }
    text.begin("bassline_ingest_consumed_records_total", MetricType::counter,
               "Records read from the brokers.");
    for (const auto& [partition, totals] : totals_) {
        text.add(labels_of(partition), count_of(totals.records));
    }
    text.begin("bassline_ingest_consumed_bytes_total", MetricType::counter,
               "Bytes of values read from the brokers.");
    for (const auto& [partition, totals] : totals_) {
        text.add(labels_of(partition), count_of(totals.bytes));
    }
    text.begin("bassline_ingest_redelivered_records_total", MetricType::counter,
               "Records that were delivered again, and dropped.");
    for (const auto& [topic, records] : redelivered_) {
        text.add({{"topic", topic}}, count_of(records));
    }
}

void Metrics::describe_records(MetricsText& text) const {
    text.begin("bassline_ingest_written_rows_total", MetricType::counter,
               "Rows committed to bronze, or late ones beside it.");
    for (const auto& [topic, counters] : topics_) {
        text.add({{"topic", topic}}, count_of(counters.written));
    }
    text.begin("bassline_ingest_late_rows_total", MetricType::counter,
               "Of the rows written, those in the files of late events beside bronze.");
    for (const auto& [topic, counters] : topics_) {
        text.add({{"topic", topic}}, count_of(counters.late));
    }
    text.begin("bassline_ingest_hours_completed_total", MetricType::counter,
               "Hours of bronze that this process marked complete.");
    for (const auto& [topic, hours] : hours_completed_) {
        text.add({{"topic", topic}}, count_of(hours));
    }
    text.begin("bassline_ingest_quarantined_rows_total", MetricType::counter,
               "Rows committed to quarantine.");
    for (const auto& [topic, counters] : topics_) {
        for (const auto& [reason, count] : counters.by_reason) {
            text.add({{"topic", topic}, {"reason", reason}}, count_of(count));
        }
    }
}

void Metrics::describe_commits(MetricsText& text) const {
    text.begin("bassline_ingest_commits_total", MetricType::counter,
               "Batches committed, by what closed them.");
    for (const auto& [rotation, count] : rotations_) {
        text.add({{"rotation", rotation}}, count_of(count));
    }
    if (commit_seconds_.count() > 0) {
        text.begin("bassline_ingest_commit_duration_seconds", MetricType::histogram,
                   "Time to close, commit and publish a batch.");
        text.add({}, commit_seconds_);
    }
    if (!last_commit_) return;
    text.add_single("bassline_ingest_last_commit_timestamp_seconds", MetricType::gauge,
                    "When the last batch was committed, since 1970.",
                    std::chrono::duration<double>(last_commit_->time_since_epoch()).count());
}

void Metrics::describe_open(MetricsText& text) const {
    const auto gauge = [&text](std::string_view name, std::string_view help, std::uint64_t value) {
        text.add_single(name, MetricType::gauge, help, count_of(value));
    };
    gauge("bassline_ingest_open_batches", "Batches not committed yet.", open_->batches);
    gauge("bassline_ingest_open_buckets", "Hours of events that open batches hold.", open_->hours);
    gauge("bassline_ingest_open_bytes", "Memory that open batches hold.", open_->bytes);
    gauge("bassline_ingest_queued_bytes", "Memory of records on their way to a batch.",
          open_->queued_bytes);
}

void Metrics::describe_registry(MetricsText& text) const {
    text.begin("bassline_schema_registry_lookups_total", MetricType::counter,
               "Questions for a schema by its id, by where the answer came from.");
    const std::pair<const char*, std::uint64_t> results[] = {
        {"memory", registry_->memory_hits},
        {"disk", registry_->disk_hits},
        {"registry", registry_->fetched},
        {"unknown", registry_->unknown},
        {"unavailable", registry_->unavailable}};
    for (const auto& [result, count] : results) text.add({{"result", result}}, count_of(count));
}

}  // namespace bassline::ingest
