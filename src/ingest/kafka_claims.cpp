// SPDX-License-Identifier: Apache-2.0
#include "ingest/kafka_claims.hpp"

#include <algorithm>
#include <utility>

#include "base/log.hpp"

namespace bassline::ingest {
namespace {

using kafka::TopicPartition;
using kafka::Watermarks;

constexpr std::chrono::milliseconds kAnswerTime{10'000};

// None is left: not waited for, but what the library knows already may do.
std::chrono::milliseconds until(KafkaClaims::Time deadline) {
    const auto left =
        std::chrono::ceil<std::chrono::milliseconds>(deadline - std::chrono::steady_clock::now());
    return std::max(left, std::chrono::milliseconds(1));
}

}  // namespace

KafkaClaims::KafkaClaims(storage::FileSystem& files, const Clock& clock, kafka::Consumer& consumer,
                         const KafkaIngestOptions& options)
    : files_(files), clock_(clock), consumer_(consumer), options_(options) {}

Result<void> KafkaClaims::survey() {
    TRY_ASSIGN(cluster_id_, consumer_.cluster_id(options_.patience));
    TRY_ASSIGN(const auto topics, consumer_.describe(options_.topics, options_.patience));
    for (const kafka::TopicDescription& topic : topics) TRY(add_topic(topic));
    for (const TopicPartition& wanted : options_.partitions) {
        if (partitions_.contains(wanted)) continue;
        return error(ErrorKind::usage, "kafka has no partition {}", to_string(wanted));
    }
    checked_at_ = std::chrono::steady_clock::now();
    return {};
}

Result<void> KafkaClaims::add_topic(const kafka::TopicDescription& topic) {
    topic_ids_[topic.name] = topic.id;
    partition_counts_[topic.name] = topic.partitions;
    for (std::int32_t number = 0; number < topic.partitions; ++number) {
        const TopicPartition partition{topic.name, number};
        const bool wanted =
            options_.partitions.empty() ||
            std::ranges::find(options_.partitions, partition) != options_.partitions.end();
        if (!wanted) continue;
        partitions_.insert(partition);
        if (options_.follow) continue;
        TRY_ASSIGN(const Watermarks now, consumer_.watermarks(partition, options_.patience));
        ends_[partition] = static_cast<std::uint64_t>(now.high);
    }
    return {};
}

Result<KafkaCommitter> KafkaClaims::claim(const TopicPartition& partition, Time deadline) {
    KafkaCommitter committer(
        files_, clock_,
        {.cluster_id = cluster_id_,
         .topic = partition.topic,
         .topic_id = topic_ids_[partition.topic],
         .partition = partition.partition,
         .partitions = std::max(partition_counts_[partition.topic], partition.partition + 1)});
    TRY_ASSIGN(const bool exists, committer.load());
    if (!exists) {
        TRY_ASSIGN(const std::uint64_t start, start_of(partition, deadline));
        TRY(committer.begin_chain(start));
    } else if (options_.start) {
        log_info("--start is for new chains: {} goes on at {}", to_string(partition),
                 committer.next());
    }
    TRY(check_range(partition, committer, deadline));
    return committer;
}

Result<std::uint64_t> KafkaClaims::start_of(const TopicPartition& partition, Time deadline) {
    const KafkaStart start = options_.start.value_or(KafkaStart{});
    TRY_ASSIGN(const bool is_later,
               lake::appeared_later(files_, partition.topic, partition.partition));
    if (is_later) {  // --start was said of the others
        TRY_ASSIGN(const Watermarks now, consumer_.watermarks(partition, until(deadline)));
        log_info("{} appeared later: it is read from its beginning", to_string(partition));
        return static_cast<std::uint64_t>(now.low);
    }
    if (start.from == KafkaStart::From::timestamp) {
        TRY_ASSIGN(const auto offset,
                   consumer_.offset_at(partition, start.timestamp_ms, until(deadline)));
        return static_cast<std::uint64_t>(offset);
    }
    TRY_ASSIGN(const Watermarks now, consumer_.watermarks(partition, until(deadline)));
    if (start.from == KafkaStart::From::earliest) return static_cast<std::uint64_t>(now.low);
    if (start.from == KafkaStart::From::latest) return static_cast<std::uint64_t>(now.high);
    const auto found = start.offsets.find(partition);
    if (found == start.offsets.end()) {
        return error(ErrorKind::usage, "--start names no offset for {}, which is new to the lake",
                     to_string(partition));
    }
    if (found->second >= now.low && found->second <= now.high) {
        return static_cast<std::uint64_t>(found->second);
    }
    return error(ErrorKind::usage, "--start {} of {} is not there: the partition has {}..{}",
                 found->second, to_string(partition), now.low, now.high);
}

// With brokers away nothing is known; an offset that they lack is told by the first fetch then.
Result<void> KafkaClaims::check_range(const TopicPartition& partition, KafkaCommitter& committer,
                                      Time deadline) {
    const auto asked = consumer_.watermarks(partition, until(deadline));
    if (!asked && asked.error().kind == ErrorKind::cancelled) return asked.error();
    if (!asked) return {};
    const auto low = static_cast<std::uint64_t>(asked.value().low);
    const auto high = static_cast<std::uint64_t>(asked.value().high);
    if (committer.next() > high) {
        return error(ErrorKind::bad_data,
                     "topic re-created or cut: {} was read up to {}, but ends at {}; its offsets "
                     "mean other records now, so use another topic or lake",
                     to_string(partition), committer.next(), high);
    }
    if (committer.next() < low) TRY(take_gap(committer, low));
    return {};
}

Result<void> KafkaClaims::take_gap(KafkaCommitter& committer, std::uint64_t low) {
    const KafkaSource& source = committer.source();
    const std::string gap =
        fmt::format("gap {} p={} {}..{}", source.topic, source.partition, committer.next(), low);
    if (!options_.accept_gap) {
        return error(ErrorKind::bad_data,
                     "{}: the brokers removed these offsets before they were read; --accept-gap "
                     "records them as lost and goes on",
                     gap);
    }
    auto accepted = committer.accept_gap(low, "retention");
    if (!accepted && accepted.error().kind == ErrorKind::conflict) {  // by another process
        TRY(committer.load());
        return {};
    }
    TRY(std::move(accepted));
    log_warn("{} accepted as lost", gap);
    ++gaps_accepted_;
    return {};
}

// Of the lake, by whichever process, for the person who has to decide.
std::string KafkaClaims::what_was_read(const std::string& topic) const {
    std::string told;
    for (const TopicPartition& partition : partitions_) {
        if (partition.topic != topic) continue;
        const auto tail = lake::load_kafka_tail(files_, topic, partition.partition);
        if (!tail || !tail.value()) continue;
        told += fmt::format("{}p={} up to {}", told.empty() ? "" : ", ", partition.partition,
                            tail.value()->end);
    }
    return told.empty() ? "nothing yet" : told;
}

Result<void> KafkaClaims::check_topics(std::chrono::milliseconds every) {
    const auto now = std::chrono::steady_clock::now();
    if (now - checked_at_ < every) return {};
    checked_at_ = now;
    for (const auto& [topic, id] : topic_ids_) {
        const auto found = consumer_.describe({topic}, kAnswerTime);
        if (!found && found.error().kind != ErrorKind::not_found) return {};  // brokers are away
        if (!found && std::exchange(missed_, topic) != topic)
            return {};  // may be the broker's mistake
        if (!found) {
            return error(ErrorKind::bad_data,
                         "topic {} was deleted while it was read ({}); what was read is kept. If "
                         "it was not, look whether this user may describe it",
                         topic, what_was_read(topic));
        }
        partition_counts_[topic] = found.value().front().partitions;
        const std::string& id_now = found.value().front().id;
        if (missed_ == topic) missed_.clear();
        if (id.empty() || id_now.empty() || id == id_now) continue;
        return error(ErrorKind::bad_data,
                     "topic re-created: {} had id {}, it is now {}; what was read ({}) is kept, "
                     "its offsets mean other records now, so use another topic or lake",
                     topic, id, id_now, what_was_read(topic));
    }
    return {};
}

}  // namespace bassline::ingest
