// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.hpp"
#include "base/result.hpp"
#include "lake/chain.hpp"
#include "storage/file_system.hpp"

// Chains of Kafka partitions, `kafka-<topic>-<partition>` (docs/formats/lake.md, "Kafka chains").
//
// Any number of processes may write one; no lock, lease or clock decides between them. The
// no-replace rename of an entry does, and an entry's range begins where its predecessor's ends, so
// history is one line. Each batch is staged in a folder of its own, named by the entry's writer:
// it stands until the entry is published, and the entry cannot be committed once it is gone.
namespace bassline::lake {

/// What a chain reads: its genesis.
struct KafkaIdentity {
    std::string cluster_id;
    std::string topic;
    std::string topic_id;  // empty if the broker did not tell
    std::int32_t partition = 0;
    std::uint64_t start = 0;      // offset of the first record that is wanted
    std::int32_t partitions = 0;  // how many the topic had then; 0: not known
    friend bool operator==(const KafkaIdentity&, const KafkaIdentity&) = default;
};

/// The newest end of a chain.
struct KafkaTail {
    KafkaIdentity identity;
    Entry newest;
    std::string head_sha256;  // of the newest entry's bytes
    std::uint64_t end = 0;    // offset that comes next

    std::uint64_t next_seq() const { return newest.seq + 1; }
};

/// Reads the genesis, the newest entry and its predecessor; nothing if the chain does not exist.
/// Errors: `bad_data` if one is damaged or they do not follow one another; `config` (a newer
/// format); `io`.
Result<std::optional<KafkaTail>> load_kafka_tail(const storage::FileSystem& files,
                                                 std::string_view topic, std::int32_t partition);

/// True if the topic already had chains when it had no such partition yet: its records are new to
/// the lake from the first one on. Errors: `bad_data`, `config`, `io`.
Result<bool> appeared_later(const storage::FileSystem& files, std::string_view topic,
                            std::int32_t partition);

/// The entry that begins a chain.
Entry kafka_genesis(const KafkaIdentity& identity, const std::string& writer, Timestamp now);

/// The way back. Errors: `bad_data` if the entry begins no Kafka chain.
Result<KafkaIdentity> kafka_identity(const Entry& genesis);

/// True if the name is that of a Kafka partition's chain.
bool is_kafka_chain(std::string_view name);

/// Publishes the entry and removes its staging folder; any number of processes may do so at once.
/// Errors: those of publish().
Result<void> finish_kafka_entry(storage::FileSystem& files, const Entry& entry);

/// Longer than any batch is open.
inline constexpr std::chrono::hours kStagingGrace{2};

/// Removes staging folders in which nothing was written since `before`: their writers are dead, or
/// will find them gone. One that a committed entry names is published instead. Errors: `io`.
Result<void> remove_dead_staging(storage::FileSystem& files, std::string_view chain,
                                 Timestamp before);

}  // namespace bassline::lake
