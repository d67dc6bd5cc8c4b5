// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <nlohmann/json.hpp>
#include <stop_token>
#include <string>

#include "base/clock.hpp"
#include "base/result.hpp"
#include "storage/file_system.hpp"

namespace bassline::dashboard {

struct ServeOptions {
    std::string host = "127.0.0.1";
    std::uint16_t port = 8080;  // 0: any free port
    std::string token_file;     // empty: no token, loopback addresses only
    /// Called once with "http://127.0.0.1:8080/" when requests are answered.
    std::function<void(const std::string& address)> on_listening;
    /// Called when a snapshot can be seen by whoever asks, by the thread that loads.
    std::function<void(std::uint64_t snapshot, Timestamp watermark)> on_snapshot;
    /// What the stages beside the server are doing; empty if there are none. Any thread.
    std::function<nlohmann::json()> pipeline;
    /// Metrics of those stages, for /metrics; empty if there are none. Any thread.
    std::function<std::string(Timestamp now)> stage_metrics;
    /// The events are of a simulated service, whose clock is not ours.
    bool is_simulated = false;
    /// The time by that clock; empty: by ours. Any thread.
    std::function<Timestamp()> event_now;
};

/// For whoever has long work to do before it serves: binds the address and lets it go again.
/// Errors: those of serve().
Result<void> check_address(const ServeOptions& options);

/// Serves the dashboard of a lake until stop is requested; follows new snapshots, works before
/// there is one.
///
/// Threads: the caller and one more answer requests, a third loads snapshots. Stop order: intake,
/// running answers (2 s), loading. Errors: `config` if the port is taken, the address is not ours,
/// or a public address has no token.
Result<void> serve(const storage::FileSystem& files, const ServeOptions& options,
                   std::stop_token stop);

}  // namespace bassline::dashboard
