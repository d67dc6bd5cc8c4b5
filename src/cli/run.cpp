// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <memory>
#include <nlohmann/json.hpp>
#include <numeric>
#include <thread>

#include <fmt/format.h>

#include "base/log.hpp"
#include "cli/command.hpp"
#include "cli/live_display.hpp"
#include "cli/progress.hpp"
#include "cli/stages.hpp"
#include "cli/values.hpp"
#include "cli/version.hpp"
#include "dashboard/serve.hpp"
#include "lake/lake.hpp"
#include "models/packaged_models.hpp"
#include "pipeline/pipeline.hpp"
#include "pipeline/summary.hpp"
#include "simulator/configuration.hpp"

// `bassline run`: the whole pipeline in one process.
namespace bassline::cli {
namespace {

struct RunArguments {
    std::string lake = "./lake";
    std::string models;
    std::string producer;
    bool once = false;
    bool json = false;
    pipeline::AskedSettings simulated;
    std::optional<double> speed;
    pipeline::RunOptions run;
};

constexpr double kSpeedDefault = 300;  // a day in five minutes: a viewer sees it move

std::uint64_t total(const std::map<std::string, std::uint64_t>& rows) {
    return std::accumulate(rows.begin(), rows.end(), std::uint64_t{0},
                           [](std::uint64_t sum, const auto& table) { return sum + table.second; });
}

void print_layer(std::string_view name, const std::map<std::string, std::uint64_t>& rows) {
    fmt::print("{:<8} {:>10} rows in {} tables\n", name, total(rows), rows.size());
}

void print_run_summary(const pipeline::LakeSummary& lake, const pipeline::BackfillReport& report) {
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
    fmt::print("\n");
    if (report.simulated_records > 0) {
        fmt::print("simulate {:.2f} s ({} records), ", report.simulate_seconds,
                   report.simulated_records);
    }
    fmt::print("ingest {:.2f} s, build {:.2f} s, snapshot {}\n", report.ingest.seconds,
               report.build.seconds, lake.snapshot);
}

nlohmann::json run_summary_json(const pipeline::LakeSummary& lake,
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
            {"seconds",
             {{"simulate", report.simulate_seconds},
              {"ingest", report.ingest.seconds},
              {"build", report.build.seconds}}}};
}

Exit exit_of_backfill(const pipeline::BackfillReport& report) {
    if (report.build.outcome == models::BuildOutcome::test_failed) return Exit::data_test_failed;
    if (report.build.outcome == models::BuildOutcome::model_failed) return Exit::failed;
    return report.ingest.refused() ? Exit::failed : Exit::done;
}

Result<pipeline::BackfillReport> back_fill(pipeline::Pipeline& pipeline,
                                           const std::stop_token& stop) {
    ingest::Progress progress;
    ProgressDisplay display(progress);
    return pipeline.back_fill(stop, progress, [&display](const ingest::Notice& notice) {
        display.around([&notice] { log_notice(notice); });
    });
}

// The lake's service goes on, or a new lake gets one.
Result<pipeline::RunSettings> settle(storage::FileSystem& files, pipeline::AskedSettings asked,
                                     const Clock& clock) {
    const std::string config = asked.config.value_or(std::string(pipeline::kConfigDefault));
    TRY_ASSIGN(asked.configuration, simulator::read_configuration(config));
    TRY_ASSIGN(const auto made, pipeline::load_settings(files));
    TRY(pipeline::check_no_other_events(files));
    if (made) {
        TRY(pipeline::check_settings(asked, *made));
        pipeline::RunSettings settings = *made;
        settings.retain_days = asked.retain_days.value_or(made->retain_days);
        if (!settings.producer) settings.producer = asked.producer;
        if (settings != *made) TRY(pipeline::save_settings(files, settings));
        return settings;
    }
    const auto now =
        std::chrono::duration_cast<std::chrono::seconds>(clock.now().time_since_epoch());
    const pipeline::RunSettings settings = pipeline::new_settings(asked, now.count());
    TRY_ASSIGN(const auto configuration,
               simulator::parse_configuration(settings.configuration, settings.config));
    for (const std::string& warning : configuration.warnings) log_warn("{}", warning);
    TRY(pipeline::save_settings(files, settings));
    return settings;
}

// Where the events come from. Errors: `config` if the lake's events come from elsewhere.
Result<void> choose_source(RunArguments& options, storage::FileSystem& files, const Clock& clock) {
    if (options.run.ingest.inputs.empty()) {
        options.simulated.retain_days = options.run.retain_days;
        options.simulated.producer = options.run.ingest.producer;
        TRY_ASSIGN(options.run.simulated, settle(files, options.simulated, clock));
        const pipeline::RunSettings& settled = *options.run.simulated;
        options.run.retain_days = settled.retain_days;
        options.run.ingest.producer = settled.producer;
        if (settled.producer == "") options.run.ingest.producer.reset();
        if (!options.run.pace.rate) options.run.pace.speed = options.speed.value_or(kSpeedDefault);
        return {};
    }
    TRY_ASSIGN(const auto made, pipeline::load_settings(files));
    if (!made) return {};
    return error(ErrorKind::config,
                 "this lake holds a simulated service of {} users; leave --from out to go on with "
                 "it, or take another --lake",
                 made->users);
}

Error nothing_to_show(bool is_simulated) {
    return Error{ErrorKind::bad_data,
                 is_simulated ? "no event in the history yet, so there is nothing to show; leave "
                                "--once out to go on until there is, or take another --lake with "
                                "more --users or --days"
                              : "no record went into bronze, so there is nothing to show"};
}

Result<Exit> run_pipeline(RunArguments options, const std::stop_token& stop) {
    if (!options.producer.empty()) options.run.ingest.producer = options.producer;
    TRY_ASSIGN(const models::Manifest manifest,
               models::load_packaged_models(models::models_directory(options.models)));
    TRY(check_inputs(options.run.ingest.inputs));
    if (!options.once) TRY(dashboard::check_address(options.run.serve));
    TRY_ASSIGN(const auto files, lake::open_lake(options.lake));
    const SystemClock clock;
    TRY(choose_source(options, *files, clock));

    options.run.version = program_version();
    options.run.commit = program_commit();
    options.run.serve.on_listening = [](const std::string& address) {
        fmt::print("\nDashboard: {}\n", address);
        std::fflush(stdout);
        log_info("following the input; Ctrl-C stops");
    };
    TRY_ASSIGN(const auto pipeline, pipeline::Pipeline::open(*files, manifest, options.run, clock));
    TRY_ASSIGN(const pipeline::BackfillReport report, back_fill(*pipeline, stop));
    const Exit outcome = exit_of_backfill(report);
    if (report.build.outcome == models::BuildOutcome::test_failed ||
        report.build.outcome == models::BuildOutcome::model_failed) {
        log_line(LogLevel::error,
                 fmt::format("nothing was published; what failed is above and in _runs/{}",
                             report.build.run));
        return outcome;
    }
    if (report.build.snapshot > 0) {
        TRY_ASSIGN(const pipeline::LakeSummary lake, pipeline::summarize(*files, stop));
        if (options.json) {
            fmt::print("{}\n", run_summary_json(lake, report).dump());
        } else {
            print_run_summary(lake, report);
        }
    } else if (options.once || !options.run.simulated) {
        return nothing_to_show(options.run.simulated.has_value());
    } else {
        log_info("no event in the history yet; the charts come with the first one");
    }
    if (options.once) return outcome;

    const LiveDisplay display([&pipeline] { return pipeline::to_lines(pipeline->view()); },
                              [&pipeline] { return pipeline::to_line(pipeline->view()); });
    TRY(pipeline->live(stop, log_notice));
    return Exit::interrupted;
}

void add_simulation_options(CLI::App& app, RunArguments& options) {
    app.add_option("--users", options.simulated.users,
                   "Users of the simulated service at its start (default 2000)")
        ->check(CLI::Range(std::uint64_t{1}, std::uint64_t{100'000'000}))
        ->excludes("--from");
    app.add_option("--days", options.simulated.days, "Days of history to begin with (default 30)")
        ->check(CLI::Range(1, 3650))
        ->excludes("--from");
    app.add_option("--seed", options.simulated.seed, "Seed of the simulation (default 1)")
        ->excludes("--from");
    app.add_option("--simulation", options.simulated.config,
                   "stock, alt, accordion, or EventSim's configuration file (default stock); its "
                   "users, first-user-id, seed, tag and dates are for simulate, not for run")
        ->excludes("--from");
    auto* const speed =
        app.add_option("--speed", options.speed,
                       "Simulated seconds a second, once history is made; 1 is real time "
                       "(default 300)")
            ->check(CLI::Range(0.001, 1e6))
            ->excludes("--from");
    app.add_option("--rate", options.run.pace.rate,
                   "Records a second to aim at, at whatever speed that takes")
        ->check(CLI::Range(0.001, 1e7))
        ->excludes("--from")
        ->excludes(speed);
}

Run declare_run(CLI::App& app) {
    auto options = std::make_shared<RunArguments>();
    pipeline::RunOptions& run_options = options->run;
    run_options.ingest.threads = default_ingest_threads(run_options.ingest.memory_bytes);
    run_options.build.threads = std::max(1u, std::thread::hardware_concurrency());
    run_options.build.on_result = [](const models::NodeResult& result) {
        if (result.status == "error" || result.status == "fail") log_result(result);
    };
    app.add_option("--lake", options->lake,
                   "The lake: a path or file:///path, made if missing (default ./lake)");
    app.add_option("--from", run_options.ingest.inputs,
                   "Event logs to ingest in place of simulating: files, folders, globs; several "
                   "may follow")
        ->type_name("PATH ...");
    add_simulation_options(app, *options);
    app.add_flag("--once", options->once, "Back-fill, build, print the summary and exit");
    app.add_option("--retain", run_options.retain_days,
                   "Days to keep, by event date, once live; older ones leave every layer, for good "
                   "(default all; of a simulated service 90, or its --days and 60 if that is more)")
        ->check(CLI::Range(1, 36'500))
        ->type_name("DAYS");
    app.add_option("--port", run_options.serve.port,
                   "Port of the dashboard; 0 takes a free one (default 8080)");
    add_text_option(app, "--producer", options->producer,
                    "Name of the generator; keeps the user ids of several apart");
    app.add_option(
        "--models", options->models,
        "Folder of the compiled models (default BASSLINE_MODELS, else beside the program)");
    app.add_flag("--json", options->json, "Print the summary as JSON");
    return [options](const std::stop_token& stop) { return run_pipeline(*options, stop); };
}

}  // namespace

const Command kRun{
    .name = "run",
    .summary = "Run the whole pipeline: simulate or ingest, build, and serve live charts",
    .examples =
        "  bassline run\n"
        "  bassline run --users 20000 --days 60 --rate 2000\n"
        "  bassline run --from logs/\n"
        "  bassline run --from 'logs/*.gz' --once --json\n"
        "  bassline run --lake ./lake --from app.log --port 8081",
    .declare = declare_run,
};

}  // namespace bassline::cli
