// SPDX-License-Identifier: Apache-2.0
#include "dashboard/gold_store.hpp"

#include <chrono>

#include "base/clock.hpp"
#include "base/log.hpp"
#include "lake/snapshot.hpp"

namespace bassline::dashboard {
namespace {

constexpr std::chrono::milliseconds kPollInterval{100};

}  // namespace

GoldStore::State GoldStore::state() const {
    const std::lock_guard lock(mutex_);
    return state_;
}

void GoldStore::fail(std::string message) {
    const std::lock_guard lock(mutex_);
    if (state_.failure != message) log_warn("the dashboard keeps its data: {}", message);
    state_.failure = std::move(message);
    ++state_.failures;
}

void GoldStore::refresh() {
    const auto numbers = lake::list_snapshots(files_);
    if (!numbers) return fail(numbers.error().message);
    if (numbers.value().empty()) return;
    const auto loaded = state().gold;
    if (loaded && loaded->snapshot == numbers.value().back()) {
        const std::lock_guard lock(mutex_);
        state_.failure.clear();  // what failed was a look, and this one did not
        return;
    }
    const auto newest = lake::read_snapshot(files_, numbers.value().back());
    if (!newest) return fail(newest.error().message);
    auto gold = reader_.read(newest.value());
    if (!gold) return fail(gold.error().message);
    if (!loaded)
        log_info("snapshot {} of run {} is on the page", gold.value().snapshot, gold.value().run);
    auto shared = std::make_shared<const Gold>(std::move(gold).value());
    {
        const std::lock_guard lock(mutex_);
        state_.gold = shared;
        state_.failure.clear();
    }
    if (on_loaded_) on_loaded_(shared->snapshot, shared->watermark);
}

void GoldStore::follow(const std::stop_token& stop) {
    while (!stop.stop_requested()) {
        refresh();
        sleep_unless_stopped(stop, kPollInterval);
    }
}

}  // namespace bassline::dashboard
