// SPDX-License-Identifier: Apache-2.0
#include "duck/interrupter.hpp"

#include <atomic>
#include <chrono>

#include <gtest/gtest.h>

namespace bassline::duck {
namespace {

TEST(Interrupters, an_interrupt_is_repeated_until_the_work_has_ended) {
    std::jthread stopped([] {});  // for its stop token
    std::atomic<int> interrupts = 0;
    {
        const Interrupter interrupter(stopped.get_stop_token(), [&interrupts] { ++interrupts; });
        std::this_thread::sleep_for(std::chrono::milliseconds(60));
        EXPECT_EQ(interrupts, 0) << "nobody asked to stop";
        stopped.request_stop();
        for (int wait = 0; wait < 500 && interrupts < 3; ++wait) {
            std::this_thread::sleep_for(std::chrono::milliseconds(10));
        }
        EXPECT_GE(interrupts, 3);
    }
    const int before = interrupts;
    std::this_thread::sleep_for(std::chrono::milliseconds(60));
    EXPECT_EQ(interrupts, before);
}

}  // namespace
}  // namespace bassline::duck
