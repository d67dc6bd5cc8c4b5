// SPDX-License-Identifier: Apache-2.0
#include "ingest/kafka_ingest.hpp"

#include <algorithm>
#include <deque>
#include <memory>
#include <set>
#include <utility>

#include "base/failpoint.hpp"
#include "base/log.hpp"
#include "ingest/complete_hours.hpp"
#include "ingest/failpoints.hpp"
#include "ingest/kafka_claims.hpp"
#include "ingest/kafka_routes.hpp"
#include "ingest/kafka_worker.hpp"
#include "storage/open_file_limit.hpp"

namespace bassline::ingest {
namespace {

using kafka::Event;
using kafka::EventKind;
using kafka::TopicPartition;
using std::chrono::milliseconds;
using std::chrono::steady_clock;

constexpr milliseconds kPollTime{50};
constexpr milliseconds kClaimTime{10'000};      // of one partition, where nobody waits
constexpr milliseconds kGroupClaimTime{3'000};  // of all that were assigned: the group waits
constexpr milliseconds kLaterClaimTime{1'000};  // of one that had no answer then
constexpr milliseconds kLaterClaimEvery{5'000};
constexpr milliseconds kSeekTime{5'000};
constexpr milliseconds kRevokeTime{10'000};       // well below a session's timeout
constexpr milliseconds kTopicCheckEvery{30'000};  // while all is well
constexpr milliseconds kTopicCheckAfterTrouble{5'000};
constexpr milliseconds kForeignCheckEvery{500};
constexpr milliseconds kMetricsEvery{250};
constexpr milliseconds kMarkEvery{5'000};
constexpr milliseconds kIdleChecksTime{1'000};  // of all partitions together

class KafkaIngest final : public kafka::AssignmentListener {
public:
    KafkaIngest(storage::FileSystem& files, const KafkaIngestOptions& options, const Clock& clock,
                const std::stop_token& stop)
        : files_(files), options_(options), stop_(stop), clock_(clock) {}

    Result<KafkaSummary> run() {
        limits_ = options_.limits;
        registry_ = open_registry(options_, files_);
        kafka::ConsumerOptions consumer = options_.consumer;
        consumer.prefetch_bytes = options_.memory_bytes / 8;
        consumer.stop = stop_;
        TRY_ASSIGN(consumer_, kafka::Consumer::open(options_.cluster, consumer, *this));
        claims_ = std::make_unique<KafkaClaims>(files_, clock_, *consumer_, options_);
        TRY(claims_->survey());
        complete_ = std::make_unique<CompleteHours>(
            files_, clock_,
            CompleteHours::Options{.grace = limits_.hour_grace, .idle_after = options_.idle_after},
            [this](const TopicPartition& partition) { return end_of(partition); });
        const std::size_t workers = std::min(options_.threads, claims_->partitions().size());
        const std::size_t for_writers = options_.memory_bytes / 8 * 5;
        limits_.memory_bytes = for_writers / std::max<std::size_t>(1, workers);
        routes_ = std::make_unique<KafkaRoutes>(
            KafkaRoutes::Limits{
                .workers = std::max<std::size_t>(1, workers),
                .memory_bytes = limits_.memory_bytes,
                .queue_bytes = options_.memory_bytes / 8 / std::max<std::size_t>(1, workers),
                .registry = registry_.get()},
            *consumer_);
        auto outcome = begin();
        if (outcome) outcome = loop();
        if (!outcome && outcome.error().kind == ErrorKind::cancelled) outcome = {};
        if (outcome && failure_) outcome = std::move(*failure_);
        auto drained = drain();
        consumer_->close();
        routes_.reset();
        TRY(std::move(outcome));
        TRY(std::move(drained));
        return finish_summary();
    }

    Result<std::vector<kafka::Position>> assigned(
        const std::vector<TopicPartition>& partitions) override {
        was_assigned_ = true;
        const auto deadline = steady_clock::now() + kGroupClaimTime;
        std::vector<kafka::Position> positions;
        for (const TopicPartition& partition : partitions) {
            auto committer = claims_->claim(
                partition, options_.follow ? deadline : steady_clock::now() + kClaimTime);
            if (!committer && options_.follow && committer.error().kind == ErrorKind::unavailable) {
                log_warn("{}; {} is begun later", committer.error().message, to_string(partition));
                seeks_.push_back({partition, nullptr});
                positions.push_back({partition, kafka::kAtEnd});
                claim_at_ = steady_clock::now() + kLaterClaimEvery;
                continue;
            }
            if (!committer) return std::move(committer).error();
            positions.push_back({partition, static_cast<std::int64_t>(committer.value().next())});
            take_over(partition, std::make_unique<KafkaPartition>(
                                     files_, std::move(committer).value(), limits_));
        }
        return positions;
    }

    void revoked(const std::vector<TopicPartition>& partitions, bool lost) override {
        const std::optional<Rotation> commit =
            lost ? std::nullopt : std::optional(Rotation::revoke);
        routes_->release(partitions, commit, kRevokeTime);
        if (auto taken = take_reports(); !taken && !failure_) failure_ = std::move(taken).error();
        for (const TopicPartition& partition : partitions) forget_seeks(partition);
    }

private:
    // A partition that is ours and waits until it can be read from its place.
    struct Seek {
        TopicPartition partition;
        std::unique_ptr<KafkaPartition> claimed;  // none: where to begin is not known yet
    };

    Result<void> begin() {
        if (!options_.partitions.empty()) return consumer_->take(options_.partitions);
        return consumer_->subscribe(options_.topics);
    }

    Result<void> loop() {
        while (!stop_.stop_requested()) {
            TRY(poll());
            TRY(take_reports());
            TRY(retry_seeks());
            routes_->balance();
            if (steady_clock::now() >= metrics_at_) tell_metrics();
            if (steady_clock::now() >= mark_at_) mark_hours();
            TRY(claims_->check_topics(degraded_ ? kTopicCheckAfterTrouble : kTopicCheckEvery));
            TRY_ASSIGN(const bool complete, is_complete());
            if (complete) return {};
        }
        return {};
    }

    // Until nothing waits, or for a turn's worth of records.
    Result<void> poll() {
        constexpr int kTurn = 4096;
        milliseconds wait = kPollTime;
        for (int count = 0; count < kTurn; ++count) {
            TRY_ASSIGN(const auto event, consumer_->poll(wait));
            if (failure_) return std::move(*failure_);
            if (!event) break;
            wait = milliseconds(0);
            TRY(take(*event));
        }
        routes_->flush();
        return {};
    }

    Result<void> take(const Event& event) {
        if (event.kind == EventKind::unavailable) {
            if (!degraded_) log_warn("degraded: {}; waiting, nothing is lost", event.text);
            degraded_ = true;
            return {};
        }
        if (event.kind == EventKind::out_of_range) return place_again(*event.partition);
        if (std::exchange(degraded_, false)) {
            log_info("the brokers answer again");
            TRY(claims_->check_topics(
                milliseconds(0)));  // before a record of another topic is taken
        }
        if (event.kind == EventKind::record) {
            if (!routes_->add(event)) count_duplicate(event.partition->topic);
        } else {
            routes_->reached(event);
        }
        return {};
    }

    // The brokers do not have the offset that is next: what was read is committed, then the claim
    // says what became of the rest.
    Result<void> place_again(const TopicPartition& partition) {
        if (!routes_->has(partition)) return {};
        routes_->release({partition}, Rotation::end, std::nullopt);
        TRY(take_reports());
        forget_seeks(partition);
        TRY(claims_->check_topics(milliseconds(0)));
        TRY_ASSIGN(KafkaCommitter committer,
                   claims_->claim(partition, steady_clock::now() + kClaimTime));
        seeks_.push_back(
            {partition, std::make_unique<KafkaPartition>(files_, std::move(committer), limits_)});
        return {};
    }

    void forget_seeks(const TopicPartition& partition) {
        std::erase_if(seeks_, [&](const Seek& seek) { return seek.partition == partition; });
    }

    void take_over(const TopicPartition& partition, std::unique_ptr<KafkaPartition> claimed) {
        std::optional<std::uint64_t> target;
        if (!options_.follow) {
            const auto end = claims_->ends().find(partition);
            if (end != claims_->ends().end()) target = end->second;
            if (!target || claimed->next() >= *target) {
                finished_.insert(partition);
                return;
            }
        }
        routes_->add_route(partition, std::move(claimed), target);
    }

    Result<void> retry_seeks() {
        for (std::size_t left = seeks_.size(); left > 0; --left) {
            Seek seek = std::move(seeks_.front());
            seeks_.pop_front();
            if (!seek.claimed) TRY(claim_later(seek));
            if (!seek.claimed) {
                seeks_.push_back(std::move(seek));
                continue;
            }
            const kafka::Position position{seek.partition,
                                           static_cast<std::int64_t>(seek.claimed->next())};
            auto sought = consumer_->seek(position, kSeekTime);
            if (!sought && sought.error().kind != ErrorKind::unavailable) return sought;
            if (!sought) {
                seeks_.push_back(std::move(seek));
                continue;
            }
            consumer_->resume(seek.partition);
            take_over(seek.partition, std::move(seek.claimed));
        }
        return {};
    }

    Result<void> claim_later(Seek& seek) {
        if (steady_clock::now() < claim_at_) return {};
        auto committer = claims_->claim(seek.partition, steady_clock::now() + kLaterClaimTime);
        claim_at_ = committer ? steady_clock::time_point{} : steady_clock::now() + kLaterClaimEvery;
        if (!committer && committer.error().kind == ErrorKind::unavailable) return {};
        if (!committer) return std::move(committer).error();
        seek.claimed =
            std::make_unique<KafkaPartition>(files_, std::move(committer).value(), limits_);
        return {};
    }

    Result<void> take_reports() {
        std::optional<Error> failure;
        std::vector<kafka::Position> acknowledged;
        std::vector<Report> reports = routes_->reports().take();
        if (!reports.empty()) tell_metrics();  // what is written was read: no page says otherwise
        for (Report& report : reports) {
            if (auto* committed = std::get_if<Committed>(&report)) {
                acknowledged.push_back(position_after(committed->entry));
                count(*committed);
            } else if (const auto* finished = std::get_if<Finished>(&report)) {
                finished_.insert(routes_->partition_of(finished->route));
            } else if (auto* superseded = std::get_if<Superseded>(&report)) {
                const TopicPartition partition = routes_->forget(superseded->route);
                seeks_.push_back({partition, std::move(superseded->partition)});
            } else if (auto* failed = std::get_if<Failed>(&report)) {
                if (!failure) failure = std::move(failed->error);
            }
        }
        if (!acknowledged.empty()) {
            consumer_->acknowledge(acknowledged);
            TRY(failpoint(kKafkaAcknowledged));
        }
        if (failure) return std::move(*failure);
        return {};
    }

    static kafka::Position position_after(const lake::Entry& entry) {
        const lake::KafkaRange& range = entry.kafka_ranges.front();
        return {{range.topic, range.partition}, static_cast<std::int64_t>(range.end)};
    }

    void count(const Committed& committed) {
        add_to_summary(committed.entry, summary_.ingest);
        ++summary_.rotations[std::string(to_string(committed.rotation))];
        if (options_.metrics != nullptr) {
            options_.metrics->committed(committed.entry, to_string(committed.rotation),
                                        committed.seconds);
        }
        if (options_.on_commit) options_.on_commit(committed.entry);
    }

    void count_duplicate(const std::string& topic) {
        ++summary_.duplicates_dropped[topic];
        if (options_.metrics != nullptr) options_.metrics->redelivered(topic, 1);
    }

    void tell_metrics() {
        if (options_.metrics == nullptr) return;
        metrics_at_ = steady_clock::now() + kMetricsEvery;
        Metrics& metrics = *options_.metrics;
        metrics.set_brokers_answer(!degraded_);
        metrics.set_partitions(routes_->progress(), routes_->totals());
        metrics.set_open(routes_->open_batches());
        if (registry_) metrics.set_registry(registry_->counts());
    }

    // Not following: every partition was read to the end that it had at the start, by us or, as
    // its chain tells, by another member of the group.
    Result<bool> is_complete() {
        if (options_.follow || !was_assigned_ || !seeks_.empty() || !routes_->all_finishing()) {
            return false;
        }
        const auto now = steady_clock::now();
        if (now < foreign_check_at_) return false;
        for (const auto& [partition, end] : claims_->ends()) {
            if (finished_.contains(partition)) continue;
            if (routes_->has(partition)) return false;  // its worker is about to tell
            TRY_ASSIGN(const auto tail,
                       lake::load_kafka_tail(files_, partition.topic, partition.partition));
            if (!tail || tail->end < end) {
                foreign_check_at_ = now + kForeignCheckEvery;
                return false;
            }
            finished_.insert(partition);
        }
        return true;
    }

    void mark_hours() {
        mark_at_ = steady_clock::now() + kMarkEvery;
        idle_checks_until_ = steady_clock::now() + kIdleChecksTime;
        const auto marks = complete_->mark(claims_->partition_counts());
        if (!marks) {  // a hint for others; what counts is committed
            if (!std::exchange(marks_fail_, true)) {
                log_warn("complete hours are not marked: {}; tried again", marks.error().message);
            }
            return;
        }
        marks_fail_ = false;
        for (const auto& [topic, count] : marks.value()) {
            summary_.hours_completed[topic] += count;
            if (options_.metrics != nullptr) options_.metrics->hours_completed(topic, count);
        }
    }

    // Asked of a silent partition now and then; not while the brokers are away.
    std::optional<std::uint64_t> end_of(const TopicPartition& partition) {
        const auto left = std::chrono::ceil<milliseconds>(idle_checks_until_ - steady_clock::now());
        if (degraded_ || left <= milliseconds(0)) return std::nullopt;
        const auto asked = consumer_->watermarks(partition, left);
        if (!asked) return std::nullopt;
        return static_cast<std::uint64_t>(asked.value().high);
    }

    Result<void> drain() {
        seeks_.clear();
        routes_->release_all(Rotation::shutdown);
        auto taken = take_reports();
        if (taken) mark_hours();
        tell_metrics();
        return taken;
    }

    Result<KafkaSummary> finish_summary() {
        summary_.ingest.interrupted = stop_.stop_requested();
        summary_.gaps_accepted = claims_->gaps_accepted();
        return std::move(summary_);
    }

    storage::FileSystem& files_;
    const KafkaIngestOptions& options_;
    const std::stop_token stop_;
    const Clock& clock_;
    PartitionLimits limits_;
    std::unique_ptr<kafka::Consumer> consumer_;
    std::unique_ptr<KafkaClaims> claims_;
    std::unique_ptr<CompleteHours> complete_;
    std::unique_ptr<kafka::SchemaRegistry> registry_;
    std::unique_ptr<KafkaRoutes> routes_;
    std::deque<Seek> seeks_;
    std::set<TopicPartition> finished_;  // read to the end that was seen at the start
    std::optional<Error> failure_;       // of a callback
    steady_clock::time_point foreign_check_at_{};
    steady_clock::time_point metrics_at_{};
    steady_clock::time_point mark_at_{};
    steady_clock::time_point idle_checks_until_{};
    bool marks_fail_ = false;
    steady_clock::time_point claim_at_{};
    bool was_assigned_ = false;
    bool degraded_ = false;
    KafkaSummary summary_;
};

}  // namespace

Result<KafkaSummary> ingest_kafka(storage::FileSystem& files, const KafkaIngestOptions& options,
                                  const Clock& clock, const std::stop_token& stop) {
    TRY(check_options(options));
    storage::raise_open_file_limit();
    const auto began = steady_clock::now();
    TRY_ASSIGN(KafkaSummary summary, KafkaIngest(files, options, clock, stop).run());
    summary.ingest.seconds = std::chrono::duration<double>(steady_clock::now() - began).count();
    return summary;
}

}  // namespace bassline::ingest
