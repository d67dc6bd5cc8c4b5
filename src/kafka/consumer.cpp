// SPDX-License-Identifier: Apache-2.0
#include "kafka/consumer.hpp"

#include <algorithm>
#include <array>
#include <map>
#include <utility>

#include "base/log.hpp"
#include "kafka/describe.hpp"
#include "kafka/framing.hpp"
#include "kafka/metadata.hpp"
#include "kafka/offsets.hpp"
#include "kafka/refusal.hpp"
#include "kafka/vendor.hpp"

namespace bassline::kafka {
namespace {

constexpr std::uint64_t kPrefetchBytesMin = 2u << 20;
constexpr std::uint64_t kFetchBytesMin = 1u << 20;  // a smaller answer is cut and fetched again
constexpr std::uint64_t kFetchBytesMax = 50u << 20;

Error kafka_error(std::string_view doing, rd_kafka_resp_err_t code) {
    return error(kind_of(code), "kafka: could not {}: {}", doing, rd_kafka_err2str(code));
}

// Takes the error that many calls return.
Result<void> taken(std::string_view doing, rd_kafka_error_t* failure) {
    if (failure == nullptr) return {};
    const auto code = rd_kafka_error_code(failure);
    Error told =
        error(kind_of(code), "kafka: could not {}: {}", doing, rd_kafka_error_string(failure));
    rd_kafka_error_destroy(failure);
    return told;
}

std::vector<TopicPartition> partitions_of(const rd_kafka_topic_partition_list_t* list) {
    std::vector<TopicPartition> partitions;
    for (int at = 0; at < list->cnt; ++at) {
        partitions.push_back({list->elems[at].topic, list->elems[at].partition});
    }
    return partitions;
}

bool has_schema_header(const rd_kafka_message_t& message) {
    rd_kafka_headers_t* headers = nullptr;
    const void* value = nullptr;
    std::size_t size = 0;
    return rd_kafka_message_headers(&message, &headers) == RD_KAFKA_RESP_ERR_NO_ERROR &&
           rd_kafka_header_get_last(headers, kSchemaHeader.data(), &value, &size) ==
               RD_KAFKA_RESP_ERR_NO_ERROR;
}

// A batch that cannot be read however often it is fetched.
bool is_damage(rd_kafka_resp_err_t code) {
    return code == RD_KAFKA_RESP_ERR__BAD_MSG || code == RD_KAFKA_RESP_ERR__BAD_COMPRESSION ||
           code == RD_KAFKA_RESP_ERR__NOT_IMPLEMENTED || code == RD_KAFKA_RESP_ERR_INVALID_MSG ||
           code == RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE;
}

class LibraryConsumer final : public Consumer {
public:
    LibraryConsumer(AssignmentListener& listener, const ConsumerOptions& options)
        : listener_(listener), refusal_time_(options.refusal_time), stop_(options.stop) {}

    // Without close(): the listener may be gone, so nothing is told to it or to the group.
    ~LibraryConsumer() override {
        message_.reset();
        if (client_) {
            rd_kafka_destroy_flags(client_.release(), RD_KAFKA_DESTROY_F_NO_CONSUMER_CLOSE);
        }
    }

    Result<void> connect(ConfigHandle config) {
        rd_kafka_conf_set_opaque(config.get(), this);
        rd_kafka_conf_set_rebalance_cb(config.get(), on_rebalance);
        rd_kafka_conf_set_offset_commit_cb(config.get(), on_acknowledged);
        rd_kafka_conf_set_error_cb(config.get(), on_error);
        TRY_ASSIGN(client_, make_client(RD_KAFKA_CONSUMER, std::move(config)));
        rd_kafka_poll_set_consumer(client_.get());
        return {};
    }

    Result<std::string> cluster_id(std::chrono::milliseconds timeout) override {
        // It waits for metadata but asks for none.
        const auto serve = [this] { message_.reset(rd_kafka_consumer_poll(client_.get(), 0)); };
        TRY(reach_broker(client_.get(), refusal_, serve, timeout, stop_));
        refusal_.clear();
        char* const id = rd_kafka_clusterid(client_.get(), in_ms(timeout));
        if (id == nullptr) return error(ErrorKind::unavailable, "kafka: no broker answers");
        std::string copy(id);
        rd_kafka_mem_free(client_.get(), id);
        return copy;
    }

