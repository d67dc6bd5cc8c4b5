// SPDX-License-Identifier: Apache-2.0
#include "kafka/mock_cluster.hpp"

#include <cassert>
#include <vector>

#include <rdkafka.h>
#include <rdkafka_mock.h>

#include "kafka/vendor.hpp"

namespace bassline::kafka {
namespace {

constexpr int kFlushMs = 30'000;
constexpr std::int16_t kFetchKey = 1;
constexpr std::int16_t kListOffsetsKey = 2;

}  // namespace

struct MockCluster::Handles {
    ClientHandle producer;
    rd_kafka_mock_cluster_t* cluster = nullptr;  // the producer's

    void flush() const {
        const auto flushed = rd_kafka_flush(producer.get(), kFlushMs);
        assert(flushed == RD_KAFKA_RESP_ERR_NO_ERROR);
        (void)flushed;
    }
    void refuse(std::int16_t request, int count, rd_kafka_resp_err_t code) const {
        const std::vector<rd_kafka_resp_err_t> refusals(static_cast<std::size_t>(count), code);
        rd_kafka_mock_push_request_errors_array(cluster, request, refusals.size(), refusals.data());
    }
};

MockCluster::MockCluster(int brokers) : handles_(std::make_unique<Handles>()) {
    rd_kafka_conf_t* const config = rd_kafka_conf_new();
    rd_kafka_conf_set(config, "test.mock.num.brokers", std::to_string(brokers).c_str(), nullptr, 0);
    rd_kafka_conf_set(config, "linger.ms", "1000", nullptr, 0);  // a flush does not linger
    rd_kafka_conf_set(config, "log_level", "2", nullptr, 0);
    handles_->producer.reset(rd_kafka_new(RD_KAFKA_PRODUCER, config, nullptr, 0));
    assert(handles_->producer);
    handles_->cluster = rd_kafka_handle_mock_cluster(handles_->producer.get());
    rd_kafka_mock_group_initial_rebalance_delay_ms(handles_->cluster, 0);
}

MockCluster::~MockCluster() = default;

std::string MockCluster::brokers() const {
    return rd_kafka_mock_cluster_bootstraps(handles_->cluster);
}

void MockCluster::create_topic(const std::string& topic, int partitions) {
    rd_kafka_mock_topic_create(handles_->cluster, topic.c_str(), partitions, 1);
}

void MockCluster::produce(const std::string& topic, std::int32_t partition,
                          std::optional<std::string_view> value, std::int64_t timestamp_ms) {
    const auto text = value.value_or("");
    void* const bytes = value ? const_cast<char*>(text.data()) : nullptr;
    const auto code = rd_kafka_producev(
        handles_->producer.get(), RD_KAFKA_V_TOPIC(topic.c_str()), RD_KAFKA_V_PARTITION(partition),
        RD_KAFKA_V_MSGFLAGS(RD_KAFKA_MSG_F_COPY), RD_KAFKA_V_VALUE(bytes, text.size()),
        RD_KAFKA_V_TIMESTAMP(timestamp_ms), RD_KAFKA_V_END);
    assert(code == RD_KAFKA_RESP_ERR_NO_ERROR);
    (void)code;
    handles_->flush();
}

void MockCluster::produce_batch(const std::string& topic, std::int32_t partition, int count,
                                std::string_view value) {
    for (int sent = 0; sent < count; ++sent) {
        const auto code = rd_kafka_producev(
            handles_->producer.get(), RD_KAFKA_V_TOPIC(topic.c_str()),
            RD_KAFKA_V_PARTITION(partition), RD_KAFKA_V_MSGFLAGS(RD_KAFKA_MSG_F_COPY),
            RD_KAFKA_V_VALUE(const_cast<char*>(value.data()), value.size()), RD_KAFKA_V_END);
        assert(code == RD_KAFKA_RESP_ERR_NO_ERROR);
        (void)code;
    }
    handles_->flush();
}

void MockCluster::produce_with_header(const std::string& topic, std::int32_t partition,
                                      std::string_view value, const std::string& name,
                                      std::string_view header) {
    const auto code = rd_kafka_producev(
        handles_->producer.get(), RD_KAFKA_V_TOPIC(topic.c_str()), RD_KAFKA_V_PARTITION(partition),
        RD_KAFKA_V_MSGFLAGS(RD_KAFKA_MSG_F_COPY),
        RD_KAFKA_V_VALUE(const_cast<char*>(value.data()), value.size()),
        RD_KAFKA_V_HEADER(name.c_str(), header.data(), header.size()), RD_KAFKA_V_END);
    assert(code == RD_KAFKA_RESP_ERR_NO_ERROR);
    (void)code;
    handles_->flush();
}

void MockCluster::set_leader(const std::string& topic, std::int32_t partition,
                             std::int32_t broker) {
    rd_kafka_mock_partition_set_leader(handles_->cluster, topic.c_str(), partition, broker);
}

void MockCluster::broker_down(std::int32_t broker) {
    rd_kafka_mock_broker_set_down(handles_->cluster, broker);
}

void MockCluster::broker_up(std::int32_t broker) {
    rd_kafka_mock_broker_set_up(handles_->cluster, broker);
}

void MockCluster::refuse_fetches(int count) {
    handles_->refuse(kFetchKey, count, RD_KAFKA_RESP_ERR_OFFSET_OUT_OF_RANGE);
}

void MockCluster::refuse_offsets(int count) {
    handles_->refuse(kListOffsetsKey, count, RD_KAFKA_RESP_ERR_NOT_LEADER_FOR_PARTITION);
}

void MockCluster::forget_partitions(int count) {
    handles_->refuse(kListOffsetsKey, count, RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART);
}

}  // namespace bassline::kafka
