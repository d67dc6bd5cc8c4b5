// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "kafka/cluster.hpp"
#include "kafka/delivery_ledger.hpp"

// Records into topics: idempotent, acknowledged by all replicas, in order for each key.
//
//     send -> librdkafka's queue (bounded) -> batches of a partition -> broker -> ledger
//
// A full queue makes `send` wait; nothing is dropped. The client retries until the delivery timeout
// (`delivery.timeout.ms`, two minutes unless set), without doubles, since brokers know the numbers
// of an idempotent producer's batches. The first record that is given up ends the run: the next
// call says so. Keys go to partitions as Java's clients put them (murmur2).
//
// Used by one thread at a time; librdkafka's own threads do the sending.
namespace bassline::kafka {

struct OutgoingRecord {
    std::size_t topic;  // its number in ProducerOptions::topics
    std::string_view key;
    std::string_view value;
    std::int64_t timestamp_ms;  // of the event
};

struct ProducerOptions {
    std::vector<std::string> topics;
    std::optional<int> partitions;   // of topics that are missing; existing ones must have as many
    std::optional<int> replication;  // of topics that are missing
    std::string compression = "zstd";
    std::chrono::milliseconds start_timeout{20'000};  // until a broker must have answered
    std::chrono::milliseconds refusal_time{30'000};  // that brokers may refuse us, and none answers
    std::chrono::milliseconds drain_timeout{30'000};  // for what is under way once stop is asked
};

class Producer {
public:
    /// Connects, makes missing topics and checks the others.
    /// Errors: `config` (settings, credentials), `unavailable`, `conflict` (partitions), `io`.
    static Result<std::unique_ptr<Producer>> open(const Cluster& cluster, ProducerOptions options,
                                                  std::stop_token stop);
    ~Producer();

    /// Takes a copy of the record. Waits while the queue is full, but once stop was requested no
    /// longer than the drain timeout.
    /// Errors: `unavailable` or `io` if a record could not be delivered, `config` if brokers refuse
    /// us for half a minute and none answers; the producer is then to be closed.
    Result<void> send(const OutgoingRecord& record);

    /// Looks what has been acked meanwhile, without waiting. Errors: as send.
    Result<void> check();

    /// Waits for what is under way, until the delivery timeout has passed or, once stop was
    /// requested, the drain timeout; then gives up the rest. Afterwards the ledger is complete.
    /// Errors: as send.
    Result<void> close();

    /// Of all records sent, once closed.
    const DeliveryLedger& ledger() const;

private:
    struct State;
    explicit Producer(std::unique_ptr<State> state);

    std::unique_ptr<State> state_;
};

/// The error of a ledger in which not everything is acked. Errors: `unavailable`, with the counts.
Result<void> check_ledger(const DeliveryLedger& ledger);

}  // namespace bassline::kafka
