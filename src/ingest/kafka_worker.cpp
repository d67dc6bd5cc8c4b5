// SPDX-License-Identifier: Apache-2.0
#include "ingest/kafka_worker.hpp"

#include <algorithm>
#include <utility>

#include "base/log.hpp"

namespace bassline::ingest {
namespace {

using std::chrono::steady_clock;

constexpr std::chrono::milliseconds kRegistryRetry{1'000};
constexpr std::size_t kBatchMemoryMin = 16u << 20;  // less would make tiny row groups

std::size_t bytes_of(const Message& message) {
    const auto* const deliver = std::get_if<Deliver>(&message);
    return deliver == nullptr ? 0 : deliver->records.bytes();
}

}  // namespace

void Reports::add(Report report) {
    const std::lock_guard lock(mutex_);
    reports_.push_back(std::move(report));
}

std::vector<Report> Reports::take() {
    const std::lock_guard lock(mutex_);
    return std::exchange(reports_, {});
}

KafkaWorker::KafkaWorker(std::size_t memory_bytes, kafka::SchemaRegistry* registry,
                         Reports& reports, SpareBuffers& spare)
    : memory_bytes_(memory_bytes),
      reports_(reports),
      spare_(spare),
      schemas_(registry),
      thread_([this] { run(); }) {}

KafkaWorker::~KafkaWorker() {
    {
        const std::lock_guard lock(mutex_);
        closed_ = true;
    }
    arrived_.notify_one();
    thread_.join();
}

void KafkaWorker::send(Message message) {
    queued_bytes_ += bytes_of(message);
    {
        const std::lock_guard lock(mutex_);
        queue_.push_back(std::move(message));
    }
    arrived_.notify_one();
}

// Waits until the next message, or until a batch is due by time.
std::optional<Message> KafkaWorker::receive() {
    Time deadline = parked_.empty() ? Time::max() : retry_at_;
    for (const auto& [id, partition] : routes_) {
        deadline = std::min(deadline, partition->deadline());
    }
    std::unique_lock lock(mutex_);
    const auto ready = [this] { return closed_ || !queue_.empty(); };
    if (deadline == Time::max()) {
        arrived_.wait(lock, ready);
    } else {
        arrived_.wait_until(lock, deadline, ready);
    }
    if (queue_.empty()) return std::nullopt;
    Message message = std::move(queue_.front());
    queue_.pop_front();
    return message;
}

void KafkaWorker::run() {
    for (;;) {
        auto message = receive();
        {
            const std::lock_guard lock(mutex_);
            if (closed_) break;
        }
        if (message) take(std::move(*message));
        retry_parked();
        relieve_memory();
        commit_due();
        tell_open();
    }
    for (const auto& [id, partition] : routes_) partition->discard();
}

// Messages of a route stay in order: behind one that waits, others wait too. A release does not.
void KafkaWorker::take(Message message) {
    const RouteId route = std::visit([](const auto& each) { return each.route; }, message);
    const bool is_release = std::holds_alternative<Release>(message);
    Parked parked{bytes_of(message), std::move(message)};
    if (is_release) drop_parked(route);
    if (parked_.contains(route) || !try_handle(parked.message)) {
        park(route, std::move(parked));
    } else {
        queued_bytes_ -= parked.bytes;
    }
}

bool KafkaWorker::try_handle(Message& message) {
    if (auto* const deliver = std::get_if<Deliver>(&message);
        deliver != nullptr && schemas_.has_registry() && routes_.contains(deliver->route)) {
        deliver->records.list(records_);
        if (auto ready = prepare(records_); !ready) {
            if (ready.error().kind == ErrorKind::unavailable) {
                if (parked_.empty()) {
                    log_warn("degraded: {}; waiting, nothing is lost", ready.error().message);
                }
                return false;
            }
            fail(deliver->route, std::move(ready).error());
            return true;
        }
    }
    std::visit([this](auto& each) { handle(each); }, message);
    return true;
}

Result<void> KafkaWorker::prepare(std::span<const KafkaRecord> records) {
    for (const KafkaRecord& record : records) {
        if (record.may_be_framed()) TRY(schemas_.prepare(*record.value));
    }
    return {};
}

void KafkaWorker::park(RouteId route, Parked parked) {
    if (parked_.empty()) retry_at_ = steady_clock::now() + kRegistryRetry;
    parked_[route].push_back(std::move(parked));
}

void KafkaWorker::retry_parked() {
    if (parked_.empty() || steady_clock::now() < retry_at_) return;
    for (auto at = parked_.begin(); at != parked_.end();) {
        std::deque<Parked>& waiting = at->second;
        while (!waiting.empty() && try_handle(waiting.front().message)) {
            queued_bytes_ -= waiting.front().bytes;
            waiting.pop_front();
        }
        at = waiting.empty() ? parked_.erase(at) : std::next(at);
    }
    if (parked_.empty()) log_info("the schema registry answers again");
    retry_at_ = steady_clock::now() + kRegistryRetry;
}

void KafkaWorker::drop_parked(RouteId route) {
    const auto found = parked_.find(route);
    if (found == parked_.end()) return;
    for (const Parked& parked : found->second) queued_bytes_ -= parked.bytes;
    parked_.erase(found);
}

void KafkaWorker::handle(TakeOver& message) {
    message.partition->use(&schemas_);
    routes_[message.route] = std::move(message.partition);
    share_memory();
}

void KafkaWorker::handle(Deliver& message) {
    const auto found = routes_.find(message.route);
    if (found == routes_.end()) return;
    message.records.list(records_);
    const auto partition = static_cast<std::uint32_t>(found->second->source().partition);
    auto consumed = found->second->consume({partition, records_}, steady_clock::now());
    spare_.give(std::move(message.records));
    if (!consumed) fail(message.route, std::move(consumed).error());
}

void KafkaWorker::handle(Reached& message) {
    const auto found = routes_.find(message.route);
    if (found != routes_.end()) found->second->reached(message.offset, steady_clock::now());
}

void KafkaWorker::handle(Finish& message) {
    const auto found = routes_.find(message.route);
    if (found == routes_.end()) return;
    found->second->reached(message.offset, steady_clock::now());
    if (commit(message.route, Rotation::end)) reports_.add(Finished{message.route});
}

void KafkaWorker::handle(Release& message) {
    if (routes_.contains(message.route)) {
        const bool wanted = message.commit && !(message.abandoned && message.abandoned->load());
        if (!wanted || commit(message.route, *message.commit)) {
            routes_.at(message.route)->discard();
            routes_.erase(message.route);
        }
    }
    message.done.set_value();
}

void KafkaWorker::commit_due() {
    const Time now = steady_clock::now();
    std::vector<std::pair<RouteId, Rotation>> due;
    for (const auto& [id, partition] : routes_) {
        if (const auto rotation = partition->due(now)) due.emplace_back(id, *rotation);
    }
    for (const auto& [id, rotation] : due) commit(id, rotation);
}

// Each batch keeps within its share by closing row groups, so that files stay large. A batch keeps
// half of what it is given for encoding; of several, one at a time encodes.
void KafkaWorker::share_memory() {
    const std::size_t batches = routes_.size();
    const std::size_t given = batches == 1 ? memory_bytes_ : memory_bytes_ / 2 * 3 / batches;
    const std::size_t share = std::max(given, kBatchMemoryMin);
    for (const auto& [id, partition] : routes_) partition->set_memory(share);
}

// What batches hold that were opened when there were fewer, or that are too many for their least
// share: the largest is closed.
void KafkaWorker::relieve_memory() {
    for (;;) {
        std::size_t held = 0;
        std::size_t open = 0;
        auto largest = routes_.end();
        for (auto at = routes_.begin(); at != routes_.end(); ++at) {
            if (!at->second->is_open()) continue;
            ++open;
            held += at->second->memory_bytes();
            if (largest == routes_.end() ||
                at->second->memory_bytes() > largest->second->memory_bytes()) {
                largest = at;
            }
        }
        if (open < 2 || held <= memory_bytes_ / 4 * 3) return;
        commit(largest->first, Rotation::memory);
    }
}

bool KafkaWorker::commit(RouteId route, Rotation rotation) {
    const auto found = routes_.find(route);
    const Time started = steady_clock::now();
    auto entry = found->second->commit();
    if (entry) {
        const std::chrono::duration<double> took = steady_clock::now() - started;
        if (entry.value()) {
            reports_.add(Committed{route, std::move(*entry.value()), rotation, took.count()});
        }
        return true;
    }
    fail(route, std::move(entry).error());
    return false;
}

void KafkaWorker::tell_open() {
    OpenBatches open;
    for (const auto& [id, partition] : routes_) {
        open.batches += partition->is_open();
        open.hours += partition->open_hours();
        open.bytes += partition->memory_bytes();
    }
    open_batches_ = open.batches;
    open_hours_ = open.hours;
    open_bytes_ = open.bytes;
}

OpenBatches KafkaWorker::open_batches() const {
    return {.batches = open_batches_,
            .hours = open_hours_,
            .bytes = open_bytes_,
            .queued_bytes = queued_bytes()};
}

// Where another writer was faster the poll thread is to read on from its end; any other failure
// ends the run.
void KafkaWorker::fail(RouteId route, Error failure) {
    const auto found = routes_.find(route);
    if (failure.kind == ErrorKind::conflict) {
        log_info("{}; reading on from its end", failure.message);
        auto reloaded = found->second->reload();
        if (reloaded) {
            reports_.add(Superseded{route, std::move(found->second)});
            routes_.erase(found);
            return;
        }
        failure = std::move(reloaded).error();
    }
    reports_.add(Failed{std::move(failure)});
    found->second->discard();
    routes_.erase(found);
}

}  // namespace bassline::ingest