    Result<std::vector<TopicDescription>> describe(const std::vector<std::string>& topics,
                                                   std::chrono::milliseconds timeout) override {
        return until_available(client_.get(), timeout, stop_, [&](std::chrono::milliseconds left) {
            return describe_topics(client_.get(), topics, left);
        });
    }

    Result<bool> is_compacted(const std::string& topic,
                              std::chrono::milliseconds timeout) override {
        return until_available(client_.get(), timeout, stop_, [&](std::chrono::milliseconds left) {
            return has_compaction(client_.get(), topic, left);
        });
    }

    Result<Watermarks> watermarks(const TopicPartition& partition,
                                  std::chrono::milliseconds timeout) override {
        return until_available(client_.get(), timeout, stop_, [&](std::chrono::milliseconds left) {
            return ask_watermarks(client_.get(), partition, left);
        });
    }

    std::optional<std::int64_t> known_end(const TopicPartition& partition) override {
        Watermarks found;
        const auto code = rd_kafka_get_watermark_offsets(
            client_.get(), partition.topic.c_str(), partition.partition, &found.low, &found.high);
        if (code != RD_KAFKA_RESP_ERR_NO_ERROR || found.high < 0) return std::nullopt;
        return found.high;
    }

    Result<std::int64_t> offset_at(const TopicPartition& partition, std::int64_t timestamp_ms,
                                   std::chrono::milliseconds timeout) override {
        return until_available(client_.get(), timeout, stop_, [&](std::chrono::milliseconds left) {
            return ask_offset_at(client_.get(), partition, timestamp_ms, left);
        });
    }

    Result<void> subscribe(const std::vector<std::string>& topics) override {
        std::vector<Position> positions;
        for (const std::string& topic : topics) {
            positions.push_back({{topic, RD_KAFKA_PARTITION_UA}, RD_KAFKA_OFFSET_INVALID});
        }
        const auto code = rd_kafka_subscribe(client_.get(), list_of(positions).get());
        if (code == RD_KAFKA_RESP_ERR_NO_ERROR) return {};
        return kafka_error("join the group", code);
    }

    Result<void> take(const std::vector<TopicPartition>& partitions) override {
        TRY_ASSIGN(const auto positions, listener_.assigned(partitions));
        const auto code = rd_kafka_assign(client_.get(), list_of(positions).get());
        if (code == RD_KAFKA_RESP_ERR_NO_ERROR) return {};
        return kafka_error("take partitions", code);
    }

    Result<std::optional<Event>> poll(std::chrono::milliseconds timeout) override {
        message_.reset(rd_kafka_consumer_poll(client_.get(), in_ms(timeout)));
        if (failure_) return *std::exchange(failure_, std::nullopt);
        TRY(refusal_.check(client_.get(), refusal_time_));
        const std::string away = std::exchange(away_, {});
        if (!message_ && !away.empty()) {
            return std::optional(Event{.kind = EventKind::unavailable, .text = away});
        }
        if (!message_) return std::optional<Event>();
        if (message_->err != RD_KAFKA_RESP_ERR_NO_ERROR) return event_of_error();
        refusal_.clear();
        Event event{.partition = &partition_of(*message_), .offset = message_->offset};
        if (message_->payload != nullptr) {
            event.value.emplace(static_cast<const char*>(message_->payload), message_->len);
        }
        rd_kafka_timestamp_type_t type{};
        const std::int64_t timestamp = rd_kafka_message_timestamp(message_.get(), &type);
        if (type != RD_KAFKA_TIMESTAMP_NOT_AVAILABLE) event.timestamp_ms = timestamp;
        event.schema_in_header = has_schema_header(*message_);
        return std::optional(std::move(event));
    }

    void pause(const TopicPartition& partition) override {
        rd_kafka_pause_partitions(client_.get(), list_of({{partition, 0}}).get());
    }
    void resume(const TopicPartition& partition) override {
        rd_kafka_resume_partitions(client_.get(), list_of({{partition, 0}}).get());
    }

