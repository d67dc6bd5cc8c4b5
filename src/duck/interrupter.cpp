// SPDX-License-Identifier: Apache-2.0
#include "duck/interrupter.hpp"

#include <chrono>
#include <utility>

namespace bassline::duck {

Interrupter::Interrupter(std::stop_token stop, std::function<void()> interrupt)
    : thread_([this, stop = std::move(stop), interrupt = std::move(interrupt)] {
          std::unique_lock lock(mutex_);
          while (!changed_.wait_for(lock, std::chrono::milliseconds(20),
                                    [this] { return is_done_; })) {
              if (stop.stop_requested()) interrupt();
          }
      }) {}

Interrupter::~Interrupter() {
    const std::lock_guard lock(mutex_);
    is_done_ = true;
    changed_.notify_all();
}

}  // namespace bassline::duck
