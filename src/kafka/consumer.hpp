// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <compare>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "kafka/cluster.hpp"

// A consumer whose offsets are ours: the group says who reads a partition, never where.
//
// Partitions are assigned at the offsets that the listener gives; nothing is stored or committed by
// itself, and an offset that the broker does not have is an event, never a silent reset. Only
// records of committed transactions are delivered. A forward jump of offsets is legal (transaction
// markers, compaction); an offset delivered again is the caller's to drop.
//
// One thread owns the object: all calls, and the listener's, are made on it. While partitions are
// paused it must go on polling, which keeps the membership alive.
namespace bassline::kafka {

struct TopicPartition {
    std::string topic;
    std::int32_t partition = 0;
    friend auto operator<=>(const TopicPartition&, const TopicPartition&) = default;
};

/// "listen_events p=3", for people.
std::string to_string(const TopicPartition& partition);

struct Position {
    TopicPartition partition;
    std::int64_t offset = 0;  // of the next record
};

/// A Position at which a partition may be assigned whose place is not known yet: at its end,
/// wherever that is; seek() says the place later.
inline constexpr std::int64_t kAtEnd = -1;

/// `high` is the offset after the last record of a committed transaction.
struct Watermarks {
    std::int64_t low = 0;
    std::int64_t high = 0;
};

struct TopicDescription {
    std::string name;
    std::string id;  // base64; empty if the broker does not tell
    std::int32_t partitions = 0;
};

struct ConsumerOptions {
    std::string group = "bassline";
    std::string group_instance;  // static membership; empty: none
    /// How long brokers may refuse us while none answers.
    std::chrono::milliseconds refusal_time{std::chrono::seconds(30)};
    std::uint64_t prefetch_bytes = 64ull
                                   << 20;  // held by the library ahead of poll(); at least 2 MiB
    std::stop_token stop;                  // ends questions while no broker answers them
};

enum class EventKind {
    record,
    end_of_partition,  // offset: the next one that there will be
    out_of_range,      // the broker has no such offset
    unavailable,       // brokers are away; the library goes on trying
};

/// What poll() found; the value lives until the next call.
struct Event {
    EventKind kind = EventKind::record;
    const TopicPartition* partition = nullptr;  // none for `unavailable`
    std::int64_t offset = 0;
    std::int64_t timestamp_ms = -1;         // -1: none
    std::optional<std::string_view> value;  // none: a tombstone
    bool schema_in_header = false;          // a header names the value's schema (framing.hpp)
    std::string text;                       // of `unavailable`
};

/// Told about the group's decisions, from inside poll() and close().
class AssignmentListener {
public:
    virtual ~AssignmentListener() = default;
    /// Where to begin each partition, in order. An error ends poll() with it; nothing is assigned.
    virtual Result<std::vector<Position>> assigned(
        const std::vector<TopicPartition>& partitions) = 0;
    /// `lost`: others may have had them for a while.
    virtual void revoked(const std::vector<TopicPartition>& partitions, bool lost) = 0;
};

/// librdkafka's settings by which what it holds ahead of poll() stays near so many bytes.
std::map<std::string, std::string> prefetch_settings(std::uint64_t bytes);

class Consumer {
public:
    /// The listener outlives it. Nothing is connected yet. Errors: `config`.
    static Result<std::unique_ptr<Consumer>> open(const Cluster& cluster,
                                                  const ConsumerOptions& options,
                                                  AssignmentListener& listener);
    virtual ~Consumer() = default;

    // Questions are asked again until there is an answer or the timeout is over, which is
    // `unavailable`; a stop ends that sooner, as `cancelled`.

    /// Errors: `unavailable`, `cancelled`, `config` (credentials).
    virtual Result<std::string> cluster_id(std::chrono::milliseconds timeout) = 0;
    /// In the order of the names. Errors: `not_found` naming the topic; `unavailable`, `cancelled`.
    virtual Result<std::vector<TopicDescription>> describe(const std::vector<std::string>& topics,
                                                           std::chrono::milliseconds timeout) = 0;
    /// Whether brokers may remove records from between others; no if they do not tell.
    /// Errors: `unavailable`, `cancelled`.
    virtual Result<bool> is_compacted(const std::string& topic,
                                      std::chrono::milliseconds timeout) = 0;
    /// Errors: `unavailable`, `cancelled`.
    virtual Result<Watermarks> watermarks(const TopicPartition& partition,
                                          std::chrono::milliseconds timeout) = 0;
    /// The partition's end as the last fetch told it; asks nobody. None before a fetch.
    virtual std::optional<std::int64_t> known_end(const TopicPartition& partition) = 0;
    /// The first offset whose record time is not before; the end if there is none.
    /// Errors: `unavailable`, `cancelled`.
    virtual Result<std::int64_t> offset_at(const TopicPartition& partition,
                                           std::int64_t timestamp_ms,
                                           std::chrono::milliseconds timeout) = 0;

    /// Joins the group. Errors: `io`.
    virtual Result<void> subscribe(const std::vector<std::string>& topics) = 0;
    /// Takes partitions without a group; the listener is asked once. Errors: `io`; the listener's.
    virtual Result<void> take(const std::vector<TopicPartition>& partitions) = 0;

    /// The next event; nothing if there is none in time.
    /// Errors: the listener's; `config` (brokers refuse us for half a minute and none answers, or
    /// rights are lacking); `io` (the client is beyond help).
    virtual Result<std::optional<Event>> poll(std::chrono::milliseconds timeout) = 0;

    virtual void pause(const TopicPartition& partition) = 0;
    virtual void resume(const TopicPartition& partition) = 0;
    /// Afterwards poll() gives nothing from before. Errors: `unavailable` (try again).
    virtual Result<void> seek(const Position& position, std::chrono::milliseconds timeout) = 0;
    /// Tells the group how far we are, for those who watch its lag. Best effort.
    virtual void acknowledge(const std::vector<Position>& positions) = 0;
    /// Gives everything back and leaves the group; waits for what was acknowledged.
    virtual void close() = 0;
};

}  // namespace bassline::kafka
