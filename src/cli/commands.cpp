// SPDX-License-Identifier: Apache-2.0
#include <vector>

#include "cli/command.hpp"

namespace bassline::cli {

std::span<const Command> commands() {
    // A row here is a command that works.
    static const std::vector<Command> kTable = {kRun,   kSimulate, kIngest, kBuild,   kQuery,
                                                kServe, kStatus,   kVerify, kCompact, kReplay};
    return kTable;
}

Exit exit_of(ErrorKind kind) {
    switch (kind) {
        case ErrorKind::usage:
        case ErrorKind::config:
            return Exit::usage;
        case ErrorKind::unavailable:
            return Exit::unavailable;
        case ErrorKind::cancelled:
            return Exit::interrupted;
        case ErrorKind::bad_data:
        case ErrorKind::not_found:
        case ErrorKind::conflict:
        case ErrorKind::io:
        case ErrorKind::sql:
            return Exit::failed;
    }
    return Exit::failed;
}

}  // namespace bassline::cli
