// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <condition_variable>
#include <functional>
#include <mutex>
#include <stop_token>
#include <thread>

// Repeats an interrupt from the request to stop until the work has ended: one that falls between
// two statements is lost.
namespace bassline::duck {

class Interrupter {
public:
    /// Calls `interrupt`, on a thread of its own, once `stop` is requested and every 20 ms then.
    Interrupter(std::stop_token stop, std::function<void()> interrupt);
    Interrupter(const Interrupter&) = delete;
    Interrupter& operator=(const Interrupter&) = delete;
    ~Interrupter();

private:
    std::mutex mutex_;
    std::condition_variable changed_;
    bool is_done_ = false;
    std::jthread thread_;  // last: starts when the rest stands, is joined first
};

}  // namespace bassline::duck
