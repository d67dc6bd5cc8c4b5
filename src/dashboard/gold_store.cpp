// SPDX-License-Identifier: Apache-2.0
#include "dashboard/gold_store.hpp"

#include <chrono>

#include "base/clock.hpp"
#include "base/log.hpp"
#include "lake/names.hpp"
#include "lake/snapshot.hpp"

namespace bassline::dashboard {
namespace {

constexpr std::chrono::milliseconds kPollInterval{100};

bool is_same(const storage::FileInfo& one, const storage::FileInfo& other) {
    return one.path == other.path && one.bytes == other.bytes &&
           one.modified_at == other.modified_at;
}

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

// A lake that never had a snapshot is empty, not failed.
void GoldStore::let_go() {
    const std::lock_guard lock(mutex_);
    if (!state_.gold) {
        if (state_.failure != kGone) state_.failure.clear();
        return;
    }
    log_warn("the dashboard has no data any more: {}", kGone);
    state_.gold = nullptr;
    state_.failure = kGone;
    ++state_.failures;
}

// What failed before was a look, and this one did not.
void GoldStore::keep(const storage::FileInfo& file) {
    loaded_file_ = file;
    const std::lock_guard lock(mutex_);
    state_.failure.clear();
}

void GoldStore::refresh() {
    const auto numbers = lake::list_snapshots(files_);
    if (!numbers) return fail(numbers.error().message);
    if (numbers.value().empty()) return let_go();
    const std::uint64_t number = numbers.value().back();
    const auto file = files_.stat(lake::snapshot_path(number));
    if (!file) return fail(file.error().message);
    const auto loaded = state().gold;
    // Ten times a second: the file itself is read only if it is another one.
    if (loaded && is_same(file.value(), loaded_file_)) return keep(file.value());
    const auto newest = lake::read_snapshot(files_, number);
    if (!newest) return fail(newest.error().message);
    // A lake made anew counts from 1 again; no two builds have one run.
    const bool is_loaded =
        loaded && loaded->snapshot == newest.value().n && loaded->run == newest.value().run;
    if (is_loaded) return keep(file.value());
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
    loaded_file_ = file.value();
    if (on_loaded_) on_loaded_(shared->snapshot, shared->watermark);
}

void GoldStore::follow(const std::stop_token& stop) {
    while (!stop.stop_requested()) {
        refresh();
        sleep_unless_stopped(stop, kPollInterval);
    }
}

}  // namespace bassline::dashboard
