// SPDX-License-Identifier: Apache-2.0
#include "ingest/verify.hpp"

#include <cstdlib>
#include <memory>
#include <nlohmann/json.hpp>
#include <thread>

#include <fmt/format.h>

#include "base/log.hpp"
#include "cli/command.hpp"
#include "cli/kafka_cluster.hpp"
#include "cli/progress.hpp"
#include "cli/values.hpp"
#include "lake/lake.hpp"
#include "lake/names.hpp"

// `bassline verify`: holds a lake against its own logs.
namespace bassline::cli {
namespace {

using ingest::BrokerState;
using ingest::VerifiedPartition;
using ingest::VerifyReport;

struct VerifyArguments {
    std::string lake = "./lake";
    ingest::VerifyOptions verify;
    ClusterArguments cluster;
    RegistryArguments registry;
    bool json = false;
};

nlohmann::json broker_json(const BrokerState& state) {
    return {{"chain_name", state.chain},
            {"topic", state.topic},
            {"partition", state.partition},
            {"start", state.start},
            {"end", state.end},
            {"comparable", state.is_comparable},
            {"low", state.low},
            {"high", state.high},
            {"lag", state.lag},
            {"removed", state.removed},
            {"compared", state.compared},
            {"unread", state.unread},
            {"absent", state.absent},
            {"doubled", state.doubled},
            {"unknown", state.unknown},
            {"differing", state.differing},
            {"expired", state.expired},
            {"compacted", state.compacted}};
}

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
    nlohmann::json brokers = nlohmann::json::array();
    for (const BrokerState& state : report.brokers) brokers.push_back(broker_json(state));
    return {{"ok", report.ok()},
            {"partitions", std::move(partitions)},
            {"brokers", std::move(brokers)},
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

void print_brokers(const VerifyReport& report) {
    if (report.brokers.empty()) return;
    fmt::print("\n{:<26} {:>10} {:>10} {:>10} {:>8} {:>10} {:>9} {:>7} {:>8} {:>8} {:>6}\n",
               "against the brokers", "read up to", "low", "high", "lag", "removed", "compared",
               "absent", "doubled", "unknown", "other");
    std::uint64_t unread = 0;
    std::uint64_t compacted = 0;
    std::uint64_t expired = 0;
    for (const BrokerState& state : report.brokers) {
        fmt::print("{:<26} {:>10} {:>10} {:>10} {:>8} {:>10} {:>9} {:>7} {:>8} {:>8} {:>6}\n",
                   fmt::format("{} p={}", state.topic, state.partition), state.end, state.low,
                   state.high, state.lag, state.removed, state.compared, state.absent,
                   state.doubled, state.unknown, state.differing);
        unread += state.unread;
        compacted += state.compacted;
        expired += state.expired;
    }
    if (unread > 0) {
        fmt::print(
            "the content of {} records was not compared: their schema is not known "
            "(--schema-registry)\n",
            unread);
    }
    if (expired > 0) fmt::print("the rows of {} records expired (compact --retain)\n", expired);
    if (compacted > 0) {
        fmt::print("{} rows have no record any more in a compacted topic\n", compacted);
    }
    fmt::print("\n");
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
    print_brokers(report);
    fmt::print("{} entries, {} files, {} rows, {} snapshot{}: {}\n", report.entries, report.files,
               report.rows, report.snapshots, report.snapshots == 1 ? "" : "s",
               report.ok() ? "all as committed"
                           : fmt::format("{} finding{}", report.findings.size(),
                                         report.findings.size() == 1 ? "" : "s"));
}

ProgressDisplay::State reread_state(const ingest::RereadProgress& progress) {
    const std::uint64_t total = progress.offsets_total;
    if (total == 0) return {-1, "verifying"};
    const double share = static_cast<double>(progress.offsets) / static_cast<double>(total);
    return {share, fmt::format("{:3.0f} %  {} of {} offsets, {:.1f} MB read again", share * 100,
                               with_commas(static_cast<double>(progress.offsets)),
                               with_commas(static_cast<double>(total)),
                               static_cast<double>(progress.bytes) / 1e6)};
}

Result<VerifyReport> verify_with_brokers(const storage::FileSystem& files,
                                         const VerifyArguments& options,
                                         ingest::VerifyOptions wanted) {
    ingest::RereadProgress progress;
    wanted.kafka = ingest::KafkaVerifyOptions{.progress = &progress};
    TRY_ASSIGN(wanted.kafka->cluster, cluster_of(options.cluster));
    TRY_ASSIGN(wanted.kafka->registry, registry_of(options.registry));
    if (auto& registry = wanted.kafka->registry) {
        registry->read_only_files = &files;
        registry->folder = lake::schemas_directory(kafka::registry_folder_name(registry->urls));
    }
    const ProgressDisplay display([&progress](double) { return reread_state(progress); });
    return ingest::verify(files, wanted);
}

Result<Exit> run_verify(const VerifyArguments& options, const std::stop_token& stop) {
    TRY_ASSIGN(const auto files, lake::open_lake_read_only(options.lake));
    ingest::VerifyOptions wanted = options.verify;
    wanted.stop = stop;
    TRY_ASSIGN(const VerifyReport report, options.cluster.brokers.empty()
                                              ? ingest::verify(*files, wanted)
                                              : verify_with_brokers(*files, options, wanted));
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
    CLI::Option* const kafka = add_cluster_options(
        app, options->cluster,
        "Brokers to hold the Kafka chains against; with --full their records are read again: "
        "host:port,...");
    add_registry_options(app, options->registry,
                         "Schema Registry, to compare records that are framed with a schema's id")
        ->needs(kafka);
    app.add_flag("--json", options->json, "Print the result as JSON");
    return [options](const std::stop_token& stop) { return run_verify(*options, stop); };
}

}  // namespace

const Command kVerify{
    .name = "verify",
    .summary = "Prove that nothing of what was ingested is missing, doubled or changed",
    .examples =
        "  bassline verify --lake ./lake\n"
        "  bassline verify --lake ./lake --full --json\n"
        "  bassline verify --lake ./lake --kafka localhost:9092\n"
        "  bassline verify --lake ./lake --kafka localhost:9092 --full",
    .declare = declare_verify,
};

}  // namespace bassline::cli
