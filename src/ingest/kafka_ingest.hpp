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
#include "ingest/ingest.hpp"
#include "ingest/kafka_partition.hpp"
#include "ingest/metrics.hpp"
#include "kafka/consumer.hpp"
#include "kafka/schema_registry.hpp"
#include "storage/file_system.hpp"

// `bassline ingest --kafka`: from topic partitions to bronze and quarantine, exactly once
// (docs/formats/lake.md, "Kafka chains").
//
//   brokers --> this thread: poll, route --> KafkaWorker 0..n: batch, seal, commit, publish
//                    ^--- pause, seek, acknowledge <--- Reports ---'
//
// The consumer group says which partitions are ours and nothing else; where to read comes from each
// partition's chain, and whether a batch happened from the rename of its entry. So any number of
// processes may join, leave, stall and die. Stop order: no more polling, drain the workers,
// acknowledge, leave the group.
namespace bassline::ingest {

/// Where chains begin that do not exist yet.
struct KafkaStart {
    enum class From { earliest, latest, timestamp, offsets };
    From from = From::earliest;
    std::int64_t timestamp_ms = 0;
    std::map<kafka::TopicPartition, std::int64_t> offsets;  // of every partition that is new
};

struct KafkaIngestOptions {
    kafka::Cluster cluster;
    std::vector<std::string> topics;
    kafka::ConsumerOptions consumer;
    std::vector<kafka::TopicPartition> partitions;  // read these without a group; empty: the group
    std::optional<KafkaStart> start;                // none: earliest
    std::size_t threads = 1;
    std::uint64_t memory_bytes = 512u << 20;
    PartitionLimits limits;  // `memory_bytes` is set from the above
    /// A partition that is read to its end and silent for so long does not keep hours from being
    /// complete; none: it does.
    std::optional<std::chrono::milliseconds> idle_after;
    bool follow = false;  // false: until the ends that were seen at the start
    bool accept_gap = false;
    std::optional<kafka::RegistryOptions>
        registry;  // of framed records; where to cache is set here
    /// How long brokers may be silent at the start.
    std::chrono::milliseconds patience{std::chrono::seconds(30)};
    Metrics* metrics = nullptr;  // told a few times a second and of each commit; outlives the run
    /// Called after each commit, by the thread that polls.
    std::function<void(const lake::Entry&)> on_commit;
};

struct KafkaSummary {
    IngestSummary ingest;
    std::map<std::string, std::uint64_t> rotations;           // reason -> batches
    std::map<std::string, std::uint64_t> duplicates_dropped;  // by topic
    std::map<std::string, std::uint64_t> hours_completed;     // by topic: marked as such
    std::uint64_t gaps_accepted = 0;
};

/// Errors: `usage` for options that make no sense.
Result<void> check_options(const KafkaIngestOptions& options);
/// As the options name it, with its cache in the lake; null if they name none.
std::unique_ptr<kafka::SchemaRegistry> open_registry(const KafkaIngestOptions& options,
                                                     storage::FileSystem& files);

/// Runs until every partition is read to the end that was seen at the start, or, following, until
/// stopped; a stop commits what was read.
/// Errors: `unavailable` if no broker answers at the start, `cancelled` if stopped before one did;
/// `bad_data` for what only a person can decide, naming topic, partition and range: records lost to
/// retention (without `accept_gap`), another cluster, a re-created topic, a damaged chain;
/// `config`, `usage`; `io`. What was read by then is committed, and the next run goes on.
Result<KafkaSummary> ingest_kafka(storage::FileSystem& files, const KafkaIngestOptions& options,
                                  const Clock& clock, const std::stop_token& stop);

}  // namespace bassline::ingest
