// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <CLI/CLI.hpp>

// Where options come from when the command line leaves them out: `bassline.toml` in the working
// directory (or the file of --config), a section a command, and over it the environment.
//
//     [ingest]                              BASSLINE_INGEST_MEMORY=1GiB
//     memory = "512MiB"
//
// The last wins: file, environment, command line.
namespace bassline::cli {

/// Lets every option of every command be set so. Call it once all commands are declared. A file
/// that cannot be read or names what does not exist is an error of CLI11's when parsing.
void take_settings_from_file_and_environment(CLI::App& app);

}  // namespace bassline::cli
