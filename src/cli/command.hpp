// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <CLI/CLI.hpp>
#include <functional>
#include <span>
#include <stop_token>
#include <string_view>

#include "base/result.hpp"

// What a subcommand is: a row of the command table, and the file it lives in (`ingest.cpp`,
// `build.cpp`, ...).
//
// `declare` adds the command's options to its CLI11 app and returns the function that runs after
// parsing; the options live in a shared struct that the function owns. Results go to stdout,
// everything else to stderr. An option's help states its unit and default. Long options only.
namespace bassline::cli {

/// The program's exit codes.
enum class Exit {
    done = 0,
    failed = 1,            // failed, or some input was refused while the rest went in
    usage = 2,             // wrong use or configuration
    data_test_failed = 3,  // a data test or a verification failed
    unavailable = 4,       // a dependency is unavailable
    interrupted = 130,     // interrupted after a clean drain
};

/// Runs the command; stop is requested by SIGINT or SIGTERM. An Error is printed by main and
/// becomes its exit code.
using Run = std::function<Result<Exit>(std::stop_token)>;

struct Command {
    std::string_view name;
    std::string_view summary;   // one line, no full stop
    std::string_view examples;  // shown under --help, one a line
    Run (*declare)(CLI::App& app);
};

/// All commands, in the order --help lists them.
std::span<const Command> commands();

/// The exit code of an error that ended a command.
Exit exit_of(ErrorKind kind);

// One declaration a command; the definition is in the file of that name.
extern const Command kRun;
extern const Command kIngest;
extern const Command kBuild;
extern const Command kServe;
extern const Command kQuery;
extern const Command kVerify;
extern const Command kSimulate;
extern const Command kCompact;
extern const Command kReplay;
extern const Command kStatus;

}  // namespace bassline::cli
