// SPDX-License-Identifier: Apache-2.0
#include "ingest/ingest.hpp"

#include <algorithm>
#include <memory>
#include <thread>

#include <fmt/format.h>

#include "base/log.hpp"
#include "cli/command.hpp"
#include "cli/ingest_answer.hpp"
#include "cli/kafka_options.hpp"
#include "cli/metrics_server.hpp"
#include "cli/progress.hpp"
#include "cli/stages.hpp"
#include "cli/values.hpp"
#include "lake/lake.hpp"
#include "pipeline/run_settings.hpp"

// `bassline ingest`: event logs into the lake.
namespace bassline::cli {
namespace {

using ingest::IngestSummary;
using ingest::Notice;

struct IngestArguments {
    std::string lake = "./lake";
    ingest::IngestOptions ingest;
    std::optional<std::chrono::milliseconds> commit_interval;
    std::size_t threads = 0;  // 0: not given
    std::string producer;
    std::optional<std::uint16_t> metrics_port;
    bool json = false;
    KafkaArguments kafka_options;
};

constexpr std::chrono::milliseconds kFollowInterval{2000};

// What only a person can decide about (a gap, a re-created topic) has an exit code of its own.
Result<Exit> run_kafka(const IngestArguments& options, const std::stop_token& stop) {
    TRY_ASSIGN(ingest::KafkaIngestOptions wanted, kafka_ingest_options(options.kafka_options));
    wanted.follow = options.ingest.follow;
    wanted.memory_bytes = options.ingest.memory_bytes;
    wanted.limits.batch_bytes = options.ingest.batch_bytes;
    wanted.limits.ahead_max = options.ingest.ahead_max;
    if (!options.producer.empty()) wanted.limits.producer = options.producer;
    if (options.commit_interval) {
        wanted.limits.commit_interval = *options.commit_interval;
    }
    wanted.threads =
        options.threads > 0 ? options.threads : default_ingest_threads(wanted.memory_bytes);
    TRY_ASSIGN(const auto files, lake::open_lake(options.lake));
    TRY(pipeline::check_no_service(*files));
    TRY_ASSIGN(const auto server, MetricsServer::start(options.metrics_port));
    if (server) wanted.metrics = &server->metrics();
    auto outcome = ingest::ingest_kafka(*files, wanted, SystemClock(), stop);
    if (!outcome && outcome.error().kind == ErrorKind::bad_data) {
        log_line(LogLevel::error, outcome.error().message);
        return Exit::data_test_failed;
    }
    TRY_ASSIGN(const ingest::KafkaSummary summary, std::move(outcome));
    print_ingest_answer(summary, options.json);
    return summary.ingest.interrupted ? Exit::interrupted : Exit::done;
}

Result<Exit> run_files(const IngestArguments& options, const std::stop_token& stop) {
    ingest::IngestOptions wanted = options.ingest;
    if (!options.producer.empty()) wanted.producer = options.producer;
    if (options.commit_interval)
        wanted.commit_interval = *options.commit_interval;
    else if (wanted.follow)
        wanted.commit_interval = kFollowInterval;
    wanted.threads =
        options.threads > 0 ? options.threads : default_ingest_threads(wanted.memory_bytes);
    if (!wanted.follow) TRY(check_inputs(wanted.inputs));
    TRY_ASSIGN(const auto files, lake::open_lake(options.lake));
    TRY(pipeline::check_no_service(*files));

    TRY_ASSIGN(const auto server, MetricsServer::start(options.metrics_port));
    if (server) {
        wanted.on_commit = [&metrics = server->metrics()](const lake::Entry& entry) {
            metrics.committed(entry, "", std::nullopt);
        };
    }
    ingest::Progress progress;
    Result<IngestSummary> outcome = [&] {
        ProgressDisplay display(progress);
        return ingest::ingest(*files, wanted, SystemClock(), stop, progress,
                              [&display](const Notice& notice) {
                                  display.around([&notice] { log_notice(notice); });
                              });
    }();
    TRY_ASSIGN(const IngestSummary summary, std::move(outcome));
    print_ingest_answer(summary, options.json);
    if (summary.interrupted) return Exit::interrupted;
    return summary.refused() ? Exit::failed : Exit::done;
}

Result<Exit> run_ingest(const IngestArguments& options, const std::stop_token& stop) {
    if (!options.kafka_options.cluster.brokers.empty()) return run_kafka(options, stop);
    if (!options.ingest.inputs.empty()) return run_files(options, stop);
    return error(ErrorKind::usage, "say what to read: --from PATH or --kafka BROKERS");
}

Run declare_ingest(CLI::App& app) {
    auto options = std::make_shared<IngestArguments>();
    app.add_option("--lake", options->lake,
                   "The lake: a path or file:///path, made if missing (default ./lake)");
    app.add_option("--from", options->ingest.inputs,
                   "What to read: files, folders (not searched deeper), globs such as "
                   "'logs/**/*.json.gz', or - for standard input, which is a new source each run "
                   "and never resumed; plain, gzip or zstd; several may follow")
        ->type_name("PATH ...");
    add_kafka_options(app, options->kafka_options);
    app.get_option("--from")->excludes("--kafka");
    app.add_flag("--follow", options->ingest.follow,
                 "Keep reading what arrives (of files through renames) until stopped; without it "
                 "up to the end that the input has at the start");
    add_text_option(app, "--producer", options->producer,
                    "Name of the generator; keeps the user ids of several apart");
    app.add_option("--threads", options->threads,
                   "Threads (default the machine's cores, as far as the memory goes)")
        ->check(CLI::Range(1, 256));
    add_bytes_option(app, "--memory", options->ingest.memory_bytes,
                     "Memory to stay within (default 512MiB)");
    add_duration_option(app, "--commit-interval", options->commit_interval,
                        "Longest time between commits (default 5m, following 2s, with --kafka 1m)");
    add_bytes_option(app, "--file-bytes", options->ingest.batch_bytes,
                     "Input after which a batch and its files are closed (default 1GiB)");
    add_duration_option(app, "--ahead-max", options->ingest.ahead_max,
                        "How far past the clock an event may be (default 24h); simulate --live "
                        "with --speed or --rate goes far past it");
    add_metrics_option(app, options->metrics_port);
    app.add_flag("--json", options->json, "Print the result as JSON");
    return [options](const std::stop_token& stop) { return run_ingest(*options, stop); };
}

}  // namespace

const Command kIngest{
    .name = "ingest",
    .summary = "Read event logs or Kafka topics into the lake, each record exactly once",
    .examples =
        "  bassline ingest --lake ./lake --from logs/\n"
        "  bassline ingest --lake ./lake --from 'logs/**/*.json.gz' --json\n"
        "  bassline ingest --lake ./lake --from app.log --follow --commit-interval 2s\n"
        "  zcat old.json.gz | bassline ingest --lake ./lake --from -\n"
        "  bassline ingest --lake ./lake --kafka localhost:9092\n"
        "  bassline ingest --lake ./lake --kafka b1:9092,b2:9092 --follow --commit-interval 10s "
        "--group-instance ingest-1 --metrics-port 9464\n"
        "  bassline ingest --lake ./lake --kafka localhost:9092 --follow --ahead-max 1000000h\n"
        "  bassline ingest --lake ./lake --kafka localhost:9092 --schema-registry "
        "http://localhost:8081\n"
        "  bassline ingest --lake ./lake --kafka b1:9093 --kafka-config kafka.properties "
        "--topics listen_events,auth_events --start 2025-03-01",
    .declare = declare_ingest,
};

}  // namespace bassline::cli
