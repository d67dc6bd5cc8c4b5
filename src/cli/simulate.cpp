// SPDX-License-Identifier: Apache-2.0
#include "simulator/simulate.hpp"

#include <algorithm>
#include <cstdio>
#include <memory>
#include <nlohmann/json.hpp>
#include <thread>

#include <fmt/format.h>

#include "base/log.hpp"
#include "cli/command.hpp"
#include "cli/progress.hpp"
#include "cli/simulate_kafka.hpp"
#include "cli/simulate_reports.hpp"
#include "cli/values.hpp"
#include "event/schema.hpp"
#include "simulator/time_text.hpp"

// `bassline simulate`: a music service's events, as EventSim makes them.
namespace bassline::cli {
namespace {

using simulator::SimulateOptions;
using simulator::SimulateSummary;

struct SimulateArguments {
    SimulateOptions simulate;
    SimulateKafkaArguments kafka;
    std::string print_schema;  // "avro" or "json", instead of a run
    bool estimate = false;
    std::vector<std::string> check;  // files, instead of a run
    bool json = false;
};

constexpr std::size_t kMinuteLength = 16;  // of "2025-09-14T08:30"

Timestamp timestamp_of_ms(std::int64_t epoch_ms) {
    return Timestamp(std::chrono::milliseconds(epoch_ms));
}

nlohmann::json simulate_summary_json(const SimulateSummary& summary) {
    nlohmann::json topics = nlohmann::json::object();
    for (std::size_t topic = 0; topic < event::kTopicCount; ++topic) {
        topics[std::string(event::to_string(event::kTopics[topic]))] = {
            {"records", summary.counts.records[topic]}, {"bytes", summary.counts.bytes[topic]}};
    }
    nlohmann::json text{{"steps", summary.steps},
                        {"topics", std::move(topics)},
                        {"users", summary.users},
                        {"sessions", summary.sessions},
                        {"from", format_rfc3339(timestamp_of_ms(summary.from_ms))},
                        {"to", format_rfc3339(timestamp_of_ms(summary.to_ms))},
                        {"interrupted", summary.interrupted},
                        {"resumed", summary.resumed},
                        {"seconds", summary.seconds}};
    if (summary.deliveries) text["deliveries"] = deliveries_json(*summary.deliveries);
    return text;
}

// Standard output may be where the events go, so the table is for people, on stderr.
void print_table(const SimulateSummary& summary) {
    fmt::print(stderr, "{:<22} {:>12} {:>10}\n", "topic", "records", "MB");
    for (std::size_t topic = 0; topic < event::kTopicCount; ++topic) {
        fmt::print(stderr, "{:<22} {:>12} {:>10.1f}\n", event::to_string(event::kTopics[topic]),
                   summary.counts.records[topic],
                   static_cast<double>(summary.counts.bytes[topic]) / 1e6);
    }
    fmt::print(stderr, "{} steps of {} users in {} sessions, {:.2f} s ({:.0f} steps a second)\n",
               summary.steps, summary.users, summary.sessions, summary.seconds,
               static_cast<double>(summary.steps) / std::max(summary.seconds, 1e-3));
}

// "45 %  at 2025-09-14T08:30  1,234,567 steps  812,000/s".
ProgressDisplay::State progress_state(const simulator::SimulateProgress& progress, double seconds) {
    const std::int64_t from = progress.from_s;
    if (from == 0) return {-1, "making the users"};
    const std::int64_t to = progress.to_s;
    const std::int64_t now = std::max(from, progress.now_s.load());
    const double share =
        to > from ? static_cast<double>(now - from) / static_cast<double>(to - from) : -1;
    const auto steps = static_cast<double>(progress.steps);
    return {share, fmt::format("{}at {}  {} steps  {}/s",
                               share >= 0 ? fmt::format("{:3.0f} %  ", share * 100) : "",
                               format_rfc3339(timestamp_of_ms(now * 1000)).substr(0, kMinuteLength),
                               with_commas(steps), with_commas(steps / std::max(seconds, 1e-3)))};
}

Result<Exit> run_simulate(const SimulateArguments& options, const std::stop_token& stop) {
    if (!options.check.empty()) return print_check(options.check, options.simulate, options.json);
    if (!options.print_schema.empty()) return print_schemas(options.print_schema);
    if (options.estimate) return print_estimate(options.simulate, options.json);
    if (options.simulate.out.empty() && options.kafka.cluster.brokers.empty()) {
        return error(ErrorKind::usage, "--out or --kafka is required: where the events go");
    }
    if (options.json && options.simulate.out == "-") {
        return error(ErrorKind::usage, "--json and --out - would both write to standard output");
    }
    SimulateOptions simulate = options.simulate;
    if (!options.kafka.cluster.brokers.empty()) {
        TRY_ASSIGN(simulate.kafka, kafka_output_of(options.kafka, options.simulate));
    }
    simulator::SimulateProgress progress;
    Result<SimulateSummary> outcome = [&] {
        ProgressDisplay display(
            [&progress](double seconds) { return progress_state(progress, seconds); });
        return simulator::simulate(simulate, SystemClock(), stop, progress,
                                   [&display](const std::string& text) {
                                       display.around([&text] { log_warn("{}", text); });
                                   });
    }();
    TRY_ASSIGN(const SimulateSummary summary, std::move(outcome));
    if (options.json) {
        fmt::print("{}\n", simulate_summary_json(summary).dump());
    } else {
        print_table(summary);
        if (summary.deliveries) print_deliveries(*summary.deliveries);
    }
    return exit_of_run(summary);
}

// `--name TIME`.
void add_time_option(CLI::App& app, const std::string& name, std::optional<std::int64_t>& value,
                     const std::string& help) {
    app.add_option_function<std::string>(
           name,
           [&value](const std::string& text) {
               auto time = simulator::parse_time(text);
               if (!time) throw CLI::ValidationError(time.error().message);
               value = time.value();
           },
           help)
        ->type_name("TIME");
}

Run declare_simulate(CLI::App& app) {
    auto options = std::make_shared<SimulateArguments>();
    SimulateOptions& simulate = options->simulate;
    simulate.threads = std::max(1u, std::thread::hardware_concurrency());
    app.add_option("--out", simulate.out,
                   "Where to: a folder, made if missing, for <topic>.ndjson; one file for all "
                   "records if the name ends in .ndjson, .jsonl or .json, with .gz or .zst "
                   "compressed; - for standard output")
        ->type_name("PATH");
    add_simulate_kafka_options(app, options->kafka);
    app.add_option("--config", simulate.config,
                   "stock, alt, accordion, or a configuration file of EventSim (default stock)");
    app.add_option("--users", simulate.users, "Users at the start (default 1000)");
    add_time_option(
        app, "--from", simulate.from_ms,
        "Start: a date or RFC 3339, UTC (default midnight 15 days ago; now with --live)");
    add_time_option(app, "--to", simulate.to_ms,
                    "End, exclusive (default last midnight but one; none with --live, which needs "
                    "one with --compat)");
    app.add_option("--seed", simulate.seed, "Seed (default the configuration's)");
    app.add_option("--growth-rate", simulate.growth_rate,
                   "New users a year, as a share of those there are (default 0)")
        ->check(CLI::Range(0.0, 1e6));
    app.add_option("--attrition-rate", simulate.attrition_rate,
                   "Users who leave for good, a year, as a share (default 0)")
        ->check(CLI::Range(0.0, 1e6));
    app.add_option("--first-user-id", simulate.first_user_id, "Id of the first user (default 1)");
    app.add_option("--tag", simulate.tag, "A tag for the events, as for an A/B test");
    add_choice_option(
        app, "--format", simulate.format,
        {{"topics", simulator::OutputFormat::topics}, {"single", simulator::OutputFormat::single}},
        "topics (default) or single, EventSim's one stream");
    add_choice_option(app, "--compress", simulate.compression,
                      {{"none", simulator::Compression::none},
                       {"gzip", simulator::Compression::gzip},
                       {"zstd", simulator::Compression::zstd}},
                      "gzip or zstd for the files of a folder");
    app.add_option("--listen-counts", simulate.listen_counts,
                   "Songs from a listen_counts file of EventSim, plain or gzip")
        ->type_name("FILE");
    app.add_flag("--extended", simulate.extended,
                 "Add trackId, eventId and prevLevel at the end of records");
    app.add_flag("--compat", simulate.compat, "Reproduce the defects of EventSim");
    app.add_option("--threads", simulate.threads,
                   "Threads; the output does not depend on them (default the machine's cores)")
        ->check(CLI::Range(1, 256));
    app.add_flag("--estimate", options->estimate,
                 "Print the records and bytes to expect, and make nothing");
    app.add_option("--check", options->check,
                   "Compare the statistics of these files or folders with the configuration's, and "
                   "make nothing; exit code 3 if a figure fails")
        ->type_name("PATH");
    app.add_option("--print-schema", options->print_schema,
                   "Print the topics' schemas, avro or json, a line each, and make nothing")
        ->check(CLI::IsMember({"avro", "json"}))
        ->type_name("NAME");
    app.add_flag("--live", simulate.is_live,
                 "Go on against the clock, after what lies between --from and now");
    app.add_option(
           "--speed", simulate.speed,
           "Live: how fast the simulated clock runs (default 1); above 1 it passes now, and "
           "ingest then needs an --ahead-max")
        ->check(CLI::PositiveNumber);
    app.add_option(
           "--rate", simulate.rate,
           "Live: records a second to aim at, instead of a speed, which lets the clock pass "
           "now as --speed does")
        ->check(CLI::PositiveNumber);
    app.add_option_function<std::string>(
           "--faults",
           [&simulate](const std::string& text) {
               auto faults = simulator::parse_faults(text);
               if (!faults) throw CLI::ValidationError(faults.error().message);
               simulate.faults = faults.value();
           },
           "Shares of records to write late, duplicate, out_of_order or malformed (damaged in 82 "
           "ways, some of them odd but right), and of users who are bots or whose clock is off "
           "(skew): late=0.01,bots=0.001")
        ->type_name("NAME=SHARE,...");
    app.add_option("--answer-key", simulate.answer_key,
                   "Write here what a pipeline must find: counts by class, topic and date, and, "
                   "unless records are malformed, the totals of the reports")
        ->type_name("FILE");
    app.add_option("--checkpoint", simulate.checkpoint,
                   "Keep the state here, and go on from it, with the same ids, if it is there; for "
                   "plain files without --faults or --answer-key")
        ->type_name("FILE");
    app.add_flag("--json", options->json, "Print the result as JSON");
    return [options](const std::stop_token& stop) { return run_simulate(*options, stop); };
}

}  // namespace

const Command kSimulate{
    .name = "simulate",
    .summary = "Make the events of a music service, as EventSim does",
    .examples =
        "  bassline simulate --out logs/ --users 2000 --from 2025-09-01 --to 2025-10-01\n"
        "  bassline simulate --out events.json.gz --format single --config accordion --seed 7\n"
        "  bassline simulate --out - --users 100 | bassline ingest --lake ./lake --from -\n"
        "  bassline simulate --out logs/ --from 2025-09-01 --live --rate 2000 --checkpoint state\n"
        "  bassline simulate --kafka localhost:9092 --from 2025-09-01 --live --rate 2000\n"
        "  bassline simulate --estimate --users 1000000 --from 2025-09-01 --to 2025-10-01\n"
        "  bassline simulate --check logs/",
    .declare = declare_simulate,
};

}  // namespace bassline::cli
