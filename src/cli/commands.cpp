// SPDX-License-Identifier: Apache-2.0
#include <vector>

#include "cli/command.hpp"

namespace bassline::cli {

std::span<const Command> commands() {
    // A row here is a command that works.
    static const std::vector<Command> table = {kRun,   kSimulate, kIngest, kBuild,   kQuery,
                                               kServe, kStatus,   kVerify, kCompact, kReplay};
    return table;
}

}  // namespace bassline::cli
