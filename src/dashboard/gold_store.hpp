// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <stop_token>
#include <string>
#include <string_view>

#include "dashboard/gold.hpp"
#include "dashboard/gold_reader.hpp"
#include "storage/file_system.hpp"

// The newest gold there is, followed: looks for a new snapshot now and then and swaps it in whole,
// one of a lake made anew in the same place too, and lets go of data whose lake has no snapshot any
// more. What was handed out stays valid as long as somebody holds it. One thread calls `follow` or
// `refresh`; `state` is for any thread.
namespace bassline::dashboard {

class GoldStore {
public:
    /// The failure while what was loaded stands in the lake no longer and nothing came after it.
    static constexpr std::string_view kGone =
        "the lake's snapshots are gone; the next one built is shown once it is there";

    struct State {
        std::shared_ptr<const Gold> gold;  // null until the first snapshot is loaded, or if gone
        std::string failure;               // why the newest snapshot is not loaded; empty if it is
        std::uint64_t failures = 0;        // loads that failed since start
    };

    using OnLoaded = std::function<void(std::uint64_t snapshot, Timestamp watermark)>;

    /// `files` must outlive the store. `on_loaded` is called once `state` has a new snapshot.
    explicit GoldStore(const storage::FileSystem& files, OnLoaded on_loaded = {})
        : files_(files), reader_(files), on_loaded_(std::move(on_loaded)) {}

    State state() const;

    /// Loads the newest snapshot unless it is loaded. A failure keeps the old gold and stands in
    /// the state; with no snapshot any more there is no gold either.
    void refresh();

    /// Refreshes ten times a second until stop is requested.
    void follow(const std::stop_token& stop);

private:
    void fail(std::string message);
    void let_go();
    void keep(const storage::FileInfo& file);

    const storage::FileSystem& files_;
    GoldReader reader_;
    const OnLoaded on_loaded_;
    storage::FileInfo loaded_file_;  // of the snapshot that is loaded, as it was before it was read
    mutable std::mutex mutex_;
    State state_;
};

}  // namespace bassline::dashboard
