// SPDX-License-Identifier: Apache-2.0
#include "status/kafka_lag.hpp"

#include <algorithm>
#include <map>
#include <memory>

#include "kafka/consumer.hpp"

namespace bassline::status {
namespace {

using kafka::TopicPartition;
using std::chrono::milliseconds;
using std::chrono::steady_clock;

constexpr std::uint64_t kPrefetchBytes = 4u << 20;  // one record a partition is wanted

// Reads the partitions from where their chains end.
class FromTheirEnds final : public kafka::AssignmentListener {
public:
    void add(const TopicPartition& partition, std::uint64_t end) {
        ends_[partition] = static_cast<std::int64_t>(end);
    }
    Result<std::vector<kafka::Position>> assigned(
        const std::vector<TopicPartition>& partitions) override {
        std::vector<kafka::Position> positions;
        for (const TopicPartition& partition : partitions) {
            positions.push_back({partition, ends_.at(partition)});
        }
        return positions;
    }
    void revoked(const std::vector<TopicPartition>&, bool) override {}

private:
    std::map<TopicPartition, std::int64_t> ends_;
};

class LagReader {
public:
    LagReader(milliseconds patience, Timestamp now, std::vector<ChainState>& chains)
        : patience_(patience), now_(now), chains_(chains) {}

    Result<void> run(const kafka::Cluster& cluster) {
        TRY_ASSIGN(consumer_,
                   kafka::Consumer::open(cluster, {.prefetch_bytes = kPrefetchBytes}, listener_));
        auto outcome = ask();
        if (outcome && !waiting_.empty()) outcome = read_first_records();
        consumer_->close();
        return outcome;
    }

private:
    Result<void> ask() {
        TRY_ASSIGN(const std::string cluster_id, consumer_->cluster_id(patience_));
        for (ChainState& chain : chains_) {
            if (!chain.kafka) continue;
            KafkaState& state = *chain.kafka;
            if (state.cluster_id != cluster_id) {
                state.note = "of another cluster, " + state.cluster_id;
                continue;
            }
            TRY(ask_end(state));
        }
        return {};
    }

    Result<void> ask_end(KafkaState& state) {
        const TopicPartition partition{state.topic, state.partition};
        const auto described = consumer_->describe({state.topic}, patience_);
        if (!described && described.error().kind != ErrorKind::not_found) {
            return described.error();
        }
        if (!described || described.value().front().partitions <= state.partition) {
            state.note = "the brokers have no such partition";
            return {};
        }
        const std::string& id = described.value().front().id;
        if (!state.topic_id.empty() && !id.empty() && id != state.topic_id) {
            state.note = fmt::format("topic re-created: read from topic id {}, it is now {}",
                                     state.topic_id, id);
            return {};
        }
        TRY_ASSIGN(const kafka::Watermarks ends, consumer_->watermarks(partition, patience_));
        const auto high = static_cast<std::uint64_t>(std::max<std::int64_t>(ends.high, 0));
        if (high < state.end) {
            state.note =
                fmt::format("topic re-created or cut: read up to {}, but the partition ends at {}",
                            state.end, high);
            return {};
        }
        if (static_cast<std::int64_t>(state.end) < ends.low) {
            state.note =
                fmt::format("the brokers removed the offsets {} to {}", state.end, ends.low - 1);
        }
        state.lag_offsets = high - state.end;
        if (*state.lag_offsets == 0) {
            state.lag_seconds = 0;
        } else if (state.note.empty()) {
            waiting_[partition] = &state;
            listener_.add(partition, state.end);
        }
        return {};
    }

    // Offsets without a record (transaction markers) are passed over; who has none until the end of
    // the partition waits for nothing.
    Result<void> read_first_records() {
        std::vector<TopicPartition> partitions;
        for (const auto& [partition, state] : waiting_) partitions.push_back(partition);
        TRY(consumer_->take(partitions));
        const auto deadline = steady_clock::now() + patience_;
        while (!waiting_.empty() && steady_clock::now() < deadline) {
            TRY_ASSIGN(const auto event, consumer_->poll(milliseconds(100)));
            if (event) take(*event);
        }
        return {};
    }

    void take(const kafka::Event& event) {
        if (event.partition == nullptr) return;
        const auto found = waiting_.find(*event.partition);
        if (found == waiting_.end()) return;
        KafkaState& state = *found->second;
        if (event.kind == kafka::EventKind::record) {
            const Timestamp at{milliseconds(event.timestamp_ms)};
            if (event.timestamp_ms >= 0) {
                state.lag_seconds = std::max(0.0, std::chrono::duration<double>(now_ - at).count());
            }
        } else if (event.kind == kafka::EventKind::end_of_partition) {
            state.lag_seconds = 0;
        } else {
            return;
        }
        consumer_->pause(*event.partition);
        waiting_.erase(found);
    }

    const milliseconds patience_;
    const Timestamp now_;
    std::vector<ChainState>& chains_;
    FromTheirEnds listener_;
    std::unique_ptr<kafka::Consumer> consumer_;
    std::map<TopicPartition, KafkaState*> waiting_;
};

}  // namespace

Result<void> add_kafka_lag(const kafka::Cluster& cluster, milliseconds patience, Timestamp now,
                           std::vector<ChainState>& chains) {
    return LagReader(patience, now, chains).run(cluster);
}

}  // namespace bassline::status
