// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <memory>
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

/// Calls `ask`, which is told the time left and returns a Result, until it says other than
/// `unavailable`, or time is up: a broker that restarts cuts a question off, and one that has just
/// started leads nothing yet.
template <class Ask>
auto until_available(std::chrono::milliseconds timeout, const Ask& ask) {
    constexpr std::chrono::milliseconds kPause{100};
    const auto deadline = std::chrono::steady_clock::now() + timeout;
    for (auto left = timeout;;) {
        auto answer = ask(left);
        left = std::chrono::ceil<std::chrono::milliseconds>(deadline - kPause -
                                                            std::chrono::steady_clock::now());
        if (answer || answer.error().kind != ErrorKind::unavailable || left.count() <= 0) {
            return answer;
        }
        std::this_thread::sleep_for(kPause);
    }
}

/// The brokers of the client's configuration, once more. librdkafka drops every broker that an
/// answer does not name, and one that has only just started names none: the client then has no
/// broker left and waits for ever (librdkafka issue 5301). Without need it does no harm: the
/// library does the same when all brokers are down.
void name_brokers_again(rd_kafka_t* client);

}  // namespace bassline::kafka
