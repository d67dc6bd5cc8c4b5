// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <stop_token>
#include <string>

#include "dashboard/gold.hpp"
#include "dashboard/gold_reader.hpp"
#include "storage/file_system.hpp"

// The newest gold there is, followed: looks for a new snapshot now and then and swaps it in whole.
// What was handed out stays valid as long as somebody holds it. One thread calls `follow` or
// `refresh`; `state` is for any thread.
namespace bassline::dashboard {

class GoldStore {
public:
    struct State {
        std::shared_ptr<const Gold> gold;  // null until the first snapshot is loaded
        std::string failure;               // why the newest snapshot is not loaded; empty if it is
        std::uint64_t failures = 0;        // loads that failed since start
    };

    using OnLoaded = std::function<void(std::uint64_t snapshot, Timestamp watermark)>;

    /// `files` must outlive the store. `on_loaded` is called once `state` has a new snapshot.
    explicit GoldStore(const storage::FileSystem& files, OnLoaded on_loaded = {})
        : files_(files), reader_(files), on_loaded_(std::move(on_loaded)) {}

    State state() const;

    /// Loads the newest snapshot unless it is loaded. A failure keeps the old gold and stands in
    /// the state.
    void refresh();

    /// Refreshes ten times a second until stop is requested.
    void follow(const std::stop_token& stop);

private:
    void fail(std::string message);

    const storage::FileSystem& files_;
    GoldReader reader_;
    const OnLoaded on_loaded_;
    mutable std::mutex mutex_;
    State state_;
};

}  // namespace bassline::dashboard
