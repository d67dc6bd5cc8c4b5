// SPDX-License-Identifier: Apache-2.0
#include "kafka/topic_admin.hpp"

#include <algorithm>
#include <array>
#include <limits>
#include <span>

#include "kafka/metadata.hpp"

namespace bassline::kafka {
namespace {

using AdminOptionsHandle =
    std::unique_ptr<rd_kafka_AdminOptions_t, Destroyer<rd_kafka_AdminOptions_destroy>>;
using EventHandle = std::unique_ptr<rd_kafka_event_t, Destroyer<rd_kafka_event_destroy>>;
using NewTopicHandle = std::unique_ptr<rd_kafka_NewTopic_t, Destroyer<rd_kafka_NewTopic_destroy>>;

// One request to the cluster's administration and its answer.
class AdminCall {
public:
    AdminCall(rd_kafka_t* client, rd_kafka_admin_op_t operation, std::chrono::milliseconds timeout)
        : options_(rd_kafka_AdminOptions_new(client, operation)),
          queue_(rd_kafka_queue_new(client)) {
        std::array<char, 256> reason{};
        const auto wait = static_cast<int>(timeout.count());
        rd_kafka_AdminOptions_set_request_timeout(options_.get(), wait, reason.data(),
                                                  reason.size());
    }

    const rd_kafka_AdminOptions_t* options() const { return options_.get(); }
    rd_kafka_queue_t* queue() const { return queue_.get(); }

    // librdkafka answers every request, if need be with a timeout.
    Result<EventHandle> answer(const std::string& doing) const {
        EventHandle event(rd_kafka_queue_poll(queue_.get(), -1));
        const rd_kafka_resp_err_t code = rd_kafka_event_error(event.get());
        if (code == RD_KAFKA_RESP_ERR_NO_ERROR) return event;
        return error(kind_of(code), "kafka: cannot {}: {}", doing,
                     rd_kafka_event_error_string(event.get()));
    }

private:
    AdminOptionsHandle options_;
    QueueHandle queue_;
};

Result<void> check_partitions(const std::string& topic, int found, const TopicLayout& layout) {
    if (!layout.partitions || *layout.partitions == found) return {};
    return error(ErrorKind::conflict,
                 "topic {} has {} partitions, not {}: leave --partitions out to write to it as it "
                 "is, or choose another --topic-prefix",
                 topic, found, *layout.partitions);
}

// The topics that are not there; those that are have been checked. All topics are listed, since a
// broker may make a topic that is asked for by name.
Result<std::vector<std::string>> missing_topics(rd_kafka_t* client,
                                                const std::vector<std::string>& topics,
                                                const TopicLayout& layout,
                                                std::chrono::milliseconds timeout) {
    TRY_ASSIGN(const MetadataHandle metadata, ask_metadata(client, Listing::all_topics, timeout));
    std::vector<std::string> missing;
    for (const std::string& topic : topics) {
        const std::span known(metadata->topics, static_cast<std::size_t>(metadata->topic_cnt));
        const auto found =
            std::ranges::find_if(known, [&topic](const auto& one) { return topic == one.topic; });
        if (found == known.end()) {
            missing.push_back(topic);
        } else if (found->err != RD_KAFKA_RESP_ERR_NO_ERROR) {
            return error(kind_of(found->err), "kafka: topic {}: {}", topic,
                         rd_kafka_err2str(found->err));
        } else {
            TRY(check_partitions(topic, found->partition_cnt, layout));
        }
    }
    return missing;
}

// Whether brokers are told to take timestamps of the future; before 3.6 they do not know the
// setting.
enum class Ahead { told, not_told };

Result<NewTopicHandle> new_topic(const std::string& name, const TopicLayout& layout, Ahead ahead) {
    std::array<char, 256> reason{};
    NewTopicHandle topic(
        rd_kafka_NewTopic_new(name.c_str(), layout.partitions.value_or(kDefaultPartitions),
                              layout.replication.value_or(-1), reason.data(), reason.size()));
    if (!topic) return error(ErrorKind::usage, "kafka: topic {}: {}", name, reason.data());
    rd_kafka_NewTopic_set_config(topic.get(), "max.message.bytes",
                                 std::to_string(kRecordBytesMax).c_str());
    // Brokers count a record's age from its own time, which may lie years back.
    rd_kafka_NewTopic_set_config(topic.get(), "retention.ms", "-1");
    if (ahead == Ahead::told) {
        rd_kafka_NewTopic_set_config(
            topic.get(), "message.timestamp.after.max.ms",
            std::to_string(std::numeric_limits<std::int64_t>::max()).c_str());
    }
    return topic;
}

// Somebody else may make one at the same time: that is fine, they are looked at again.
Result<void> create_topics(rd_kafka_t* client, const std::vector<std::string>& names,
                           const TopicLayout& layout, std::chrono::milliseconds timeout,
                           Ahead ahead = Ahead::told) {
    std::vector<NewTopicHandle> topics;
    std::vector<rd_kafka_NewTopic_t*> pointers;
    for (const std::string& name : names) {
        TRY_ASSIGN(NewTopicHandle topic, new_topic(name, layout, ahead));
        pointers.push_back(topic.get());
        topics.push_back(std::move(topic));
    }
    const AdminCall call(client, RD_KAFKA_ADMIN_OP_CREATETOPICS, timeout);
    rd_kafka_CreateTopics(client, pointers.data(), pointers.size(), call.options(), call.queue());
    TRY_ASSIGN(const EventHandle event, call.answer("make topics"));
    std::size_t count = 0;
    const auto* const results = rd_kafka_CreateTopics_result_topics(
        rd_kafka_event_CreateTopics_result(event.get()), &count);
    for (std::size_t i = 0; i < count; ++i) {
        const rd_kafka_resp_err_t code = rd_kafka_topic_result_error(results[i]);
        if (code == RD_KAFKA_RESP_ERR_NO_ERROR || code == RD_KAFKA_RESP_ERR_TOPIC_ALREADY_EXISTS) {
            continue;
        }
        if (code == RD_KAFKA_RESP_ERR_INVALID_CONFIG && ahead == Ahead::told) {
            return create_topics(client, names, layout, timeout, Ahead::not_told);
        }
        const char* const text = rd_kafka_topic_result_error_string(results[i]);
        return error(kind_of(code), "kafka: cannot make topic {}: {}",
                     rd_kafka_topic_result_name(results[i]),
                     text != nullptr ? text : rd_kafka_err2str(code));
    }
    return {};
}

}  // namespace

Result<void> ensure_topics(rd_kafka_t* client, const std::vector<std::string>& topics,
                           const TopicLayout& layout, std::chrono::milliseconds timeout) {
    TRY_ASSIGN(const auto missing, missing_topics(client, topics, layout, timeout));
    if (missing.empty()) return {};
    TRY(create_topics(client, missing, layout, timeout));
    // What is still missing is only not known to that broker yet; the producer waits for it.
    TRY(missing_topics(client, missing, layout, timeout));
    return {};
}

}  // namespace bassline::kafka
