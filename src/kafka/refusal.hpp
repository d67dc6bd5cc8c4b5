// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <functional>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>

#include "base/result.hpp"
#include "kafka/vendor.hpp"

// Brokers that do not let us in. librdkafka tells each refused connection and goes on trying for
// ever; a broker that starts or ends refuses some by the way, so that only time tells. Only for
// this room.
namespace bassline::kafka {

/// After so long without an answer to anything a refusal is final.
inline constexpr std::chrono::seconds kRefusalTimeAtStart{2};

class Refusal {
public:
    /// An error as librdkafka tells it: a refusal, or that nobody takes a connection any more,
    /// which says nothing about us. Others are let go.
    void note(rd_kafka_resp_err_t code, std::string_view reason);
    /// A broker answered.
    void clear() {
        since_.reset();
        text_.clear();
        is_away_ = false;
    }
    /// What to end with, if brokers refuse for so long and are not simply away.
    std::optional<Error> lasting(std::chrono::milliseconds bound) const;
    /// The newest refusal that no answer followed, however old.
    std::optional<Error> last() const;
    /// As lasting(), once a last question had no answer either. Errors: `config`.
    Result<void> check(rd_kafka_t* client, std::chrono::milliseconds bound);

private:
    std::optional<std::chrono::steady_clock::time_point> since_;
    std::string text_;
    bool is_away_ = false;  // since the last refusal
};

/// Waits until a broker answers. `serve` runs the callbacks that are due.
/// Errors: `config` if brokers refuse us; `unavailable`; `cancelled` after a stop.
Result<void> reach_broker(rd_kafka_t* client, const Refusal& refusal,
                          const std::function<void()>& serve, std::chrono::milliseconds timeout,
                          const std::stop_token& stop = {});

}  // namespace bassline::kafka
