// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <string_view>

// The named places of a batch where a test can stop the program (base/failpoint.hpp), in order of
// time; those of commit and publication follow in lake/failpoints.hpp.
namespace bassline::ingest {

inline constexpr std::string_view kClaimed = "ingest.claimed";  // chain read, nothing made
inline constexpr std::string_view kStagingMade = "ingest.staging_made";
inline constexpr std::string_view kBlockConsumed = "ingest.block_consumed";  // once a block
inline constexpr std::string_view kWorkerDone = "ingest.worker_done";        // once a worker
inline constexpr std::string_view kSealed = "ingest.sealed";                 // before the commit
inline constexpr std::string_view kPublished = "ingest.published";           // before the janitor
inline constexpr std::string_view kCleaned = "ingest.cleaned";               // batch over

inline constexpr std::array kBatchFailpoints = {kClaimed, kStagingMade, kBlockConsumed, kWorkerDone,
                                                kSealed,  kPublished,   kCleaned};

// Of a batch of Kafka records; each once a partition.
inline constexpr std::string_view kKafkaClaimed = "ingest.kafka_claimed";      // chain read
inline constexpr std::string_view kKafkaSealed = "ingest.kafka_sealed";        // before the commit
inline constexpr std::string_view kKafkaCommitted = "ingest.kafka_committed";  // not yet published
inline constexpr std::string_view kKafkaPublished = "ingest.kafka_published";
inline constexpr std::string_view kKafkaAcknowledged = "ingest.kafka_acknowledged";  // to the group

inline constexpr std::array kKafkaFailpoints = {kKafkaClaimed, kKafkaSealed, kKafkaCommitted,
                                                kKafkaPublished, kKafkaAcknowledged};

inline constexpr std::string_view kKafkaHourComplete = "ingest.kafka_hour_complete";  // not marked

}  // namespace bassline::ingest
