// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <map>
#include <optional>
#include <set>
#include <string>

#include "ingest/kafka_committer.hpp"
#include "ingest/kafka_ingest.hpp"
#include "kafka/consumer.hpp"

namespace bassline::ingest {

/// Decides where partitions are read: what the brokers have beside what the chains say. Used by the
/// thread that polls.
class KafkaClaims {
public:
    KafkaClaims(storage::FileSystem& files, const Clock& clock, kafka::Consumer& consumer,
                const KafkaIngestOptions& options);

    /// Asks the brokers what there is. Errors: `unavailable`, `not_found`, `config`, `cancelled`.
    Result<void> survey();
    /// The partitions that are to be read.
    const std::set<kafka::TopicPartition>& partitions() const { return partitions_; }
    /// Where they ended at survey; of none if more is followed than what was there then.
    const std::map<kafka::TopicPartition, std::uint64_t>& ends() const { return ends_; }
    /// How many each topic has, as they were seen last.
    const std::map<std::string, std::int32_t>& partition_counts() const {
        return partition_counts_;
    }

    using Time = std::chrono::steady_clock::time_point;
    /// Claims a partition: loads its chain or begins it, and holds it against the brokers if they
    /// answer by then; a chain that exists can do without.
    /// Errors: those of KafkaCommitter::load; `bad_data` for a gap that is not accepted, or an end
    /// that the partition does not have; `unavailable` if it is not known where to begin;
    /// `cancelled` after a stop.
    Result<KafkaCommitter> claim(const kafka::TopicPartition& partition, Time deadline);

    /// Whether topics are still those of the survey, asked at most every so often.
    /// Errors: `bad_data` if one was deleted or made again.
    Result<void> check_topics(std::chrono::milliseconds every);

    std::uint64_t gaps_accepted() const { return gaps_accepted_; }

private:
    Result<void> add_topic(const kafka::TopicDescription& topic);
    Result<std::uint64_t> start_of(const kafka::TopicPartition& partition, Time deadline);
    Result<void> check_range(const kafka::TopicPartition& partition, KafkaCommitter& committer,
                             Time deadline);
    Result<void> take_gap(KafkaCommitter& committer, std::uint64_t low);
    std::string what_was_read(const std::string& topic) const;

    storage::FileSystem& files_;
    const Clock& clock_;
    kafka::Consumer& consumer_;
    const KafkaIngestOptions& options_;
    std::string cluster_id_;
    std::map<std::string, std::string> topic_ids_;
    std::map<std::string, std::int32_t> partition_counts_;
    std::set<kafka::TopicPartition> partitions_;
    std::map<kafka::TopicPartition, std::uint64_t> ends_;
    std::chrono::steady_clock::time_point checked_at_;
    std::string missed_;  // the topic that the last check did not find
    std::uint64_t gaps_accepted_ = 0;
};

}  // namespace bassline::ingest
