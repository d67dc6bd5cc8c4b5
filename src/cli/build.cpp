// SPDX-License-Identifier: Apache-2.0
#include "models/build.hpp"

#include <cstdio>
#include <memory>
#include <nlohmann/json.hpp>
#include <thread>

#include <fmt/format.h>

#include "base/log.hpp"
#include "cli/command.hpp"
#include "cli/stages.hpp"
#include "cli/values.hpp"
#include "lake/lake.hpp"
#include "models/packaged_models.hpp"

// `bassline build`: silver and gold from bronze, as one snapshot.
namespace bassline::cli {
namespace {

using models::BuildOutcome;
using models::BuildReport;
using models::NodeResult;
using models::NodeType;

struct BuildArguments {
    std::string lake = "./lake";
    std::string models;
    models::BuildOptions build;
    bool json = false;
};

nlohmann::json report_json(const BuildReport& report) {
    nlohmann::json rows = nlohmann::json::array();
    for (const NodeResult& result : report.results) {
        if (result.node->type == NodeType::test) continue;
        rows.push_back({{"name", result.node->name},
                        {"schema", result.node->schema},
                        {"status", result.status},
                        {"rows", result.rows},
                        {"seconds", result.seconds()}});
    }
    const auto tests = [&report](std::string_view status) {
        return report.count(NodeType::test, status);
    };
    return {{"run", report.run},
            {"snapshot", report.snapshot},
            {"published", report.outcome == BuildOutcome::published},
            {"nothing_new", report.outcome == BuildOutcome::nothing_new},
            {"full", report.is_full},
            {"dates_written", report.dates_written},
            {"models", std::move(rows)},
            {"tests",
             {{"pass", tests("pass")},
              {"fail", tests("fail") + tests("error")},
              {"warn", tests("warn")},
              {"skipped", tests("skipped")}}},
            {"seconds", report.seconds}};
}

std::string tests_text(const BuildReport& report) {
    const auto tests = [&report](std::string_view status) {
        return report.count(NodeType::test, status);
    };
    return fmt::format("{} tests passed, {} warned, {} failed", tests("pass"), tests("warn"),
                       tests("fail") + tests("error"));
}

std::string summary(const BuildReport& report) {
    switch (report.outcome) {
        case BuildOutcome::nothing_new:
            if (report.snapshot == 0) return "nothing to build: bronze is empty";
            return fmt::format("nothing new since snapshot {} (run {})", report.snapshot,
                               report.run);
        case BuildOutcome::model_failed:
            return fmt::format("nothing published: a model failed (run {})", report.run);
        case BuildOutcome::test_failed:
            return fmt::format("nothing published: {} (run {})", tests_text(report), report.run);
        case BuildOutcome::published:
            break;
    }
    return fmt::format("snapshot {} published in {:.2f} s: {} of {} dates written, {} (run {})",
                       report.snapshot, report.seconds,
                       report.is_full ? "all" : std::to_string(report.dates_written),
                       report.is_full ? std::to_string(report.dates_written) : "the lake's",
                       tests_text(report), report.run);
}

Exit exit_of_outcome(BuildOutcome outcome) {
    switch (outcome) {
        case BuildOutcome::published:
        case BuildOutcome::nothing_new:
            return Exit::done;
        case BuildOutcome::model_failed:
            return Exit::failed;
        case BuildOutcome::test_failed:
            return Exit::data_test_failed;
    }
    return Exit::failed;
}

Result<Exit> run_build(const BuildArguments& options, const std::stop_token& stop) {
    TRY_ASSIGN(const models::Manifest manifest,
               models::load_packaged_models(models::models_directory(options.models)));
    // A reader's look first: a mistyped path must not become a lake.
    TRY(lake::open_lake_read_only(options.lake));
    TRY_ASSIGN(const auto files, lake::open_lake(options.lake));
    TRY_ASSIGN(const BuildReport report,
               models::build(*files, manifest, options.build, SystemClock(), stop));
    if (options.json) {
        fmt::print("{}\n", report_json(report).dump());
    } else {
        fmt::print("{}\n", summary(report));
    }
    return exit_of_outcome(report.outcome);
}

Run declare_build(CLI::App& app) {
    auto options = std::make_shared<BuildArguments>();
    options->build.threads = std::max(1u, std::thread::hardware_concurrency());
    options->build.on_result = log_result;
    app.add_option("--lake", options->lake, "The lake: a path or file:///path (default ./lake)");
    app.add_option("--select", options->build.select,
                   "Build only these tables: name, +name with what it needs, name+ with what needs "
                   "it; several "
                   "separated by commas (default all)");
    app.add_flag("--full-refresh", options->build.full_refresh, "Build all dates again");
    app.add_option("--threads", options->build.threads, "Threads (default the machine's cores)")
        ->check(CLI::Range(1, 256));
    add_bytes_option(
        app, "--memory", options->build.memory_bytes,
        "Memory of the engine before it spills to disk (default 70 % of the machine's)");
    app.add_option("--scratch", options->build.scratch,
                   "Folder for temporary files (default TMPDIR, else /tmp)");
    app.add_option(
        "--models", options->models,
        "Folder of the compiled models (default BASSLINE_MODELS, else beside the program)");
    app.add_flag("--json", options->json, "Print the result as JSON");
    return [options](const std::stop_token& stop) { return run_build(*options, stop); };
}

}  // namespace

const Command kBuild{
    .name = "build",
    .summary = "Build silver and gold from bronze and publish them as one snapshot",
    .examples =
        "  bassline build --lake ./lake\n"
        "  bassline build --lake ./lake --full-refresh --json\n"
        "  bassline build --lake ./lake --select +top_songs_by_play_count",
    .declare = declare_build,
};

}  // namespace bassline::cli
