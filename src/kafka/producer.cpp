// SPDX-License-Identifier: Apache-2.0
#include "kafka/producer.hpp"

#include <algorithm>
#include <array>

#include "kafka/metadata.hpp"
#include "kafka/refusal.hpp"
#include "kafka/topic_admin.hpp"
#include "kafka/vendor.hpp"

namespace bassline::kafka {
namespace {

using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;

constexpr milliseconds kPollStep{100};
constexpr int kSendsAPoll = 256;  // a poll takes a lock; so many reports wait at most
constexpr milliseconds kDeliverySlack{5'000};
constexpr milliseconds kReminders{5'000};

// Settings that bassline proposes; librdkafka has two names for some.
struct Proposal {
    const char* name;
    std::string value;
    const char* alias = "";
};

std::map<std::string, std::string> producer_settings(const Cluster& cluster,
                                                     const ProducerOptions& options) {
    const std::array<Proposal, 8> proposals{{
        {"compression.codec", options.compression, "compression.type"},
        {"linger.ms", "50", "queue.buffering.max.ms"},
        {"batch.size", "1000000"},
        {"queue.buffering.max.kbytes", "65536"},
        {"queue.buffering.max.messages", "200000"},
        {"delivery.timeout.ms", "120000", "message.timeout.ms"},
        {"message.max.bytes", std::to_string(kRecordBytesMax)},
        {"partitioner", "murmur2_random"},
    }};
    std::map<std::string, std::string> settings{{"enable.idempotence", "true"}, {"acks", "all"}};
    for (const Proposal& proposal : proposals) {
        if (cluster.properties.contains(proposal.name)) continue;
        if (cluster.properties.contains(proposal.alias)) continue;
        settings[proposal.name] = proposal.value;
    }
    return settings;
}

milliseconds delivery_timeout_of(const rd_kafka_t* client) {
    std::array<char, 32> text{};
    std::size_t size = text.size();
    rd_kafka_conf_get(rd_kafka_conf(const_cast<rd_kafka_t*>(client)), "message.timeout.ms",
                      text.data(), &size);
    return milliseconds(std::atoll(text.data()));
}

std::string reason_of(rd_kafka_resp_err_t code) {
    std::string reason = rd_kafka_err2str(code);
    if (code == RD_KAFKA_RESP_ERR_INVALID_TIMESTAMP || code == RD_KAFKA_RESP_ERR_INVALID_RECORD ||
        code == RD_KAFKA_RESP_ERR__INVALID_DIFFERENT_RECORD) {
        reason +=
            " (are events further ahead of the clock, or behind it, than the topic's "
            "message.timestamp.after.max.ms and message.timestamp.before.max.ms allow?)";
    }
    return reason;
}

}  // namespace

struct Producer::State {
    DeliveryLedger ledger;  // before the client, whose reports go there
    ProducerOptions options;
    std::stop_token stop;
    Refusal refusal;
    ClientHandle client;
    std::vector<TopicHandle> topics;
    milliseconds delivery_timeout{};
    std::optional<Clock::time_point> stop_seen;
    std::optional<Clock::time_point> remind_at;  // while all brokers are down
    int sends = 0;
    bool is_closed = false;

    static void on_delivery(rd_kafka_t* /*client*/, const rd_kafka_message_t* message,
                            void* opaque) {
        auto& state = *static_cast<State*>(opaque);
        TopicDeliveries& topic = state.ledger[reinterpret_cast<std::size_t>(message->_private)];
        if (message->err == RD_KAFKA_RESP_ERR_NO_ERROR) {
            ++topic.acked;
            topic.partitions[message->partition].add(message->offset);
            state.refusal.clear();
            state.remind_at.reset();
            return;
        }
        const bool is_absent =
            rd_kafka_message_status(message) == RD_KAFKA_MSG_STATUS_NOT_PERSISTED;
        ++(is_absent ? topic.failed : topic.unknown);
        if (topic.error.empty()) topic.error = reason_of(message->err);
    }

    static void on_error(rd_kafka_t* /*client*/, int code, const char* reason, void* opaque) {
        auto& state = *static_cast<State*>(opaque);
        state.refusal.note(static_cast<rd_kafka_resp_err_t>(code), reason);
        if (code == RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN && !state.remind_at) {
            state.remind_at = Clock::now() + kReminders;
        }
    }

    ~State() {
        if (client && !is_closed) abandon();
        topics.clear();
    }

    // Reports on what is given up come at once.
    void abandon() {
        rd_kafka_purge(client.get(), RD_KAFKA_PURGE_F_QUEUE | RD_KAFKA_PURGE_F_INFLIGHT);
        while (rd_kafka_outq_len(client.get()) > 0) {
            rd_kafka_poll(client.get(), static_cast<int>(kPollStep.count()));
        }
        is_closed = true;
    }

    // Whether stop was requested longer ago than we drain.
    bool is_overdue() {
        if (!stop.stop_requested()) return false;
        if (!stop_seen) stop_seen = Clock::now();
        return Clock::now() - *stop_seen > options.drain_timeout;
    }

    void remind_of_brokers() {
        if (!remind_at || Clock::now() < *remind_at) return;
        name_brokers_again(client.get());
        remind_at = Clock::now() + kReminders;
    }

    // Waiting longer helps nobody.
    bool is_refused() { return !refusal.check(client.get(), options.refusal_time); }

    Result<void> check(milliseconds wait) {
        rd_kafka_poll(client.get(), static_cast<int>(wait.count()));
        std::array<char, 512> reason{};
        if (const auto code = rd_kafka_fatal_error(client.get(), reason.data(), reason.size());
            code != RD_KAFKA_RESP_ERR_NO_ERROR) {
            return error(ErrorKind::io, "kafka: {}", reason.data());
        }
        TRY(refusal.check(client.get(), options.refusal_time));
        remind_of_brokers();
        return check_ledger(ledger);
    }

    rd_kafka_resp_err_t enqueue(const OutgoingRecord& record) {
        return rd_kafka_producev(
            client.get(), RD_KAFKA_V_RKT(topics[record.topic].get()),
            RD_KAFKA_V_MSGFLAGS(RD_KAFKA_MSG_F_COPY),
            RD_KAFKA_V_KEY(record.key.data(), record.key.size()),
            RD_KAFKA_V_VALUE(const_cast<char*>(record.value.data()), record.value.size()),
            RD_KAFKA_V_TIMESTAMP(record.timestamp_ms),
            // NOLINTNEXTLINE(performance-no-int-to-ptr): a number, handed back as it was
            RD_KAFKA_V_OPAQUE(reinterpret_cast<void*>(record.topic)), RD_KAFKA_V_END);
    }

    Result<void> refuse(const OutgoingRecord& record, rd_kafka_resp_err_t code) {
        TopicDeliveries& topic = ledger[record.topic];
        ++topic.failed;
        if (topic.error.empty()) topic.error = rd_kafka_err2str(code);
        return check_ledger(ledger);
    }
};

Producer::Producer(std::unique_ptr<State> state) : state_(std::move(state)) {}
Producer::~Producer() = default;

Result<std::unique_ptr<Producer>> Producer::open(const Cluster& cluster, ProducerOptions options,
                                                 std::stop_token stop) {
    auto state = std::make_unique<State>();
    for (const std::string& topic : options.topics) state->ledger.push_back({.topic = topic});
    TRY_ASSIGN(ConfigHandle config, make_config(cluster, producer_settings(cluster, options)));
    rd_kafka_conf_set_dr_msg_cb(config.get(), State::on_delivery);
    rd_kafka_conf_set_error_cb(config.get(), State::on_error);
    rd_kafka_conf_set_opaque(config.get(), state.get());
    TRY_ASSIGN(state->client, make_client(RD_KAFKA_PRODUCER, std::move(config)));
    rd_kafka_t* const client = state->client.get();
    TRY(reach_broker(
        client, state->refusal, [client] { rd_kafka_poll(client, 0); }, options.start_timeout));
    state->refusal.clear();
    TRY(ensure_topics(state->client.get(), options.topics,
                      {.partitions = options.partitions, .replication = options.replication},
                      options.start_timeout));
    for (const std::string& topic : options.topics) {
        rd_kafka_topic_t* const handle =
            rd_kafka_topic_new(state->client.get(), topic.c_str(), nullptr);
        if (handle == nullptr) {
            return error(ErrorKind::config, "kafka: topic {}: {}", topic,
                         rd_kafka_err2str(rd_kafka_last_error()));
        }
        state->topics.emplace_back(handle);
    }
    state->delivery_timeout = delivery_timeout_of(state->client.get());
    state->options = std::move(options);
    state->stop = std::move(stop);
    return std::unique_ptr<Producer>(new Producer(std::move(state)));
}

Result<void> Producer::send(const OutgoingRecord& record) {
    State& state = *state_;
    if (++state.sends % kSendsAPoll == 0) TRY(state.check(milliseconds(0)));
    while (true) {
        const rd_kafka_resp_err_t code = state.enqueue(record);
        if (code == RD_KAFKA_RESP_ERR_NO_ERROR) return {};
        if (code != RD_KAFKA_RESP_ERR__QUEUE_FULL) return state.refuse(record, code);
        TRY(state.check(kPollStep));
        if (state.is_overdue()) {
            return error(
                ErrorKind::unavailable, "kafka: the brokers took nothing for {} s",
                std::chrono::ceil<std::chrono::seconds>(state.options.drain_timeout).count());
        }
    }
}

Result<void> Producer::check() {
    return state_->check(milliseconds(0));
}

Result<void> Producer::close() {
    State& state = *state_;
    if (state.is_closed) return check_ledger(state.ledger);
    const auto deadline = Clock::now() + state.delivery_timeout + kDeliverySlack;
    while (Clock::now() < deadline && !state.is_overdue() && !state.is_refused()) {
        if (rd_kafka_flush(state.client.get(), static_cast<int>(kPollStep.count())) ==
            RD_KAFKA_RESP_ERR_NO_ERROR) {
            break;
        }
        state.remind_of_brokers();
    }
    auto refused = state.refusal.lasting(state.options.refusal_time);
    state.abandon();  // nothing, if all went well
    auto delivered = check_ledger(state.ledger);
    if (!delivered && refused) return std::move(*refused);
    return delivered;
}

const DeliveryLedger& Producer::ledger() const {
    return state_->ledger;
}

Result<void> check_ledger(const DeliveryLedger& ledger) {
    for (const TopicDeliveries& topic : ledger) {
        if (topic.failed == 0 && topic.unknown == 0) continue;
        return error(ErrorKind::unavailable,
                     "kafka: topic {}: {} records acked, {} not written, {} with an unknown fate: "
                     "{}",
                     topic.topic, topic.acked, topic.failed, topic.unknown, topic.error);
    }
    return {};
}

}  // namespace bassline::kafka
