// SPDX-License-Identifier: Apache-2.0
#include "ingest/ingest.hpp"

#include <algorithm>
#include <cstdio>
#include <memory>
#include <nlohmann/json.hpp>
#include <thread>

#include <fmt/format.h>

#include "base/log.hpp"
#include "cli/command.hpp"
#include "cli/progress.hpp"
#include "cli/stages.hpp"
#include "cli/values.hpp"
#include "event/schema.hpp"
#include "lake/lake.hpp"

// `bassline ingest`: event logs into the lake.
namespace bassline::cli {
namespace {

using ingest::IngestSummary;
using ingest::Notice;

struct IngestArguments {
    std::string lake = "./lake";
    ingest::IngestOptions ingest;
    std::chrono::milliseconds commit_interval{0};  // 0: not given
    std::size_t threads = 0;                       // 0: not given
    std::string producer;
    bool json = false;
};

constexpr std::chrono::milliseconds kFollowInterval{2000};

nlohmann::json ingest_summary_json(const IngestSummary& summary) {
    nlohmann::json topics = nlohmann::json::object();
    for (const event::Topic topic : event::kTopics) {
        const std::string name(event::to_string(topic));
        const auto found = summary.topics.find(name);
        const ingest::TopicTotals totals =
            found == summary.topics.end() ? ingest::TopicTotals{} : found->second;
        topics[name] = {{"consumed", totals.counters.consumed},
                        {"written", totals.counters.written},
                        {"quarantined", totals.counters.quarantined},
                        {"by_reason", totals.counters.by_reason},
                        {"duplicates_dropped", 0},
                        {"files", totals.files}};
    }
    nlohmann::json notices = nlohmann::json::array();
    for (const Notice& notice : summary.notices) {
        notices.push_back(
            {{"kind", name_of(notice.kind)}, {"path", notice.path}, {"text", notice.text}});
    }
    return {{"topics", std::move(topics)},   {"entries", summary.entries},
            {"bytes", summary.bytes},        {"pending_bytes", summary.pending_bytes},
            {"notices", std::move(notices)}, {"interrupted", summary.interrupted},
            {"seconds", summary.seconds}};
}

void print_row(std::string_view topic, const ingest::TopicTotals& totals) {
    fmt::print("{:<22} {:>12} {:>12} {:>12} {:>8}\n", topic, totals.counters.consumed,
               totals.counters.written, totals.counters.quarantined, totals.files);
}

void print_table(const IngestSummary& summary) {
    if (summary.topics.empty()) {
        fmt::print("nothing new\n");
        return;
    }
    fmt::print("{:<22} {:>12} {:>12} {:>12} {:>8}\n", "topic", "consumed", "written", "quarantined",
               "files");
    std::uint64_t records = 0;
    std::map<std::string, std::uint64_t> reasons;
    for (const auto& [topic, totals] : summary.topics) {
        print_row(topic, totals);
        records += totals.counters.consumed;
        for (const auto& [reason, count] : totals.counters.by_reason) reasons[reason] += count;
    }
    for (const auto& [reason, count] : reasons) {
        fmt::print("quarantined as {}: {}\n", reason, count);
    }
    fmt::print("{} {} in {:.2f} s ({:.0f} a second), {:.1f} MB of Parquet, {} {}\n", records,
               records == 1 ? "record" : "records", summary.seconds,
               static_cast<double>(records) / std::max(summary.seconds, 1e-3),
               static_cast<double>(summary.bytes) / 1e6, summary.entries,
               summary.entries == 1 ? "commit" : "commits");
}

Result<Exit> run_ingest(const IngestArguments& options, const std::stop_token& stop) {
    ingest::IngestOptions wanted = options.ingest;
    if (!options.producer.empty()) wanted.producer = options.producer;
    if (options.commit_interval.count() > 0)
        wanted.commit_interval = options.commit_interval;
    else if (wanted.follow)
        wanted.commit_interval = kFollowInterval;
    wanted.threads =
        options.threads > 0 ? options.threads : default_ingest_threads(wanted.memory_bytes);
    if (!wanted.follow) TRY(check_inputs(wanted.inputs));
    TRY_ASSIGN(const auto files, lake::open_lake(options.lake));

    ingest::Progress progress;
    Result<IngestSummary> outcome = [&] {
        ProgressDisplay display(progress);
        return ingest::ingest(*files, wanted, SystemClock(), stop, progress,
                              [&display](const Notice& notice) {
                                  display.around([&notice] { log_notice(notice); });
                              });
    }();
    TRY_ASSIGN(const IngestSummary summary, std::move(outcome));
    if (options.json)
        fmt::print("{}\n", ingest_summary_json(summary).dump(
                               -1, ' ', false, nlohmann::json::error_handler_t::replace));
    else
        print_table(summary);
    if (summary.interrupted) return Exit::interrupted;
    return summary.refused() ? Exit::failed : Exit::done;
}

Run declare_ingest(CLI::App& app) {
    auto options = std::make_shared<IngestArguments>();
    app.add_option("--lake", options->lake,
                   "The lake: a path or file:///path, made if missing (default ./lake)");
    app.add_option("--from", options->ingest.inputs,
                   "What to read: files, folders (not searched deeper), globs such as "
                   "'logs/**/*.json.gz', or - for standard input, which is a new source each run "
                   "and never resumed; plain, gzip or zstd; several may follow")
        ->required()
        ->type_name("PATH ...");
    app.add_flag("--follow", options->ingest.follow,
                 "Keep reading what is appended, through renames, until stopped");
    app.add_option("--producer", options->producer,
                   "Name of the generator; keeps the user ids of several apart");
    app.add_option("--threads", options->threads,
                   "Threads (default the machine's cores, as far as the memory goes)")
        ->check(CLI::Range(1, 256));
    add_bytes_option(app, "--memory", options->ingest.memory_bytes,
                     "Memory to stay within (default 512MiB)");
    add_duration_option(app, "--commit-interval", options->commit_interval,
                        "Longest time between commits (default 5m, following 2s)");
    add_bytes_option(app, "--file-bytes", options->ingest.batch_bytes,
                     "Input after which a batch and its files are closed (default 1GiB)");
    app.add_flag("--json", options->json, "Print the result as JSON");
    return [options](const std::stop_token& stop) { return run_ingest(*options, stop); };
}

}  // namespace

const Command kIngest{
    .name = "ingest",
    .summary = "Read event logs into the lake, each record exactly once",
    .examples =
        "  bassline ingest --lake ./lake --from logs/\n"
        "  bassline ingest --lake ./lake --from 'logs/**/*.json.gz' --json\n"
        "  bassline ingest --lake ./lake --from app.log --follow --commit-interval 2s\n"
        "  zcat old.json.gz | bassline ingest --lake ./lake --from -",
    .declare = declare_ingest,
};

}  // namespace bassline::cli
