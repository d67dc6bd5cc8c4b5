// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.hpp"
#include "kafka/consumer.hpp"
#include "kafka/schema_registry.hpp"
#include "lake/chain.hpp"
#include "net/metrics_text.hpp"

// What an ingest tells on /metrics, in Prometheus' text format (docs/formats/metrics.md). Written
// by those who ingest, a few times a second or once a commit; read by the server's threads.
namespace bassline::ingest {

/// A partition that is ours.
struct PartitionProgress {
    kafka::TopicPartition partition;
    std::uint64_t start = 0;            // where we began to read it
    std::uint64_t next = 0;             // offset that is read next
    std::optional<std::uint64_t> high;  // the brokers' end, as far as it is known
    std::int64_t newest_ms = -1;        // record time of the record read last; -1: none
};

struct ConsumedTotals {
    std::uint64_t records = 0;
    std::uint64_t bytes = 0;      // of values
    std::int64_t newest_ms = -1;  // record time of the last one; -1: none
};

/// Batches that are not committed yet.
struct OpenBatches {
    std::uint64_t batches = 0;
    std::uint64_t hours = 0;         // (topic, hour) of events
    std::uint64_t bytes = 0;         // of memory
    std::uint64_t queued_bytes = 0;  // of records on their way
};

class Metrics {
public:
    /// Of the program, for bassline_build_info.
    Metrics(std::string version, std::string commit);

    /// A batch was committed; `rotation`: why it was closed, empty for files.
    void committed(const lake::Entry& entry, std::string_view rotation,
                   std::optional<double> seconds);
    /// Hours of a topic that were marked complete.
    void hours_completed(const std::string& topic, std::uint64_t hours);
    /// Records that were delivered again, and dropped.
    void redelivered(const std::string& topic, std::uint64_t records);
    void set_partitions(std::vector<PartitionProgress> partitions,
                        std::map<kafka::TopicPartition, ConsumedTotals> totals);
    void set_open(const OpenBatches& open);
    void set_brokers_answer(bool answer);
    void set_registry(const kafka::RegistryCounts& counts);

    std::string text(Timestamp now) const;

private:
    void describe_partitions(net::MetricsText& text, Timestamp now) const;
    void describe_records(net::MetricsText& text) const;
    void describe_commits(net::MetricsText& text) const;
    void describe_open(net::MetricsText& text) const;
    void describe_registry(net::MetricsText& text) const;

    const std::string version_;
    const std::string commit_;
    mutable std::mutex mutex_;  // guards what follows
    std::map<std::string, lake::TopicCounters> topics_;
    std::map<std::string, std::uint64_t> rotations_;
    net::Histogram commit_seconds_;
    std::optional<Timestamp> last_commit_;
    std::map<kafka::TopicPartition, std::uint64_t> committed_end_;
    std::map<std::string, std::uint64_t> hours_completed_;
    std::map<std::string, std::uint64_t> redelivered_;
    std::vector<PartitionProgress> partitions_;
    std::map<kafka::TopicPartition, ConsumedTotals> totals_;
    std::optional<OpenBatches> open_;
    std::optional<bool> brokers_answer_;
    std::optional<kafka::RegistryCounts> registry_;
};

}  // namespace bassline::ingest
