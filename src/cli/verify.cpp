// SPDX-License-Identifier: Apache-2.0
#include "ingest/verify.hpp"

#include <cstdlib>
#include <memory>
#include <nlohmann/json.hpp>
#include <thread>

#include <fmt/format.h>

#include "base/log.hpp"
#include "cli/command.hpp"
#include "cli/values.hpp"
#include "lake/lake.hpp"

// `bassline verify`: holds a lake against its own logs.
namespace bassline::cli {
namespace {

using ingest::VerifiedPartition;
using ingest::VerifyReport;

struct VerifyArguments {
    std::string lake = "./lake";
    ingest::VerifyOptions verify;
    bool json = false;
};

nlohmann::json report_json(const VerifyReport& report) {
    nlohmann::json partitions = nlohmann::json::array();
    for (const VerifiedPartition& partition : report.partitions) {
        partitions.push_back({{"chain_name", partition.chain},
                              {"source", partition.source},
                              {"topic", partition.topic},
                              {"partition", partition.partition},
                              {"start", partition.start},
                              {"end", partition.end},
                              {"rows", partition.rows},
                              {"quarantined", partition.quarantined},
                              {"missing", partition.missing},
                              {"accepted_lost", partition.lost},
                              {"duplicate", partition.duplicate},
                              {"chain", partition.chain_ok ? "ok" : "broken"}});
    }
    return {{"ok", report.ok()},
            {"partitions", std::move(partitions)},
            {"findings", report.findings},
            {"entries", report.entries},
            {"files", report.files},
            {"rows", report.rows},
            {"rows_late", report.rows_late},
            {"snapshots", report.snapshots},
            {"rows_expired", report.rows_expired},
            {"files_expired", report.files_expired},
            {"retained_from", report.retained_from.empty() ? nlohmann::json(nullptr)
                                                           : nlohmann::json(report.retained_from)},
            {"files_awaiting", report.files_awaiting}};
}

// Sources are many, topics are few: the table sums over sources.
void print_table(const VerifyReport& report) {
    std::map<std::string, VerifiedPartition> topics;
    std::map<std::string, std::size_t> sources;
    std::uint64_t accepted_lost = 0;
    for (const VerifiedPartition& partition : report.partitions) {
        VerifiedPartition& sum = topics[partition.topic];
        ++sources[partition.topic];
        sum.rows += partition.rows;
        sum.quarantined += partition.quarantined;
        sum.missing += partition.missing;
        sum.duplicate += partition.duplicate;
        accepted_lost += partition.lost;
        sum.chain_ok = sum.chain_ok && partition.chain_ok;
    }
    fmt::print("{:<22} {:>8} {:>12} {:>12} {:>8} {:>10} {:>6}\n", "topic", "sources", "rows",
               "quarantined", "missing", "duplicate", "chain");
    for (const auto& [topic, sum] : topics) {
        fmt::print("{:<22} {:>8} {:>12} {:>12} {:>8} {:>10} {:>6}\n", topic, sources[topic],
                   sum.rows, sum.quarantined, sum.missing, sum.duplicate,
                   sum.chain_ok ? "ok" : "broken");
    }
    if (report.rows_late > 0)
        fmt::print("{} of the rows are late, beside bronze\n", report.rows_late);
    if (accepted_lost > 0) {
        fmt::print("{} offsets were accepted as lost (--accept-gap)\n", accepted_lost);
    }
    if (!report.retained_from.empty()) {
        fmt::print("expired before {}: {} rows in {} files\n", report.retained_from,
                   report.rows_expired, report.files_expired);
    }
    if (report.files_awaiting > 0) {
        fmt::print("{} replaced files stay for readers until a compact removes them\n",
                   report.files_awaiting);
    }
    fmt::print("{} entries, {} files, {} rows, {} snapshot{}: {}\n", report.entries, report.files,
               report.rows, report.snapshots, report.snapshots == 1 ? "" : "s",
               report.ok() ? "all as committed"
                           : fmt::format("{} finding{}", report.findings.size(),
                                         report.findings.size() == 1 ? "" : "s"));
}

Result<Exit> run_verify(const VerifyArguments& options) {
    TRY_ASSIGN(const auto files, lake::open_lake_read_only(options.lake));
    TRY_ASSIGN(const VerifyReport report, ingest::verify(*files, options.verify));
    if (options.json) {
        fmt::print("{}\n", report_json(report).dump(-1, ' ', false,
                                                    nlohmann::json::error_handler_t::replace));
    } else {
        print_table(report);
    }
    for (const std::string& finding : report.findings) log_line(LogLevel::error, finding);
    return report.ok() ? Exit::done : Exit::data_test_failed;
}

Run declare_verify(CLI::App& app) {
    auto options = std::make_shared<VerifyArguments>();
    options->verify.threads = static_cast<int>(std::max(1u, std::thread::hardware_concurrency()));
    if (const char* scratch = std::getenv("TMPDIR")) options->verify.scratch = scratch;
    app.add_option("--lake", options->lake, "The lake: a path or file:///path (default ./lake)");
    app.add_flag("--full", options->verify.full,
                 "Read every byte again and compare hashes (default: sizes, row counts, offsets)");
    app.add_option("--threads", options->verify.threads, "Threads (default the machine's cores)")
        ->check(CLI::Range(1, 256));
    add_bytes_option(app, "--memory", options->verify.memory_bytes,
                     "Memory before it spills to disk (default 512MiB)");
    app.add_flag("--json", options->json, "Print the result as JSON");
    return [options](const std::stop_token&) { return run_verify(*options); };
}

}  // namespace

const Command kVerify{
    .name = "verify",
    .summary = "Prove that nothing of what was ingested is missing, doubled or changed",
    .examples =
        "  bassline verify --lake ./lake\n"
        "  bassline verify --lake ./lake --full --json",
    .declare = declare_verify,
};

}  // namespace bassline::cli
