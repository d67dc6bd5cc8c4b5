// SPDX-License-Identifier: Apache-2.0
#include "replay/replay.hpp"

#include <cstdlib>
#include <memory>
#include <nlohmann/json.hpp>

#include <fmt/format.h>

#include "cli/command.hpp"
#include "cli/kafka_cluster.hpp"
#include "cli/values.hpp"
#include "ingest/quarantined_record.hpp"
#include "lake/lake.hpp"
#include "lake/names.hpp"

// `bassline replay`: quarantined records are tried again.
namespace bassline::cli {
namespace {

using replay::ReplaySummary;

struct ReplayArguments {
    std::string lake = "./lake";
    std::vector<std::string> reasons;
    replay::ReplayOptions replay;
    RegistryArguments registry;
    bool dry_run = false;
    bool json = false;
};

nlohmann::json replay_summary_json(const ReplaySummary& summary, bool dry_run) {
    return {{"dry_run", dry_run},
            {"records", summary.records},
            {"replayed", summary.replayed},
            {"written", summary.written},
            {"refused", summary.refused},
            {"not_asked", summary.not_asked},
            {"skipped", {{"cut", summary.skipped_cut}, {"bad_framing", summary.skipped_framing}}},
            {"entries", summary.entries},
            {"files_replaced", summary.files_replaced},
            {"files_written", summary.files_written},
            {"files_removed", summary.files_removed},
            {"files_awaiting", summary.files_awaiting},
            {"interrupted", summary.interrupted},
            {"seconds", summary.seconds}};
}

void print_replay_summary(const ReplaySummary& summary, bool dry_run) {
    fmt::print("{} quarantined records: {} {}\n", summary.records, summary.replayed,
               dry_run ? "would go to bronze" : "went to bronze");
    for (const auto& [topic, rows] : summary.written) fmt::print("  {:<22} {:>12}\n", topic, rows);
    for (const auto& [reason, records] : summary.refused) {
        fmt::print("still refused, {:<22} {:>12}\n", reason, records);
    }
    if (summary.skipped_cut > 0) {
        fmt::print("{} stay: over 1 MiB, of which only the beginning was kept\n",
                   summary.skipped_cut);
    }
    if (summary.skipped_framing > 0) {
        fmt::print("{} stay: bad_framing, whose headers were not kept\n", summary.skipped_framing);
    }
    if (summary.not_asked > 0) {
        fmt::print("{} stay: of reasons that were not asked for\n", summary.not_asked);
    }
    if (!dry_run && summary.replayed > 0) fmt::print("the next build takes the new rows\n");
}

Result<void> take_reasons(const ReplayArguments& options, replay::ReplayOptions& wanted) {
    for (const std::string& name : options.reasons) {
        const auto reason = ingest::reason_named(name);
        if (!reason) {
            return error(ErrorKind::usage,
                         "--reason {} is no reason; `bassline query \"select distinct reason from "
                         "quarantine\"` lists those that occur",
                         name);
        }
        wanted.reasons.insert(*reason);
    }
    return {};
}

Result<Exit> run_replay(const ReplayArguments& options, const std::stop_token& stop) {
    replay::ReplayOptions wanted = options.replay;
    TRY(take_reasons(options, wanted));
    TRY_ASSIGN(wanted.registry, registry_of(options.registry));
    // A reader's look first: a mistyped path must not become a lake.
    TRY_ASSIGN(const auto reader, lake::open_lake_read_only(options.lake));
    std::unique_ptr<storage::FileSystem> files;
    if (!options.dry_run) {
        TRY_ASSIGN(files, lake::open_lake(options.lake));
    }
    if (auto& registry = wanted.registry) {
        registry->files = files.get();
        registry->read_only_files = reader.get();
        registry->folder = lake::schemas_directory(kafka::registry_folder_name(registry->urls));
    }
    TRY_ASSIGN(const ReplaySummary summary,
               options.dry_run ? replay::rehearse(*reader, wanted, SystemClock())
                               : replay::replay(*files, wanted, SystemClock(), stop));
    if (options.json) {
        fmt::print("{}\n", replay_summary_json(summary, options.dry_run).dump());
    } else {
        print_replay_summary(summary, options.dry_run);
    }
    return summary.interrupted ? Exit::interrupted : Exit::done;
}

Run declare_replay(CLI::App& app) {
    auto options = std::make_shared<ReplayArguments>();
    if (const char* scratch = std::getenv("TMPDIR")) options->replay.scratch = scratch;
    app.add_option("--lake", options->lake, "The lake: a path or file:///path (default ./lake)");
    app.add_option("--reason", options->reasons,
                   "Only records of this reason, such as unknown_schema; several may follow "
                   "(default all but late, which a policy put there)")
        ->type_name("REASON ...");
    app.add_flag("--dry-run", options->dry_run, "Tell what would happen and write nothing");
    add_registry_options(app, options->registry,
                         "Schema Registry, for records that are framed with a schema's id; "
                         "without one they stay");
    add_duration_option(app, "--ahead-max", options->replay.ahead_max,
                        "How far past the clock an event may be (default 24h)");
    add_duration_option(app, "--grace", options->replay.grace,
                        "How long replaced files stay for readers that opened the lake before "
                        "(default 10m)");
    add_bytes_option(app, "--memory", options->replay.memory_bytes,
                     "Memory to stay within (default 512MiB)");
    app.add_flag("--json", options->json, "Print the result as JSON");
    return [options](const std::stop_token& stop) { return run_replay(*options, stop); };
}

}  // namespace

const Command kReplay{
    .name = "replay",
    .summary = "Try quarantined records again; those that are good now go to bronze",
    .examples =
        "  bassline replay --lake ./lake --dry-run\n"
        "  bassline replay --lake ./lake --reason ts_out_of_range --json\n"
        "  bassline replay --lake ./lake --reason unknown_schema --schema-registry "
        "http://localhost:8081\n"
        "  bassline replay --lake ./lake --reason late",
    .declare = declare_replay,
};

}  // namespace bassline::cli
