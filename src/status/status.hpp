// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "base/result.hpp"
#include "storage/file_system.hpp"

// `bassline status`: how far each layer of a lake is, from its logs. Reads only.
namespace bassline::status {

/// How far a Kafka partition's chain is, and what the brokers have beyond.
struct KafkaState {
    std::string topic;
    std::int32_t partition = 0;
    std::string cluster_id;
    std::string topic_id;   // of the topic that was read; empty: the brokers did not tell
    std::uint64_t end = 0;  // offset that comes next
    std::optional<std::uint64_t> lag_offsets;
    /// How long the oldest unread record waits, by its own time; 0 if none does, none if it did not
    /// come in time.
    std::optional<double> lag_seconds;
    std::string note;  // why there is no lag; empty if there is, or none was asked for
};

struct ChainState {
    std::string name;
    std::uint64_t entries = 0;  // the genesis among them
    Timestamp last_commit;
    std::optional<std::uint64_t> sources;  // of the chain `files`
    std::uint64_t bytes_read = 0;          // decompressed, of its sources
    std::optional<KafkaState> kafka;
};

struct TopicState {
    std::uint64_t rows = 0;
    std::uint64_t bytes = 0;
    std::uint64_t files = 0;
    std::optional<std::int64_t> newest_event_ms;  // none without rows
};

struct LayerState {
    std::uint64_t tables = 0;
    std::uint64_t rows = 0;
    std::uint64_t bytes = 0;
    std::uint64_t files = 0;
};

struct SnapshotState {
    std::uint64_t n = 0;
    Timestamp committed_at;
    std::int64_t watermark_ms = 0;
    std::map<std::string, LayerState> layers;  // "silver", "gold", "intermediate"
};

struct QuarantineState {
    TopicState files;
    std::map<std::string, std::uint64_t> by_reason;
};

struct Status {
    Timestamp now;
    std::vector<ChainState> chains;            // by name
    std::map<std::string, TopicState> topics;  // bronze
    std::int64_t watermark_ms = 0;             // greatest event time; 0 without rows
    TopicState late;                           // beside bronze
    QuarantineState quarantine;
    std::optional<SnapshotState> snapshot;  // none: never built
    std::uint64_t small_files = 0;          // that a compaction would merge now
    std::uint64_t files_awaiting = 0;       // replaced, and not yet removed
    std::string retained_from;              // first kept event date; empty: all
};

/// Errors: those of lake::load_log; `sql` if a quarantine file cannot be read.
Result<Status> read_status(const storage::FileSystem& files, const Clock& clock);

}  // namespace bassline::status
