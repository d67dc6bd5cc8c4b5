// SPDX-License-Identifier: Apache-2.0
#include "kafka/refusal.hpp"

#include <algorithm>

#include "kafka/metadata.hpp"

namespace bassline::kafka {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

constexpr milliseconds kSlice{250};
constexpr milliseconds kLastQuestion{3'000};

bool has_answer(rd_kafka_t* client, milliseconds timeout) {
    return static_cast<bool>(ask_metadata(client, Listing::no_topics, timeout));
}

}  // namespace

void Refusal::note(rd_kafka_resp_err_t code, std::string_view reason) {
    if (code == RD_KAFKA_RESP_ERR__RESOLVE ||
        (code == RD_KAFKA_RESP_ERR__TRANSPORT && reason.find("in state CONNECT") != reason.npos)) {
        is_away_ = true;
    }
    if (kind_of(code) != ErrorKind::config) return;
    if (!since_ || is_away_) since_ = steady_clock::now();
    is_away_ = false;
    text_ = fmt::format(
        "kafka: the brokers do not let us in: {}; check {} (--kafka-property, or the file of "
        "--kafka-config)",
        reason,
        code == RD_KAFKA_RESP_ERR__SSL
            ? "security.protocol and ssl.ca.location"
            : "security.protocol, sasl.mechanism, sasl.username and sasl.password");
}

std::optional<Error> Refusal::lasting(milliseconds bound) const {
    if (is_away_ || !since_ || steady_clock::now() - *since_ < bound) return std::nullopt;
    return last();
}

std::optional<Error> Refusal::last() const {
    if (text_.empty()) return std::nullopt;
    return error(ErrorKind::config, "{}", text_);
}

Result<void> Refusal::check(rd_kafka_t* client, milliseconds bound) {
    auto failure = lasting(bound);
    if (!failure) return {};
    if (!has_answer(client, kLastQuestion)) return std::move(*failure);
    clear();
    return {};
}

Result<void> reach_broker(rd_kafka_t* client, const Refusal& refusal,
                          const std::function<void()>& serve, milliseconds timeout,
                          const std::stop_token& stop) {
    const auto until = steady_clock::now() + timeout;
    while (true) {
        const auto left = std::chrono::ceil<milliseconds>(until - steady_clock::now());
        if (has_answer(client, std::clamp(left, milliseconds(1), kSlice))) return {};
        if (stop.stop_requested()) {
            return error(ErrorKind::cancelled, "interrupted before a broker answered");
        }
        serve();
        const bool is_over = steady_clock::now() >= until;
        auto refused = is_over ? refusal.last() : refusal.lasting(kRefusalTimeAtStart);
        if (refused) return std::move(*refused);
        if (is_over) return error(ErrorKind::unavailable, "kafka: no broker answers");
    }
}

}  // namespace bassline::kafka
