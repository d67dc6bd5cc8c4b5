// SPDX-License-Identifier: Apache-2.0
#include "status/status.hpp"

#include <memory>
#include <nlohmann/json.hpp>

#include <fmt/format.h>

#include "cli/command.hpp"
#include "cli/kafka_cluster.hpp"
#include "lake/lake.hpp"
#include "status/kafka_lag.hpp"

// `bassline status`: how far each layer of a lake is.
namespace bassline::cli {
namespace {

using Json = nlohmann::json;
using status::ChainState;
using status::Status;
using status::TopicState;

constexpr std::chrono::seconds kBrokerPatience{15};

struct StatusArguments {
    std::string lake = "./lake";
    ClusterArguments cluster;
    bool json = false;
};

double seconds_since(Timestamp then, Timestamp now) {
    return std::chrono::duration<double>(now - then).count();
}

Timestamp at_ms(std::int64_t ms) {
    return Timestamp(std::chrono::milliseconds(ms));
}

std::string age(Timestamp then, Timestamp now) {
    const double seconds = seconds_since(then, now);
    if (seconds < 0) return "ahead of the clock";
    if (seconds < 120) return fmt::format("{:.0f} s ago", seconds);
    if (seconds < 2 * 3600) return fmt::format("{:.0f} min ago", seconds / 60);
    if (seconds < 48 * 3600) return fmt::format("{:.0f} h ago", seconds / 3600);
    return fmt::format("{:.0f} days ago", seconds / 86'400);
}

Json chain_json(const ChainState& chain, Timestamp now) {
    Json object{{"chain", chain.name},
                {"entries", chain.entries},
                {"last_commit", format_rfc3339(chain.last_commit)},
                {"last_commit_age_seconds", seconds_since(chain.last_commit, now)}};
    if (chain.sources) {
        object["sources"] = *chain.sources;
        object["bytes_read"] = chain.bytes_read;
    }
    if (!chain.kafka) return object;
    const status::KafkaState& kafka = *chain.kafka;
    object["topic"] = kafka.topic;
    object["partition"] = kafka.partition;
    object["end"] = kafka.end;
    object["lag_offsets"] = kafka.lag_offsets ? Json(*kafka.lag_offsets) : Json();
    object["lag_seconds"] = kafka.lag_seconds ? Json(*kafka.lag_seconds) : Json();
    if (!kafka.note.empty()) object["note"] = kafka.note;
    return object;
}

Json topic_json(const TopicState& topic, Timestamp now) {
    Json object{{"rows", topic.rows}, {"bytes", topic.bytes}, {"files", topic.files}};
    if (topic.newest_event_ms) {
        const Timestamp newest = at_ms(*topic.newest_event_ms);
        object["newest_event"] = format_rfc3339(newest);
        object["newest_event_age_seconds"] = seconds_since(newest, now);
    }
    return object;
}

Json snapshot_json(const Status& status) {
    if (!status.snapshot) return {};
    const status::SnapshotState& snapshot = *status.snapshot;
    Json object{{"n", snapshot.n},
                {"committed_at", format_rfc3339(snapshot.committed_at)},
                {"age_seconds", seconds_since(snapshot.committed_at, status.now)},
                {"watermark", format_rfc3339(at_ms(snapshot.watermark_ms))},
                {"behind_seconds",
                 static_cast<double>(status.watermark_ms - snapshot.watermark_ms) / 1000}};
    for (const auto& [name, layer] : snapshot.layers) {
        object["layers"][name] = {{"tables", layer.tables},
                                  {"rows", layer.rows},
                                  {"bytes", layer.bytes},
                                  {"files", layer.files}};
    }
    return object;
}

Json status_json(const Status& status) {
    Json chains = Json::array();
    for (const ChainState& chain : status.chains) chains.push_back(chain_json(chain, status.now));
    Json topics = Json::object();
    for (const auto& [name, topic] : status.topics) topics[name] = topic_json(topic, status.now);
    Json quarantine = topic_json(status.quarantine.files, status.now);
    quarantine["by_reason"] = status.quarantine.by_reason;
    return {{"at", format_rfc3339(status.now)},
            {"chains", std::move(chains)},
            {"topics", std::move(topics)},
            {"late", topic_json(status.late, status.now)},
            {"quarantine", std::move(quarantine)},
            {"snapshot", snapshot_json(status)},
            {"small_files", status.small_files},
            {"files_awaiting", status.files_awaiting},
            {"retained_from",
             status.retained_from.empty() ? Json(nullptr) : Json(status.retained_from)}};
}

std::string reach_of(const ChainState& chain) {
    if (chain.sources) {
        return fmt::format("{} source{}, {} bytes", *chain.sources, *chain.sources == 1 ? "" : "s",
                           chain.bytes_read);
    }
    if (!chain.kafka) return "";
    const status::KafkaState& kafka = *chain.kafka;
    std::string text = fmt::format("offset {}", kafka.end);
    if (kafka.lag_offsets) text += fmt::format(", lag {}", *kafka.lag_offsets);
    if (kafka.lag_seconds) text += fmt::format(" ({:.1f} s)", *kafka.lag_seconds);
    if (!kafka.note.empty()) text += "; " + kafka.note;
    return text;
}

void print_chains(const Status& status) {
    fmt::print("{:<28} {:>8}  {:<18} {}\n", "chain", "entries", "last commit", "read up to");
    for (const ChainState& chain : status.chains) {
        std::string line = fmt::format("{:<28} {:>8}  {:<18} {}", chain.name, chain.entries,
                                       age(chain.last_commit, status.now), reach_of(chain));
        line.erase(line.find_last_not_of(' ') + 1);
        fmt::print("{}\n", line);
    }
}

void print_topics(const Status& status) {
    fmt::print("\n{:<22} {:>12} {:>14} {:>7}  {}\n", "bronze", "rows", "bytes", "files",
               "newest event");
    for (const auto& [name, topic] : status.topics) {
        const Timestamp newest = at_ms(topic.newest_event_ms.value_or(0));
        fmt::print("{:<22} {:>12} {:>14} {:>7}  {} ({})\n", name, topic.rows, topic.bytes,
                   topic.files, format_rfc3339(newest), age(newest, status.now));
    }
    if (status.late.rows > 0) {
        fmt::print("{:<22} {:>12} {:>14} {:>7}\n", "late, beside bronze", status.late.rows,
                   status.late.bytes, status.late.files);
    }
    const TopicState& quarantine = status.quarantine.files;
    fmt::print("{:<22} {:>12} {:>14} {:>7}\n", "quarantine", quarantine.rows, quarantine.bytes,
               quarantine.files);
    for (const auto& [reason, rows] : status.quarantine.by_reason) {
        fmt::print("  {:<20} {:>12}\n", reason, rows);
    }
    if (!status.retained_from.empty()) fmt::print("kept from {} on\n", status.retained_from);
    fmt::print("{} small files for `bassline compact`, {} replaced ones await their removal\n",
               status.small_files, status.files_awaiting);
}

void print_snapshot(const Status& status) {
    if (!status.snapshot) {
        fmt::print("\nnever built: `bassline build` makes silver and gold\n");
        return;
    }
    const status::SnapshotState& snapshot = *status.snapshot;
    fmt::print("\nsnapshot {}, committed {}: events up to {} ({:.0f} s behind bronze)\n",
               snapshot.n, age(snapshot.committed_at, status.now),
               format_rfc3339(at_ms(snapshot.watermark_ms)),
               static_cast<double>(status.watermark_ms - snapshot.watermark_ms) / 1000);
    for (const auto& [name, layer] : snapshot.layers) {
        fmt::print("{:<22} {:>12} {:>14} {:>7}  {} tables\n", name, layer.rows, layer.bytes,
                   layer.files, layer.tables);
    }
}

Result<Exit> run_status(const StatusArguments& options) {
    TRY_ASSIGN(const auto files, lake::open_lake_read_only(options.lake));
    TRY_ASSIGN(Status status, status::read_status(*files, SystemClock()));
    if (!options.cluster.brokers.empty()) {
        TRY_ASSIGN(const kafka::Cluster cluster, cluster_of(options.cluster));
        TRY(status::add_kafka_lag(cluster, kBrokerPatience, status.now, status.chains));
    }
    if (options.json) {
        fmt::print("{}\n",
                   status_json(status).dump(-1, ' ', false, Json::error_handler_t::replace));
        return Exit::done;
    }
    print_chains(status);
    print_topics(status);
    print_snapshot(status);
    return Exit::done;
}

Run declare_status(CLI::App& app) {
    auto options = std::make_shared<StatusArguments>();
    app.add_option("--lake", options->lake, "The lake: a path or file:///path (default ./lake)");
    add_cluster_options(app, options->cluster,
                        "Brokers to ask how far the Kafka chains are behind: host:port,...");
    app.add_flag("--json", options->json, "Print the result as JSON");
    return [options](const std::stop_token&) { return run_status(*options); };
}

}  // namespace

const Command kStatus{
    .name = "status",
    .summary = "Tell how far each layer is: rows, bytes, freshness, lag, quarantine",
    .examples =
        "  bassline status --lake ./lake\n"
        "  bassline status --lake ./lake --json\n"
        "  bassline status --lake ./lake --kafka localhost:9092",
    .declare = declare_status,
};

}  // namespace bassline::cli
