// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <future>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <thread>
#include <variant>
#include <vector>

#include "ingest/kafka_partition.hpp"
#include "ingest/metrics.hpp"
#include "ingest/record_buffer.hpp"
#include "ingest/record_schemas.hpp"

// A thread that turns records of its partitions into committed batches.
//
//   poll thread --Message--> queue (KafkaWorker) --> KafkaPartition, one a route
//        ^-----Report----- Reports <-------------------'
//
// A route is one assignment of one partition; its number is never used again, so what is still in
// the queue for a route that ended is dropped. The queue is bounded by its sender, who pauses the
// partitions of a worker that holds too many bytes.
//
// While the Schema Registry is down, the messages of a route whose records need it wait ("parked"),
// in order; they count as queued, so that their partitions are paused. Other routes go on.
namespace bassline::ingest {

using RouteId = std::uint64_t;

/// Begins a route.
struct TakeOver {
    RouteId route = 0;
    std::unique_ptr<KafkaPartition> partition;
};
struct Deliver {
    RouteId route = 0;
    RecordBuffer records;
};
/// Everything before `offset` was delivered, and the last offsets had no record.
struct Reached {
    RouteId route = 0;
    std::uint64_t offset = 0;
};
/// Everything before `offset` was delivered, and no more is wanted: commit and report.
struct Finish {
    RouteId route = 0;
    std::uint64_t offset = 0;
};
/// Ends a route; what is open is committed, or dropped if that is asked for or nobody waits.
struct Release {
    RouteId route = 0;
    std::optional<Rotation> commit;  // why; none: drop
    std::shared_ptr<std::atomic<bool>> abandoned;
    std::promise<void> done;
};
using Message = std::variant<TakeOver, Deliver, Reached, Finish, Release>;

struct Committed {
    RouteId route = 0;
    lake::Entry entry;
    Rotation rotation = Rotation::end;
    double seconds = 0;  // it took to close, commit and publish
};
struct Finished {
    RouteId route = 0;
};
/// Another writer committed first: the route ended, and the partition goes on at its next().
struct Superseded {
    RouteId route = 0;
    std::unique_ptr<KafkaPartition> partition;
};
struct Failed {
    Error error;
};
using Report = std::variant<Committed, Finished, Superseded, Failed>;

/// What workers tell; safe to use from several threads.
class Reports {
public:
    void add(Report report);
    std::vector<Report> take();

private:
    std::mutex mutex_;
    std::vector<Report> reports_;
};

class KafkaWorker {
public:
    /// `memory_bytes`: what all open batches of the worker may hold together.
    /// `registry`, which may be null, `reports` and `spare` outlive it.
    KafkaWorker(std::size_t memory_bytes, kafka::SchemaRegistry* registry, Reports& reports,
                SpareBuffers& spare);
    /// Drops what is queued and open.
    ~KafkaWorker();

    void send(Message message);
    /// Bytes of records that wait in the queue.
    std::size_t queued_bytes() const { return queued_bytes_.load(std::memory_order_relaxed); }
    /// Its batches, as they were a moment ago. Any thread.
    OpenBatches open_batches() const;

private:
    using Time = KafkaPartition::Time;
    // What a route waits with, and the bytes that count as queued.
    struct Parked {
        std::size_t bytes = 0;
        Message message;
    };
    using Routes = std::map<RouteId, std::unique_ptr<KafkaPartition>>;

    void run();
    std::optional<Message> receive();
    void take(Message message);
    void handle(TakeOver& message);
    void handle(Deliver& message);
    void handle(Reached& message);
    void handle(Finish& message);
    void handle(Release& message);
    /// False if the message must wait for the registry.
    bool try_handle(Message& message);
    Result<void> prepare(std::span<const KafkaRecord> records);
    void park(RouteId route, Parked parked);
    void retry_parked();
    void drop_parked(RouteId route);
    void commit_due();
    void share_memory();
    void relieve_memory();
    /// False if the route ended with it.
    bool commit(RouteId route, Rotation rotation);
    void fail(RouteId route, Error failure);
    void tell_open();

    const std::size_t memory_bytes_;
    Reports& reports_;
    SpareBuffers& spare_;
    RecordSchemas schemas_;  // the thread's own, as what follows
    Routes routes_;
    std::vector<KafkaRecord> records_;  // of the message in work
    std::map<RouteId, std::deque<Parked>> parked_;
    Time retry_at_ = Time::max();
    std::atomic<std::size_t> queued_bytes_{0};
    std::atomic<std::size_t> open_batches_{0};
    std::atomic<std::size_t> open_hours_{0};
    std::atomic<std::size_t> open_bytes_{0};
    std::mutex mutex_;  // guards what follows
    std::condition_variable arrived_;
    std::deque<Message> queue_;
    bool closed_ = false;
    std::thread thread_;
};

}  // namespace bassline::ingest
