// SPDX-License-Identifier: Apache-2.0
#include <csignal>
#include <cstdio>
#include <exception>
#include <map>
#include <thread>

#include <pthread.h>
#ifdef BASSLINE_MIMALLOC
#include <mimalloc.h>
#endif

#include "base/failpoint.hpp"
#include "base/log.hpp"
#include "cli/command.hpp"
#include "cli/configuration.hpp"
#include "cli/suggestion.hpp"
#include "cli/version.hpp"

namespace bassline::cli {
namespace {

// SIGINT and SIGTERM are blocked in every thread and taken here, so that no handler runs in the
// middle of anything. A second signal ends the process at once.
std::stop_token stop_on_signals() {
    static std::stop_source source;
    sigset_t signals;
    sigemptyset(&signals);
    sigaddset(&signals, SIGINT);
    sigaddset(&signals, SIGTERM);
    pthread_sigmask(SIG_BLOCK, &signals, nullptr);
    std::thread([signals] {
        int received = 0;
        sigwait(&signals, &received);
        source.request_stop();
        sigwait(&signals, &received);
        _exit(static_cast<int>(Exit::interrupted));
    }).detach();
    return source.get_token();
}

// Memory that was freed goes back to the system when its thread frees or allocates a second later
// or more: it is mostly wanted again, and each page that comes and goes interrupts every thread.
void keep_freed_memory() {
#ifdef BASSLINE_MIMALLOC
    constexpr long kDelayMs = 1000;
    mi_option_set_default(mi_option_decommit_delay, kDelayMs);
#endif
}

// What the user may have meant by an argument that CLI11 did not expect.
std::string hint_for(const CLI::App& app, const std::string& message) {
    std::vector<std::string> known;
    for (const CLI::Option* option : app.get_options()) known.push_back(option->get_name());
    for (const CLI::App* command : app.get_subcommands([](const CLI::App*) { return true; })) {
        known.push_back(command->get_name());
    }
    const std::string word = message.substr(message.find_last_of(' ') + 1);
    const std::string meant = nearest(word.substr(0, word.find('=')), known);
    return meant.empty() ? "" : fmt::format("; did you mean {}?", meant);
}

int usage_error(const CLI::App& app, const CLI::ParseError& failure) {
    const std::string message = failure.what();
    const std::string command =
        app.get_parent() == nullptr ? "bassline" : "bassline " + app.get_name();
    fmt::print(stderr, "error: {}{}\nSee {} --help.\n", message, hint_for(app, message), command);
    return static_cast<int>(Exit::usage);
}

int run_program(int argc, char** argv) {
    CLI::App app("bassline: the data platform of a music-streaming service in one program",
                 "bassline");
    app.set_help_flag("--help", "Print this help and exit");
    app.set_version_flag("--version", version_text());
    app.require_subcommand(1);

    std::map<const CLI::App*, Run> runs;
    for (const Command& command : commands()) {
        CLI::App* sub = app.add_subcommand(std::string(command.name), std::string(command.summary));
        sub->set_help_flag("--help", "Print this help and exit");
        sub->footer("Examples:\n" + std::string(command.examples));
        runs[sub] = command.declare(*sub);
        sub->fallthrough();  // --config may follow the command
    }
    const std::vector<std::string> arguments(argv + 1, argv + argc);
    take_settings_from_file_and_environment(app, arguments);
    const std::string word = word_of_command(arguments);
    if (!word.empty() && !has_command(app, word)) {
        return usage_error(
            app, CLI::ParseError("no command is named " + word, CLI::ExitCodes::ExtrasError));
    }
    try {
        app.parse(argc, argv);
    } catch (const CLI::Success& help_or_version) {
        return app.exit(help_or_version);
    } catch (const CLI::ParseError& failure) {
        const auto chosen = app.get_subcommands();
        return usage_error(chosen.empty() ? app : *chosen.front(), failure);
    }

    const std::stop_token stop = stop_on_signals();
    if (auto armed = arm_failpoints_from_environment(); !armed) {
        log_line(LogLevel::error, armed.error().message);
        return static_cast<int>(Exit::usage);
    }
    auto outcome = runs.at(app.get_subcommands().front())(stop);
    if (!outcome) {
        log_line(LogLevel::error, outcome.error().message);
        return static_cast<int>(exit_of(outcome.error().kind));
    }
    if (std::fflush(stdout) != 0 || std::ferror(stdout) != 0) {
        log_line(LogLevel::error, "the answer could not all be written to standard output");
        return static_cast<int>(outcome.value() == Exit::done ? Exit::failed : outcome.value());
    }
    return static_cast<int>(outcome.value());
}

}  // namespace

}  // namespace bassline::cli

int main(int argc, char** argv) {
    try {
        bassline::cli::keep_freed_memory();
        return bassline::cli::run_program(argc, argv);
    } catch (const std::exception&
                 bug) {  // ours are Results; what still throws is a defect or no memory
        std::fputs("internal error: ", stderr);
        std::fputs(bug.what(), stderr);
        std::fputs("\n", stderr);
        return static_cast<int>(bassline::cli::Exit::failed);
    }
}
