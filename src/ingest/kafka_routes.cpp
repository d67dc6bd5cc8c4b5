// SPDX-License-Identifier: Apache-2.0
#include "ingest/kafka_routes.hpp"

#include <algorithm>
#include <utility>

namespace bassline::ingest {
namespace {

using kafka::TopicPartition;

constexpr std::size_t kDeliveryBytes = 256u << 10;  // sent to the worker when it is full

}  // namespace

KafkaRoutes::KafkaRoutes(const Limits& limits, kafka::Consumer& consumer)
    : limits_(limits), consumer_(consumer) {
    for (std::size_t number = 0; number < limits_.workers; ++number) {
        workers_.push_back({std::make_unique<KafkaWorker>(limits_.memory_bytes, limits_.registry,
                                                          reports_, spare_)});
    }
}

void KafkaRoutes::add_route(const TopicPartition& partition,
                            std::unique_ptr<KafkaPartition> claimed,
                            std::optional<std::uint64_t> target) {
    auto& worker = *std::ranges::min_element(workers_, {}, &Worker::routes);
    Route route{.id = next_id_++,
                .worker = &worker,
                .start = claimed->next(),
                .next = claimed->next(),
                .target = target,
                .totals = &totals_[partition]};
    ++worker.routes;
    names_[route.id] = partition;
    worker.thread->send(TakeOver{route.id, std::move(claimed)});
    routes_.insert_or_assign(partition, std::move(route));
    last_partition_ = nullptr;
}

KafkaRoutes::Route* KafkaRoutes::find(const TopicPartition& partition) {
    if (last_partition_ == &partition) return last_route_;
    const auto found = routes_.find(partition);
    last_partition_ = &partition;
    last_route_ = found == routes_.end() ? nullptr : &found->second;
    return last_route_;
}

void KafkaRoutes::erase(std::map<TopicPartition, Route>::iterator route) {
    --route->second.worker->routes;
    routes_.erase(route);
    last_partition_ = nullptr;
}

TopicPartition KafkaRoutes::forget(RouteId id) {
    TopicPartition partition = names_.at(id);
    const auto found = routes_.find(partition);
    if (found != routes_.end() && found->second.id == id) erase(found);
    return partition;
}

bool KafkaRoutes::add(const kafka::Event& record) {
    Route* const route = find(*record.partition);
    if (route == nullptr || route->finishing) return true;
    const auto offset = static_cast<std::uint64_t>(record.offset);
    if (offset < route->next) return false;
    if (route->target && offset >= *route->target) {
        finish(*record.partition, *route, offset);
        return true;
    }
    route->buffer.add({.offset = offset,
                       .timestamp_ms = record.timestamp_ms,
                       .value = record.value,
                       .schema_in_header = record.schema_in_header});
    route->next = offset + 1;
    ++route->totals->records;
    route->totals->bytes += record.value ? record.value->size() : 0;
    route->totals->newest_ms = record.timestamp_ms;
    if (route->buffer.bytes() >= kDeliveryBytes) send(*route);
    if (route->target && route->next >= *route->target) {
        finish(*record.partition, *route, route->next);
    }
    return true;
}

void KafkaRoutes::reached(const kafka::Event& end) {
    Route* const route = find(*end.partition);
    const auto offset = static_cast<std::uint64_t>(end.offset);
    if (route == nullptr || route->finishing) return;
    if (route->target) {
        if (offset >= *route->target) finish(*end.partition, *route, offset);
        return;
    }
    if (offset <= route->next) return;
    route->next = offset;
    send(*route);
    route->worker->thread->send(Reached{route->id, offset});
}

void KafkaRoutes::finish(const TopicPartition& partition, Route& route, std::uint64_t offset) {
    send(route);
    route.worker->thread->send(Finish{route.id, offset});
    route.finishing = true;
    consumer_.pause(partition);
}

void KafkaRoutes::send(Route& route) {
    if (route.buffer.empty()) return;
    route.worker->thread->send(Deliver{route.id, std::exchange(route.buffer, spare_.take())});
}

void KafkaRoutes::flush() {
    for (auto& [partition, route] : routes_) send(route);
}

void KafkaRoutes::balance() {
    for (Worker& worker : workers_) {
        const std::size_t queued = worker.thread->queued_bytes();
        const bool pause =
            worker.paused ? queued > limits_.queue_bytes / 2 : queued > limits_.queue_bytes;
        worker.paused = pause;
        for (auto& [partition, route] : routes_) {
            if (route.worker != &worker || route.finishing || route.paused == pause) continue;
            if (pause) {
                consumer_.pause(partition);
            } else {
                consumer_.resume(partition);
            }
            route.paused = pause;
        }
    }
}

void KafkaRoutes::release(const std::vector<TopicPartition>& partitions,
                          std::optional<Rotation> commit,
                          std::optional<std::chrono::milliseconds> patience) {
    const auto abandoned = std::make_shared<std::atomic<bool>>(false);
    std::vector<std::future<void>> releases;
    for (const TopicPartition& partition : partitions) {
        const auto found = routes_.find(partition);
        if (found == routes_.end()) continue;
        Route& route = found->second;
        if (commit) send(route);
        Release message{.route = route.id, .commit = commit, .abandoned = abandoned};
        releases.push_back(message.done.get_future());
        route.worker->thread->send(std::move(message));
        erase(found);
    }
    const auto until =
        std::chrono::steady_clock::now() + patience.value_or(std::chrono::milliseconds(0));
    for (auto& release : releases) {
        if (patience && release.wait_until(until) == std::future_status::timeout) {
            abandoned->store(true);
        }
        release.wait();
    }
}

void KafkaRoutes::release_all(Rotation commit) {
    std::vector<TopicPartition> partitions;
    for (const auto& [partition, route] : routes_) partitions.push_back(partition);
    release(partitions, commit, std::nullopt);
}

std::vector<PartitionProgress> KafkaRoutes::progress() const {
    std::vector<PartitionProgress> all;
    for (const auto& [partition, route] : routes_) {
        PartitionProgress progress{.partition = partition,
                                   .start = route.start,
                                   .next = route.next,
                                   .newest_ms = route.totals->newest_ms};
        if (const auto end = consumer_.known_end(partition)) {
            progress.high = static_cast<std::uint64_t>(*end);
        }
        all.push_back(std::move(progress));
    }
    return all;
}

OpenBatches KafkaRoutes::open_batches() const {
    OpenBatches sum;
    for (const Worker& worker : workers_) {
        const OpenBatches open = worker.thread->open_batches();
        sum.batches += open.batches;
        sum.hours += open.hours;
        sum.bytes += open.bytes;
        sum.queued_bytes += open.queued_bytes;
    }
    return sum;
}

bool KafkaRoutes::all_finishing() const {
    return std::ranges::all_of(routes_, [](const auto& each) { return each.second.finishing; });
}

}  // namespace bassline::ingest