    Result<void> seek(const Position& position, std::chrono::milliseconds timeout) override {
        const auto list = list_of({position});
        TRY(taken("seek", rd_kafka_seek_partitions(client_.get(), list.get(), in_ms(timeout))));
        const auto code = list->elems[0].err;
        if (code == RD_KAFKA_RESP_ERR_NO_ERROR) return {};
        // Not yet fetching, most often: soon it does.
        return error(ErrorKind::unavailable, "kafka: could not seek in {}: {}",
                     to_string(position.partition), rd_kafka_err2str(code));
    }

    void acknowledge(const std::vector<Position>& positions) override {
        rd_kafka_commit(client_.get(), list_of(positions).get(), 1);
    }

    void close() override {
        message_.reset();
        rd_kafka_consumer_close(client_.get());
    }

private:
    static void on_rebalance(rd_kafka_t* /*client*/, rd_kafka_resp_err_t code,
                             rd_kafka_topic_partition_list_t* list, void* opaque) {
        static_cast<LibraryConsumer*>(opaque)->rebalance(code, list);
    }

    static void on_error(rd_kafka_t* /*client*/, int code, const char* reason, void* opaque) {
        static_cast<LibraryConsumer*>(opaque)->take_error(static_cast<rd_kafka_resp_err_t>(code),
                                                          reason);
    }

    void take_error(rd_kafka_resp_err_t code, const char* reason) {
        refusal_.note(code, reason);
        if (code == RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN) away_ = reason;
        if (code == RD_KAFKA_RESP_ERR__FATAL && !failure_) {
            std::array<char, 512> text{};
            rd_kafka_fatal_error(client_.get(), text.data(), text.size());
            failure_ = error(ErrorKind::io, "kafka: {}", text.data());
        }
    }

    // For those who watch the lag alone: one that a rebalance refused is made good by the next.
    static void on_acknowledged(rd_kafka_t* /*client*/, rd_kafka_resp_err_t /*code*/,
                                rd_kafka_topic_partition_list_t* /*list*/, void* /*opaque*/) {}

    void rebalance(rd_kafka_resp_err_t code, const rd_kafka_topic_partition_list_t* list) {
        auto done = code == RD_KAFKA_RESP_ERR__ASSIGN_PARTITIONS ? assign(list) : revoke(list);
        if (!done && !failure_) failure_ = std::move(done).error();
    }

    bool is_cooperative() const {
        return std::string_view(rd_kafka_rebalance_protocol(client_.get())) == "COOPERATIVE";
    }

    Result<void> assign(const rd_kafka_topic_partition_list_t* list) {
        auto positions = listener_.assigned(partitions_of(list));
        // The group waits for an answer even if ours is that we cannot go on.
        const auto accepted = list_of(positions ? positions.value() : std::vector<Position>{});
        if (is_cooperative()) {
            TRY(taken("take partitions",
                      rd_kafka_incremental_assign(client_.get(), accepted.get())));
        } else {
            rd_kafka_assign(client_.get(), accepted.get());
        }
        if (!positions) return std::move(positions).error();
        return {};
    }

    Result<void> revoke(const rd_kafka_topic_partition_list_t* list) {
        listener_.revoked(partitions_of(list), rd_kafka_assignment_lost(client_.get()) != 0);
        if (is_cooperative()) {
            return taken("give partitions back",
                         rd_kafka_incremental_unassign(client_.get(), list));
        }
        rd_kafka_assign(client_.get(), nullptr);
        return {};
    }

    // Records of a partition come in runs, and the library keeps one handle a topic.
    const TopicPartition& partition_of(const rd_kafka_message_t& message) {
        const Key key(message.rkt, message.partition);
        if (last_ != nullptr && last_->first == key) return last_->second;
        auto found = names_.find(key);
        if (found == names_.end()) {
            found = names_
                        .emplace(key, TopicPartition{rd_kafka_topic_name(message.rkt),
                                                     message.partition})
                        .first;
        }
        last_ = &*found;
        return found->second;
    }

