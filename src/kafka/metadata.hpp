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
/// broker left and waits for ever (librdkafka issue 5301). Each time costs it a few bytes until it
/// ends, so this is not for every try.
void name_brokers_again(rd_kafka_t* client);

/// What is left until then, for a question that is asked all the same: at least a millisecond.
inline std::chrono::milliseconds time_left(std::chrono::steady_clock::time_point deadline) {
    return std::max(
        std::chrono::ceil<std::chrono::milliseconds>(deadline - std::chrono::steady_clock::now()),
        std::chrono::milliseconds(1));
}

/// Calls `ask`, which is told for how long and returns a Result, until it says other than
/// `unavailable`, time is up or a stop is requested (`cancelled`). A broker that restarts cuts a
/// question off, and one that has just started leads nothing yet. A client that has no broker left
/// asks nobody however long: so the first turns are short, though long enough for a slow broker (a
/// question that times out costs its connection), and brokers are named again after them.
template <class Ask>
auto until_available(rd_kafka_t* client, std::chrono::milliseconds timeout,
                     const std::stop_token& stop, const Ask& ask) -> decltype(ask(timeout)) {
    using std::chrono::milliseconds;
    using std::chrono::steady_clock;
    constexpr milliseconds kLongestPause{1'000};
    milliseconds turn{4'000};
    milliseconds pause{100};
    const auto deadline = steady_clock::now() + timeout;
    while (true) {
        const auto turn_end = steady_clock::now() + turn;
        auto answer = ask(time_left(std::min(deadline, turn_end)));
        if (answer || answer.error().kind != ErrorKind::unavailable) return answer;
        if (steady_clock::now() + pause >= deadline) return answer;
        if (stop.stop_requested()) {
            return error(ErrorKind::cancelled, "interrupted while no broker answered");
        }
        if (steady_clock::now() >= turn_end) {
            name_brokers_again(client);
            turn *= 2;
        }
        std::this_thread::sleep_for(pause);
        pause = std::min(2 * pause, kLongestPause);
    }
}

}  // namespace bassline::kafka
