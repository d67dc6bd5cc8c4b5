// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <map>
#include <memory>
#include <string>

#include <rdkafka.h>

#include "base/result.hpp"
#include "kafka/cluster.hpp"

// librdkafka's handles with owners. Only for this room.
namespace bassline::kafka {

template <auto kDestroy>
struct Destroyer {
    template <class T>
    void operator()(T* handle) const {
        kDestroy(handle);
    }
};
using ConfigHandle = std::unique_ptr<rd_kafka_conf_t, Destroyer<rd_kafka_conf_destroy>>;
using ClientHandle = std::unique_ptr<rd_kafka_t, Destroyer<rd_kafka_destroy>>;
using TopicHandle = std::unique_ptr<rd_kafka_topic_t, Destroyer<rd_kafka_topic_destroy>>;
using MessageHandle = std::unique_ptr<rd_kafka_message_t, Destroyer<rd_kafka_message_destroy>>;
using QueueHandle = std::unique_ptr<rd_kafka_queue_t, Destroyer<rd_kafka_queue_destroy>>;
using PartitionsHandle = std::unique_ptr<rd_kafka_topic_partition_list_t,
                                         Destroyer<rd_kafka_topic_partition_list_destroy>>;

/// As librdkafka takes times.
inline int in_ms(std::chrono::milliseconds time) {
    return static_cast<int>(time.count());
}

/// The cluster's settings with ours over them; librdkafka's log goes to ours.
/// Errors: `config` if librdkafka refuses a value.
Result<ConfigHandle> make_config(const Cluster& cluster,
                                 const std::map<std::string, std::string>& ours);

/// A client of that configuration. Errors: `config`.
Result<ClientHandle> make_client(rd_kafka_type_t type, ConfigHandle config);

/// What of ours an error of librdkafka's is: `unavailable` if waiting may help, else `io`,
/// `config` for refused credentials.
ErrorKind kind_of(rd_kafka_resp_err_t code);

}  // namespace bassline::kafka
