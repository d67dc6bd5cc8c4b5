// SPDX-License-Identifier: Apache-2.0
#include "kafka/describe.hpp"

#include <algorithm>

#include "kafka/metadata.hpp"

namespace bassline::kafka {
namespace {

using EventHandle = std::unique_ptr<rd_kafka_event_t, Destroyer<rd_kafka_event_destroy>>;
using OptionsHandle =
    std::unique_ptr<rd_kafka_AdminOptions_t, Destroyer<rd_kafka_AdminOptions_destroy>>;
using NamesHandle =
    std::unique_ptr<rd_kafka_TopicCollection_t, Destroyer<rd_kafka_TopicCollection_destroy>>;

using ResourceHandle =
    std::unique_ptr<rd_kafka_ConfigResource_t, Destroyer<rd_kafka_ConfigResource_destroy>>;

Result<TopicDescription> description_of(const rd_kafka_metadata_t& metadata,
                                        const std::string& topic) {
    for (int at = 0; at < metadata.topic_cnt; ++at) {
        const rd_kafka_metadata_topic_t& found = metadata.topics[at];
        if (found.topic != topic || found.err == RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART) continue;
        if (found.err == RD_KAFKA_RESP_ERR_NO_ERROR) {
            return TopicDescription{.name = topic, .partitions = found.partition_cnt};
        }
        return error(kind_of(found.err), "kafka: topic {}: {}", topic, rd_kafka_err2str(found.err));
    }
    return error(ErrorKind::not_found, "kafka has no topic {}", topic);
}

// Topic ids are asked of the controller. The brokers that librdkafka has for tests name one that
// does not exist.
bool has_controller(rd_kafka_t* client, const rd_kafka_metadata_t& metadata, int timeout_ms) {
    const std::int32_t controller = rd_kafka_controllerid(client, timeout_ms);
    if (controller < 0) return true;  // there is none just now: asking it tells
    return std::any_of(
        metadata.brokers, metadata.brokers + metadata.broker_cnt,
        [controller](const rd_kafka_metadata_broker_t& broker) { return broker.id == controller; });
}

void set_id(const rd_kafka_TopicDescription_t* found, std::vector<TopicDescription>& topics) {
    const rd_kafka_Uuid_t* const id = rd_kafka_TopicDescription_topic_id(found);
    if (id == nullptr || (rd_kafka_Uuid_least_significant_bits(id) == 0 &&
                          rd_kafka_Uuid_most_significant_bits(id) == 0)) {
        return;
    }
    for (TopicDescription& topic : topics) {
        if (topic.name == rd_kafka_TopicDescription_name(found)) {
            topic.id = rd_kafka_Uuid_base64str(id);
        }
    }
}

Result<void> add_ids(rd_kafka_t* client, std::vector<TopicDescription>& topics, int timeout_ms) {
    std::vector<const char*> names;
    for (const TopicDescription& topic : topics) names.push_back(topic.name.c_str());
    const NamesHandle collection(
        rd_kafka_TopicCollection_of_topic_names(names.data(), names.size()));
    const OptionsHandle options(
        rd_kafka_AdminOptions_new(client, RD_KAFKA_ADMIN_OP_DESCRIBETOPICS));
    rd_kafka_AdminOptions_set_request_timeout(options.get(), timeout_ms, nullptr, 0);
    const QueueHandle queue(rd_kafka_queue_new(client));
    rd_kafka_DescribeTopics(client, collection.get(), options.get(), queue.get());
    const EventHandle event(rd_kafka_queue_poll(queue.get(), timeout_ms + 1000));
    if (!event) return error(ErrorKind::unavailable, "kafka: no broker answers");
    if (const auto code = rd_kafka_event_error(event.get()); code != RD_KAFKA_RESP_ERR_NO_ERROR) {
        return error(kind_of(code), "kafka: could not ask for the topics: {}",
                     rd_kafka_event_error_string(event.get()));
    }
    std::size_t count = 0;
    const auto* const* const found = rd_kafka_DescribeTopics_result_topics(
        rd_kafka_event_DescribeTopics_result(event.get()), &count);
    std::for_each(found, found + count, [&](const auto* each) { set_id(each, topics); });
    return {};
}

bool says_compact(const rd_kafka_event_t& event) {
    std::size_t resource_count = 0;
    const auto* const* const resources = rd_kafka_DescribeConfigs_result_resources(
        rd_kafka_event_DescribeConfigs_result(const_cast<rd_kafka_event_t*>(&event)),
        &resource_count);
    for (std::size_t at = 0; at < resource_count; ++at) {
        std::size_t count = 0;
        const auto* const* const entries = rd_kafka_ConfigResource_configs(resources[at], &count);
        for (std::size_t each = 0; each < count; ++each) {
            const char* const value = rd_kafka_ConfigEntry_value(entries[each]);
            if (rd_kafka_ConfigEntry_name(entries[each]) != std::string_view("cleanup.policy")) {
                continue;
            }
            return value != nullptr && std::string_view(value).find("compact") != std::string::npos;
        }
    }
    return false;
}

}  // namespace

Result<bool> has_compaction(rd_kafka_t* client, const std::string& topic,
                            std::chrono::milliseconds timeout) {
    const auto deadline = std::chrono::steady_clock::now() + timeout;
    TRY_ASSIGN(const MetadataHandle metadata, ask_metadata(client, Listing::all_topics, timeout));
    if (!has_controller(client, *metadata, in_ms(time_left(deadline)))) return false;
    const int timeout_ms = in_ms(time_left(deadline));
    const ResourceHandle resource(
        rd_kafka_ConfigResource_new(RD_KAFKA_RESOURCE_TOPIC, topic.c_str()));
    const OptionsHandle options(
        rd_kafka_AdminOptions_new(client, RD_KAFKA_ADMIN_OP_DESCRIBECONFIGS));
    rd_kafka_AdminOptions_set_request_timeout(options.get(), timeout_ms, nullptr, 0);
    const QueueHandle queue(rd_kafka_queue_new(client));
    rd_kafka_ConfigResource_t* asked = resource.get();
    rd_kafka_DescribeConfigs(client, &asked, 1, options.get(), queue.get());
    const EventHandle event(rd_kafka_queue_poll(queue.get(), timeout_ms + 1000));
    if (!event) return error(ErrorKind::unavailable, "kafka: no broker answers");
    const auto code = rd_kafka_event_error(event.get());
    if (code != RD_KAFKA_RESP_ERR_NO_ERROR && kind_of(code) == ErrorKind::unavailable) {
        return error(ErrorKind::unavailable, "kafka: could not ask for the settings of {}: {}",
                     topic, rd_kafka_event_error_string(event.get()));
    }
    return code == RD_KAFKA_RESP_ERR_NO_ERROR && says_compact(*event);
}

Result<std::vector<TopicDescription>> describe_topics(rd_kafka_t* client,
                                                      const std::vector<std::string>& topics,
                                                      std::chrono::milliseconds timeout) {
    const auto deadline = std::chrono::steady_clock::now() + timeout;
    TRY_ASSIGN(const MetadataHandle metadata, ask_metadata(client, Listing::all_topics, timeout));
    std::vector<TopicDescription> descriptions;
    for (const std::string& topic : topics) {
        TRY_ASSIGN(auto description, description_of(*metadata, topic));
        descriptions.push_back(std::move(description));
    }
    if (has_controller(client, *metadata, in_ms(time_left(deadline)))) {
        TRY(add_ids(client, descriptions, in_ms(time_left(deadline))));
    }
    return descriptions;
}

}  // namespace bassline::kafka
