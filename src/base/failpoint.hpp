// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <cstdint>
#include <string_view>

#include "base/result.hpp"

// Named places where a test can stop the program, always compiled in; one relaxed load when none is
// armed.
//
// Armed by the environment, once at start:
// BASSLINE_FAILPOINTS="lake.commit.before_rename=kill@3,storage.sync=eio".
//   kill@N   SIGKILL to ourselves the Nth time the place is passed (N defaults to 1)
//   eio@N    the place reports an `io` error the Nth time
//   enospc@N the same with "no space left on device"
// A name that no code passes is not an error: the harness checks that the fault was met.
namespace bassline {

extern std::atomic<bool> failpoints_armed;

namespace detail {
Result<void> pass_failpoint(std::string_view name);
}

/// Arms what BASSLINE_FAILPOINTS says, and nothing else any more. Errors: `config` if it does not
/// parse.
Result<void> arm_failpoints_from_environment();

/// Passes a named place. Errors: `io` if the test asked for one.
inline Result<void> failpoint(std::string_view name) {
    if (!failpoints_armed.load(std::memory_order_relaxed)) return {};
    return detail::pass_failpoint(name);
}

}  // namespace bassline
