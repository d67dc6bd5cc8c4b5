// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <CLI/CLI.hpp>
#include <string>
#include <vector>

// Where options come from when the command line leaves them out: `bassline.toml` in the working
// directory (or the file of --config), a section a command, and over it the environment.
//
//     [ingest]                              BASSLINE_INGEST_MEMORY=1GiB
//     memory = "512MiB"
//
// The last wins: file, environment, command line. What an option on the command line excludes
// counts as not set, and an empty variable too.
namespace bassline::cli {

/// Lets every option of the command that `arguments` name (those of the program, without its own
/// name) be set so. Call it once all commands are declared. A file that cannot be read or names
/// what does not exist is an error of CLI11's when parsing.
void take_settings_from_file_and_environment(CLI::App& app,
                                             const std::vector<std::string>& arguments);

/// The first argument that should be a command: the command, or what was mistyped; empty if none.
std::string word_of_command(const std::vector<std::string>& arguments);

bool has_command(const CLI::App& app, const std::string& name);

}  // namespace bassline::cli
