// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdlib>
#include <string>

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/failpoint.hpp"

// For tests that let something fail, or die, at each of its steps.
namespace bassline {

/// Whether the attempt, in a process of its own with BASSLINE_FAILPOINTS so set, died or reported
/// an error: then the fault was met.
template <class Attempt>
bool meets_fault(const std::string& setting, const Attempt& attempt) {
    const pid_t child = fork();
    if (child == 0) {
        setenv("BASSLINE_FAILPOINTS", setting.c_str(), 1);
        const bool ok = arm_failpoints_from_environment() && attempt().has_value();
        _exit(ok ? 0 : 1);
    }
    int status = 0;
    waitpid(child, &status, 0);
    return !(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

/// Which passings of a place are tried: the first so many, then each so much later.
struct Passings {
    int first;
    int stride;
};

/// An error and a death at those passings of the place, until it is passed no more: `prepare`, the
/// attempt, and `check` what it left behind.
template <class Prepare, class Attempt, class Check>
void at_every_passing(const std::string& place, Passings passings, const Prepare& prepare,
                      const Attempt& attempt, const Check& check) {
    constexpr int kPassingsMax = 5000;  // a file of bronze takes some hundred appends
    int met = 0;
    for (const char* const action : {"eio", "kill"}) {
        int nth = 1;
        for (; nth <= kPassingsMax; nth += nth < passings.first ? 1 : passings.stride) {
            prepare();
            if (!meets_fault(fmt::format("{}={}@{}", place, action, nth), attempt)) break;
            ++met;
            check();
            if (testing::Test::HasFailure()) FAIL() << place << '=' << action << '@' << nth;
        }
        ASSERT_LE(nth, kPassingsMax) << "something else fails every time";
    }
    EXPECT_GT(met, 0) << place << " was never passed";
}

}  // namespace bassline
