// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <chrono>
#include <memory>
#include <stop_token>
#include <thread>

#include "base/result.hpp"
#include "kafka/vendor.hpp"

// How brokers are asked, and what any of them tells of the cluster. Only for this room.
namespace bassline::kafka {

using MetadataHandle =
    std::unique_ptr<const rd_kafka_metadata_t, Destroyer<rd_kafka_metadata_destroy>>;

enum class Listing : int { no_topics = 0, all_topics = 1 };  // a topic asked by name may be made

/// Asks one of them. A client that has nobody to ask is named them again.
/// Errors: `unavailable`, `config`, `io`.
Result<MetadataHandle> ask_metadata(rd_kafka_t* client, Listing listing,
                                    std::chrono::milliseconds timeout);

/// The brokers of the client's configuration, once more. librdkafka drops every broker that an
/// answer does not name, and one that has only just started names none: the client then has no
/// broker left and waits for ever (librdkafka issue 5301). Without need it does no harm: the
/// library does the same when all brokers are down.
void name_brokers_again(rd_kafka_t* client);

/// Calls `ask`, which is told for how long and returns a Result, until it says other than
/// `unavailable`, time is up or a stop is requested (`cancelled`). A broker that restarts cuts a
/// question off, one that has just started leads nothing yet, and a client without brokers asks
/// nobody however long: so the questions are short at first, and brokers are named again between.
template <class Ask>
auto until_available(rd_kafka_t* client, std::chrono::milliseconds timeout,
                     const std::stop_token& stop, const Ask& ask) -> decltype(ask(timeout)) {
    using std::chrono::milliseconds;
    constexpr milliseconds kPause{100};
    constexpr milliseconds kLongest{8'000};  // a slow broker's answer fits in
    const auto deadline = std::chrono::steady_clock::now() + timeout;
    for (milliseconds turn{1'000};; turn = std::min(2 * turn, kLongest)) {
        const auto left =
            std::chrono::ceil<milliseconds>(deadline - std::chrono::steady_clock::now());
        auto answer = ask(std::clamp(left, milliseconds(1), turn));
        if (answer || answer.error().kind != ErrorKind::unavailable) return answer;
        if (std::chrono::steady_clock::now() + kPause >= deadline) return answer;
        if (stop.stop_requested()) {
            return error(ErrorKind::cancelled, "interrupted while no broker answered");
        }
        name_brokers_again(client);
        std::this_thread::sleep_for(kPause);
    }
}

}  // namespace bassline::kafka