    Result<std::optional<Event>> event_of_error() {
        const auto code = message_->err;
        const bool of_partition = message_->rkt != nullptr;
        if (code == RD_KAFKA_RESP_ERR__PARTITION_EOF) {
            refusal_.clear();
            return std::optional(Event{.kind = EventKind::end_of_partition,
                                       .partition = &partition_of(*message_),
                                       .offset = message_->offset});
        }
        if (of_partition && (code == RD_KAFKA_RESP_ERR__AUTO_OFFSET_RESET ||
                             code == RD_KAFKA_RESP_ERR_OFFSET_OUT_OF_RANGE)) {
            return std::optional(Event{.kind = EventKind::out_of_range,
                                       .partition = &partition_of(*message_),
                                       .offset = message_->offset});
        }
        const std::string text = rd_kafka_message_errstr(message_.get());
        if (of_partition && is_damage(code)) {
            return error(
                ErrorKind::bad_data,
                "{} at offset {}: {} ({}); the broker holds a damaged or unreadable batch, "
                "which is not passed over. What precedes it is committed; remove it there "
                "(kafka-delete-records) and go on with --accept-gap",
                to_string(partition_of(*message_)), message_->offset, text,
                rd_kafka_err2name(code));
        }
        // One connection of several (if it was the last one, that is told too), or one that was
        // refused; time tells whether for good.
        if (code == RD_KAFKA_RESP_ERR__TRANSPORT || code == RD_KAFKA_RESP_ERR__RESOLVE ||
            code == RD_KAFKA_RESP_ERR__AUTHENTICATION || code == RD_KAFKA_RESP_ERR__SSL) {
            refusal_.note(code, text);
            return std::optional<Event>();
        }
        if (code == RD_KAFKA_RESP_ERR__FATAL || kind_of(code) == ErrorKind::config) {
            return error(code == RD_KAFKA_RESP_ERR__FATAL ? ErrorKind::io : ErrorKind::config,
                         "kafka: {}", text);
        }
        return std::optional(Event{.kind = EventKind::unavailable,
                                   .text = fmt::format("{} ({})", text, rd_kafka_err2name(code))});
    }

    using Key = std::pair<const rd_kafka_topic_t*, std::int32_t>;

    AssignmentListener& listener_;
    const std::chrono::milliseconds refusal_time_;
    const std::stop_token stop_;
    ClientHandle client_;
    MessageHandle message_;
    std::map<Key, TopicPartition> names_;
    const std::pair<const Key, TopicPartition>* last_ = nullptr;
    std::optional<Error> failure_;  // of a callback, for poll() to return
    Refusal refusal_;
    std::string away_;  // the brokers are, says a callback
};

}  // namespace

std::string to_string(const TopicPartition& partition) {
    return fmt::format("{} p={}", partition.topic, partition.partition);
}

// Half of it waits decoded. The rest is for answers under way, one of each broker, which begin
// while the queue is not full.
std::map<std::string, std::string> prefetch_settings(std::uint64_t bytes) {
    const std::uint64_t share = std::max(bytes, kPrefetchBytesMin);
    const std::uint64_t fetch = std::clamp(share / 4, kFetchBytesMin, kFetchBytesMax);
    return {{"queued.max.messages.kbytes", std::to_string(share / 2 >> 10)},
            {"fetch.queue.backoff.ms", "20"},
            {"fetch.max.bytes", std::to_string(fetch)}};
}

Result<std::unique_ptr<Consumer>> Consumer::open(const Cluster& cluster,
                                                 const ConsumerOptions& options,
                                                 AssignmentListener& listener) {
    std::map<std::string, std::string> ours{
        {"group.id", options.group},
        {"enable.auto.commit", "false"},
        {"enable.auto.offset.store", "false"},
        {"auto.offset.reset", "error"},
        {"isolation.level", "read_committed"},
        {"check.crcs", "true"},
        {"enable.partition.eof", "true"},
        {"partition.assignment.strategy", "cooperative-sticky"}};
    if (!options.group_instance.empty()) ours["group.instance.id"] = options.group_instance;
    for (const auto& [name, value] : prefetch_settings(options.prefetch_bytes)) {
        if (!cluster.properties.contains(name)) ours[name] = value;
    }
    // An answer must hold the largest record: the library sees to it where it is not told.
    if (cluster.properties.contains("message.max.bytes")) ours.erase("fetch.max.bytes");
    TRY_ASSIGN(ConfigHandle config, make_config(cluster, ours));
    auto consumer = std::make_unique<LibraryConsumer>(listener, options);
    TRY(consumer->connect(std::move(config)));
    return std::unique_ptr<Consumer>(std::move(consumer));
}

}  // namespace bassline::kafka
