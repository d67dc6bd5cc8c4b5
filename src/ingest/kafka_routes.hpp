// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <vector>

#include "ingest/kafka_worker.hpp"
#include "kafka/consumer.hpp"

// The poll thread's side of the workers: which partition goes to which, what is on its way, and who
// is paused. For that one thread.
namespace bassline::ingest {

class KafkaRoutes {
public:
    struct Limits {
        std::size_t workers = 1;
        std::size_t memory_bytes = 256u << 20;      // a worker, for open batches
        std::size_t queue_bytes = 32u << 20;        // a worker; beyond it its partitions are paused
        kafka::SchemaRegistry* registry = nullptr;  // outlives the routes
    };
    KafkaRoutes(const Limits& limits, kafka::Consumer& consumer);

    /// Begins a route to the worker with the fewest; `target`: it ends there.
    void add_route(const kafka::TopicPartition& partition, std::unique_ptr<KafkaPartition> claimed,
                   std::optional<std::uint64_t> target);
    bool has(const kafka::TopicPartition& partition) const { return routes_.contains(partition); }
    /// The partition whose route that was last.
    const kafka::TopicPartition& partition_of(RouteId route) const { return names_.at(route); }
    /// Takes a route out that its worker ended.
    kafka::TopicPartition forget(RouteId route);

    /// Sends a record on its way, if it is wanted. False if it was delivered before.
    bool add(const kafka::Event& record);
    /// Everything up to the event's offset was delivered, though the last offsets may have had no
    /// record.
    void reached(const kafka::Event& end);
    /// Sends what is on its way to the workers.
    void flush();
    /// Pauses the partitions of a worker that holds too much, resumes those of one that has little
    /// left.
    void balance();

    /// Ends routes and waits for their workers; after `patience` (none: no limit) they are to drop
    /// what is open. `commit`: why they commit; none: they drop.
    void release(const std::vector<kafka::TopicPartition>& partitions,
                 std::optional<Rotation> commit, std::optional<std::chrono::milliseconds> patience);
    void release_all(Rotation commit);

    /// How far each partition of ours is; the brokers' ends as they are known without asking.
    std::vector<PartitionProgress> progress() const;
    /// What was taken so far, of partitions that left us too.
    const std::map<kafka::TopicPartition, ConsumedTotals>& totals() const { return totals_; }
    OpenBatches open_batches() const;

    /// True if no route wants records.
    bool all_finishing() const;
    Reports& reports() { return reports_; }

private:
    struct Worker {
        std::unique_ptr<KafkaWorker> thread;
        std::size_t routes = 0;
        bool paused = false;
    };
    struct Route {
        RouteId id = 0;
        Worker* worker = nullptr;
        std::uint64_t start = 0;
        std::uint64_t next = 0;               // offset expected
        std::optional<std::uint64_t> target;  // read to here and no further
        bool finishing = false;
        bool paused = false;
        RecordBuffer buffer;
        ConsumedTotals* totals = nullptr;
    };

    Route* find(const kafka::TopicPartition& partition);
    void send(Route& route);
    void finish(const kafka::TopicPartition& partition, Route& route, std::uint64_t offset);
    void erase(std::map<kafka::TopicPartition, Route>::iterator route);

    const Limits limits_;
    kafka::Consumer& consumer_;
    Reports reports_;
    SpareBuffers spare_;
    std::vector<Worker> workers_;
    std::map<kafka::TopicPartition, Route> routes_;
    std::map<RouteId, kafka::TopicPartition> names_;
    std::map<kafka::TopicPartition, ConsumedTotals> totals_;
    RouteId next_id_ = 0;
    // Records come in runs of one partition.
    const kafka::TopicPartition* last_partition_ = nullptr;
    Route* last_route_ = nullptr;
};

}  // namespace bassline::ingest
