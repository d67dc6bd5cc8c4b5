// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <optional>
#include <stop_token>
#include <string>
#include <utility>
#include <vector>

#include "base/result.hpp"
#include "duck/database.hpp"
#include "ingest/partition_rows.hpp"
#include "kafka/cluster.hpp"
#include "kafka/schema_registry.hpp"
#include "lake/kafka_chain.hpp"

// `bassline verify --kafka`: Kafka chains against the brokers.
//
//   chain's identity -> is it this cluster and this topic? -> watermarks: where we stand
//   with `reread`: the broker's records, a window at a time, against the rows of the same offsets
//
// Every record that the broker still has between our start and end must be in bronze, in quarantine
// or in a gap that was accepted, once, with its content; and nothing else may be there. Offsets
// without a record (markers of transactions, aborted records, compaction) are no records. What the
// brokers have removed since is gone by retention: said, and no finding; what they have beyond our
// end is lag. Joins no group and acknowledges nothing. Holds one window of records and its rows.
namespace bassline::ingest {

struct RereadProgress {
    std::atomic<std::uint64_t> offsets{0};
    std::atomic<std::uint64_t> offsets_total{0};
    std::atomic<std::uint64_t> bytes{0};
};

struct KafkaVerifyOptions {
    kafka::Cluster cluster;
    std::optional<kafka::RegistryOptions> registry;  // of framed records
    std::chrono::milliseconds patience{30'000};      // with brokers that do not answer
    RereadProgress* progress = nullptr;
};

/// A Kafka chain as the brokers have it.
struct BrokerState {
    std::string chain;
    std::string topic;
    std::int32_t partition = 0;
    std::uint64_t start = 0;  // what the chain read
    std::uint64_t end = 0;
    bool is_comparable = false;  // the same cluster and topic; else what follows is 0
    std::uint64_t low = 0;       // watermarks
    std::uint64_t high = 0;
    std::uint64_t lag = 0;      // offsets beyond the chain's end
    std::uint64_t removed = 0;  // offsets of the chain that the brokers no longer have
    // Of a re-read:
    std::uint64_t compared = 0;  // records
    std::uint64_t unread = 0;    // of these, without a schema: their place was compared, no content
    std::uint64_t absent = 0;    // records that the lake lacks, or lacks a row of
    std::uint64_t doubled = 0;   // records that are there more than once
    std::uint64_t unknown = 0;   // rows whose record the broker does not have
    std::uint64_t differing = 0;  // records with other content
    std::uint64_t expired = 0;    // records whose rows left the lake by `compact --retain`
    std::uint64_t compacted = 0;  // rows whose record a compaction of the topic has removed
};

/// Records of a batch whose rows in quarantine have expired: how many is known, which is not.
struct ExpiredRefusals {
    std::uint64_t start = 0;  // offsets of the batch
    std::uint64_t end = 0;
    std::uint64_t rows = 0;
};

/// A Kafka chain as the lake has it.
struct ReadChain {
    std::string name;
    lake::KafkaIdentity identity;
    std::uint64_t end = 0;
    std::vector<std::pair<std::uint64_t, std::uint64_t>> gaps;  // accepted as lost, by offset
    std::vector<RowFile> files;                                 // that may hold its rows
    std::string retained_from;                                  // first kept event date; empty: all
    std::vector<ExpiredRefusals> expired_refusals;              // by offset
};

/// Holds the chains against the brokers; what is wrong is appended to `findings`.
/// Errors: `unavailable` if brokers or registry are away for longer than the patience; `config`;
/// `cancelled`.
Result<std::vector<BrokerState>> verify_kafka(const KafkaVerifyOptions& options, bool reread,
                                              const std::vector<ReadChain>& chains,
                                              duck::Connection& connection,
                                              std::vector<std::string>& findings,
                                              const std::stop_token& stop);

}  // namespace bassline::ingest
