// SPDX-License-Identifier: Apache-2.0
#include "pipeline/run.hpp"

#include <memory>
#include <nlohmann/json.hpp>
#include <numeric>
#include <thread>

#include <fmt/format.h>

#include "base/log.hpp"
#include "cli/command.hpp"
#include "cli/progress.hpp"
#include "cli/stages.hpp"
#include "cli/values.hpp"
#include "lake/lake.hpp"
#include "models/packaged_models.hpp"
#include "pipeline/summary.hpp"

// `bassline run`: the whole pipeline in one process.
namespace bassline::cli {
namespace {

struct Options {
    std::string lake = "./lake";
    std::string models;
    std::string producer;
    bool once = false;
    bool json = false;
    pipeline::RunOptions run;
};

std::uint64_t total(const std::map<std::string, std::uint64_t>& rows) {
    return std::accumulate(rows.begin(), rows.end(), std::uint64_t{0},
                           [](std::uint64_t sum, const auto& table) { return sum + table.second; });
}

void print_layer(std::string_view name, const std::map<std::string, std::uint64_t>& rows) {
    fmt::print("{:<8} {:>10} rows in {} tables\n", name, total(rows), rows.size());
}

void print_summary(const pipeline::LakeSummary& lake, const pipeline::BackfillReport& report) {
    print_layer("bronze", lake.bronze);
    print_layer("silver", lake.silver);
    print_layer("gold", lake.gold);
    fmt::print("{:<8} {:>10} records refused\n\nTop songs\n", "", lake.quarantined);
    for (const pipeline::SongPlays& song : lake.top_songs) {
        fmt::print("{:>7} plays  {} - {}\n", song.plays, song.artist, song.song);
    }
    fmt::print("\nMean listening time of a listener\n");
    for (const pipeline::WeekdayListening& day : lake.weekdays) {
        const std::string minutes =
            day.mean_seconds ? fmt::format("{:.1f} min", *day.mean_seconds / 60) : "no listener";
        fmt::print("{:<10} {:>11}  {} listener-days\n", day.weekday, minutes, day.user_days);
    }
    fmt::print("\ningest {:.2f} s, build {:.2f} s, snapshot {}\n", report.ingest.seconds,
               report.build.seconds, lake.snapshot);
}

nlohmann::json summary_json(const pipeline::LakeSummary& lake,
                            const pipeline::BackfillReport& report) {
    nlohmann::json songs = nlohmann::json::array();
    for (const pipeline::SongPlays& song : lake.top_songs) {
        songs.push_back({{"song", song.song}, {"artist", song.artist}, {"plays", song.plays}});
    }
    nlohmann::json weekdays = nlohmann::json::array();
    for (const pipeline::WeekdayListening& day : lake.weekdays) {
        weekdays.push_back({{"weekday", day.weekday},
                            {"user_days", day.user_days},
                            {"mean_seconds", day.mean_seconds ? nlohmann::json(*day.mean_seconds)
                                                              : nlohmann::json(nullptr)}});
    }
    return {{"snapshot", lake.snapshot},
            {"rows", {{"bronze", lake.bronze}, {"silver", lake.silver}, {"gold", lake.gold}}},
            {"quarantined", lake.quarantined},
            {"top_songs", std::move(songs)},
            {"weekdays", std::move(weekdays)},
            {"seconds", {{"ingest", report.ingest.seconds}, {"build", report.build.seconds}}}};
}

Exit exit_of_backfill(const pipeline::BackfillReport& report) {
    if (report.build.outcome == models::BuildOutcome::test_failed) return Exit::data_test_failed;
    if (report.build.outcome == models::BuildOutcome::model_failed) return Exit::failed;
    return report.ingest.refused() ? Exit::failed : Exit::done;
}

Result<pipeline::BackfillReport> backfill(storage::FileSystem& files,
                                          const models::Manifest& manifest, const Options& options,
                                          const std::stop_token& stop) {
    ingest::Progress progress;
    ProgressDisplay display(progress);
    return pipeline::backfill(files, manifest, options.run, SystemClock(), stop, progress,
                              [&display](const ingest::Notice& notice) {
                                  display.around([&notice] { log_notice(notice); });
                              });
}

Result<Exit> run(Options options, const std::stop_token& stop) {
    if (!options.producer.empty()) options.run.ingest.producer = options.producer;
    TRY_ASSIGN(const models::Manifest manifest,
               models::load_packaged_models(models::models_directory(options.models)));
    TRY(check_inputs(options.run.ingest.inputs));
    TRY_ASSIGN(const auto files, lake::open_lake(options.lake));

    TRY_ASSIGN(const pipeline::BackfillReport report, backfill(*files, manifest, options, stop));
    const Exit outcome = exit_of_backfill(report);
    if (report.build.outcome == models::BuildOutcome::test_failed ||
        report.build.outcome == models::BuildOutcome::model_failed) {
        log_line(LogLevel::error,
                 fmt::format("nothing was published; what failed is above and in _runs/{}",
                             report.build.run));
        return outcome;
    }
    if (report.build.snapshot == 0) {
        return error(ErrorKind::bad_data,
                     "no record went into bronze, so there is nothing to show");
    }
    TRY_ASSIGN(const pipeline::LakeSummary lake, pipeline::summarize(*files, stop));
    if (options.json) {
        fmt::print("{}\n", summary_json(lake, report).dump());
    } else {
        print_summary(lake, report);
    }
    if (options.once) return outcome;

    options.run.serve.on_listening = [](const std::string& address) {
        fmt::print("\nDashboard: {}\n", address);
        std::fflush(stdout);
        log_info("following the input; Ctrl-C stops");
    };
    TRY(pipeline::live(*files, manifest, options.run, SystemClock(), stop, log_notice));
    return Exit::interrupted;
}

Run declare(CLI::App& app) {
    auto options = std::make_shared<Options>();
    pipeline::RunOptions& run_options = options->run;
    run_options.ingest.threads = default_ingest_threads(run_options.ingest.memory_bytes);
    run_options.build.threads = std::max(1u, std::thread::hardware_concurrency());
    run_options.build.on_result = [](const models::NodeResult& result) {
        if (result.status == "error" || result.status == "fail") log_result(result);
    };
    app.add_option("--lake", options->lake,
                   "The lake: a path or file:///path, made if missing (default ./lake)");
    app.add_option("--from", run_options.ingest.inputs,
                   "Event logs to ingest: files, folders, globs; several may follow")
        ->required()
        ->type_name("PATH ...");
    app.add_flag("--once", options->once, "Ingest, build, print the summary and exit");
    app.add_option("--port", run_options.serve.port,
                   "Port of the dashboard; 0 takes a free one (default 8080)");
    app.add_option("--producer", options->producer,
                   "Name of the generator; keeps the user ids of several apart");
    app.add_option(
        "--models", options->models,
        "Folder of the compiled models (default BASSLINE_MODELS, else beside the program)");
    app.add_flag("--json", options->json, "Print the summary as JSON");
    return [options](const std::stop_token& stop) { return run(*options, stop); };
}

}  // namespace

const Command kRun{
    .name = "run",
    .summary = "Run the whole pipeline: ingest, build, and serve live charts",
    .examples =
        "  bassline run --from logs/\n"
        "  bassline run --from 'logs/*.gz' --once --json\n"
        "  bassline run --lake ./lake --from app.log --port 8081",
    .declare = declare,
};

}  // namespace bassline::cli
