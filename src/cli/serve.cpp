// SPDX-License-Identifier: Apache-2.0
#include "dashboard/serve.hpp"

#include <memory>

#include "cli/command.hpp"
#include "lake/lake.hpp"

namespace bassline::cli {
namespace {

struct ServeArguments {
    std::string lake = "./lake";
    dashboard::ServeOptions serve;
};

Result<Exit> run_serve(const ServeArguments& options, const std::stop_token& stop) {
    TRY_ASSIGN(const auto files, lake::open_lake_read_only(options.lake));
    dashboard::ServeOptions serving = options.serve;
    serving.on_listening = [](const std::string& address) {
        fmt::print("{}\n", address);
        std::fflush(stdout);
    };
    TRY(dashboard::serve(*files, serving, stop));
    return Exit::interrupted;
}

// `--token-file "$TOKEN"` of a variable that is not set must not mean: no token.
std::string refuse_empty_path(const std::string& path) {
    return path.empty() ? "the path is empty; is a variable not set? For no token leave it out"
                        : "";
}

Run declare_serve(CLI::App& app) {
    auto options = std::make_shared<ServeArguments>();
    app.add_option("--lake", options->lake, "The lake to serve: a path or file:///path")
        ->capture_default_str();
    app.add_option("--host", options->serve.host,
                   "Address to listen on; any but a loopback address needs --token-file")
        ->capture_default_str();
    app.add_option("--port", options->serve.port, "Port to listen on; 0 takes a free one")
        ->capture_default_str();
    app.add_option("--token-file", options->serve.token_file,
                   "File of mode 0600 with the token that requests must carry")
        ->check(refuse_empty_path);
    return [options](const std::stop_token& stop) { return run_serve(*options, stop); };
}

}  // namespace

const Command kServe = {"serve", "Serve the dashboard, its API and /metrics until Ctrl-C",
                        "  bassline serve --lake ./lake\n"
                        "  bassline serve --lake ./lake --host 0.0.0.0 --token-file token.txt",
                        declare_serve};

}  // namespace bassline::cli
