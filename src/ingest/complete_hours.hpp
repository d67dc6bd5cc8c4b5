// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "base/result.hpp"
#include "kafka/consumer.hpp"
#include "lake/kafka_chain.hpp"
#include "storage/file_system.hpp"

// Marks the hours of bronze that are complete: an empty `_SUCCESS` in their folder
// (docs/formats/lake.md, "Complete hours").
//
// An hour is complete when every partition that feeds it has committed events past its end. That is
// read off the chains, whoever writes them, so any number of processes may do this at once, and one
// that starts makes good what another left unmarked. One thread at a time.
namespace bassline::ingest {

class CompleteHours {
public:
    struct Options {
        std::chrono::milliseconds grace{};  // as PartitionLimits::hour_grace
        /// A partition that is read to its end and silent for so long holds nothing back; none: it
        /// does for ever.
        std::optional<std::chrono::milliseconds> idle_after;
    };
    /// The partition's end on the brokers; none if it is not known now.
    using AskEnd = std::function<std::optional<std::uint64_t>(const kafka::TopicPartition&)>;

    CompleteHours(storage::FileSystem& files, const Clock& clock, const Options& options,
                  AskEnd ask_end)
        : files_(files), clock_(clock), options_(options), ask_end_(std::move(ask_end)) {}

    /// Looks at the chains of these topics' partitions and marks what is complete: how many hours
    /// of each topic of ours. `partitions`: how many each Kafka topic has.
    /// Errors: `io`. The next call goes on.
    Result<std::map<std::string, std::uint64_t>> mark(
        const std::map<std::string, std::int32_t>& partitions);

private:
    // How far a chain was read, in entries that are published.
    struct Progress {
        std::uint64_t next_seq = 0;
        std::uint64_t end = 0;
        std::int64_t reached_ms = 0;
        Timestamp committed_at;
    };
    // Of one topic of bronze; hours count from 1970.
    struct Marked {
        std::int64_t before = INT64_MIN;  // what was there of earlier hours is marked
        std::set<std::int64_t> touched;   // got rows since
    };

    Result<void> follow(const kafka::TopicPartition& partition);
    Result<void> take(Progress& progress, const lake::Entry& entry);
    std::int64_t reached_by(const std::string& topic, std::int32_t partitions);
    bool is_idle(const kafka::TopicPartition& partition, const Progress& progress);
    Result<std::uint64_t> mark_before(const std::string& topic, std::int64_t end);
    Result<std::uint64_t> mark_hour(const std::string& folder);

    storage::FileSystem& files_;
    const Clock& clock_;
    const Options options_;
    const AskEnd ask_end_;
    std::map<kafka::TopicPartition, Progress> progress_;  // of chains that exist
    std::map<std::string, Marked> marked_;                // by topic of bronze
};

}  // namespace bassline::ingest
