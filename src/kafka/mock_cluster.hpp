// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

// Brokers inside the process (librdkafka's own), for tests. A partition keeps its newest 5 MiB.
namespace bassline::kafka {

class MockCluster {
public:
    explicit MockCluster(int brokers = 1);
    ~MockCluster();
    MockCluster(const MockCluster&) = delete;
    MockCluster& operator=(const MockCluster&) = delete;

    /// For Cluster::brokers.
    std::string brokers() const;
    void create_topic(const std::string& topic, int partitions);
    /// Appends a record and waits until it stands; `value` none is a tombstone.
    void produce(const std::string& topic, std::int32_t partition,
                 std::optional<std::string_view> value, std::int64_t timestamp_ms = 0);
    /// So many records with that value, in one batch, as a busy producer sends them.
    void produce_batch(const std::string& topic, std::int32_t partition, int count,
                       std::string_view value);
    /// A record with a header `name: value`.
    void produce_with_header(const std::string& topic, std::int32_t partition,
                             std::string_view value, const std::string& name,
                             std::string_view header);
    /// Brokers are numbered from 1.
    void set_leader(const std::string& topic, std::int32_t partition, std::int32_t broker);
    void broker_down(std::int32_t broker);
    void broker_up(std::int32_t broker);
    /// The next fetches are refused with OFFSET_OUT_OF_RANGE.
    void refuse_fetches(int count);
    /// The next questions for offsets are refused with NOT_LEADER_FOR_PARTITION.
    void refuse_offsets(int count);
    /// The same with UNKNOWN_TOPIC_OR_PARTITION.
    void forget_partitions(int count);

private:
    struct Handles;
    std::unique_ptr<Handles> handles_;
};

}  // namespace bassline::kafka
