// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>
#include <vector>

#include <rdkafka.h>
#include <rdkafka_mock.h>

#include "kafka/vendor.hpp"

// Brokers inside the test's process, and what they have been told. For tests only.
namespace bassline::kafka {

class TestBrokers {
public:
    explicit TestBrokers(int count = 3)
        : owner_(make_client(
                     RD_KAFKA_PRODUCER,
                     make_config({.brokers = "127.0.0.1:1", .properties = {}}, {{"log_level", "0"}})
                         .value())
                     .value()),
          cluster_(rd_kafka_mock_cluster_new(owner_.get(), count)) {}

    rd_kafka_mock_cluster_t* get() const { return cluster_.get(); }
    Cluster cluster() const {
        return {.brokers = rd_kafka_mock_cluster_bootstraps(cluster_.get()), .properties = {}};
    }
    void create(const std::string& topic, int partitions) const {
        rd_kafka_mock_topic_create(cluster_.get(), topic.c_str(), partitions, 1);
    }

    struct StoredRecord {
        std::int32_t partition;
        std::int64_t offset;
        std::int64_t timestamp_ms;
        std::string key, value;
    };
    /// All records of the topic, by partition and offset.
    std::vector<StoredRecord> read(const std::string& topic, int partitions) const {
        const ClientHandle client =
            make_client(
                RD_KAFKA_CONSUMER,
                make_config(cluster(), {{"group.id", "reader"}, {"enable.partition.eof", "true"}})
                    .value())
                .value();
        std::vector<StoredRecord> records;
        for (int partition = 0; partition < partitions; ++partition) {
            read_partition(client.get(), topic, partition, records);
        }
        return records;
    }

private:
    static void read_partition(rd_kafka_t* client, const std::string& topic, int partition,
                               std::vector<StoredRecord>& records) {
        const PartitionsHandle list(rd_kafka_topic_partition_list_new(1));
        rd_kafka_topic_partition_list_add(list.get(), topic.c_str(), partition)->offset = 0;
        rd_kafka_assign(client, list.get());
        while (true) {
            const MessageHandle message(rd_kafka_consumer_poll(client, 10'000));
            if (!message || message->err != RD_KAFKA_RESP_ERR_NO_ERROR) break;
            records.push_back(
                {message->partition, message->offset,
                 rd_kafka_message_timestamp(message.get(), nullptr),
                 std::string(static_cast<const char*>(message->key), message->key_len),
                 std::string(static_cast<const char*>(message->payload), message->len)});
        }
        rd_kafka_assign(client, nullptr);
    }

    ClientHandle owner_;
    std::unique_ptr<rd_kafka_mock_cluster_t, Destroyer<rd_kafka_mock_cluster_destroy>> cluster_;
};

}  // namespace bassline::kafka
