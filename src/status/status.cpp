// SPDX-License-Identifier: Apache-2.0
#include "status/status.hpp"

#include <algorithm>

#include "compact/plan.hpp"
#include "duck/database.hpp"
#include "duck/sql_text.hpp"
#include "lake/file_sources.hpp"
#include "lake/kafka_chain.hpp"
#include "lake/live_files.hpp"
#include "lake/names.hpp"
#include "lake/snapshot.hpp"

namespace bassline::status {
namespace {

using storage::FileSystem;

Result<void> describe_sources(const FileSystem& files, ChainState& chain) {
    TRY_ASSIGN(const lake::FilesChain loaded, lake::load_files_chain(files));
    chain.sources = loaded.sources.sources.size();
    for (const auto& [number, source] : loaded.sources.sources) chain.bytes_read += source.end;
    return {};
}

// The name does not tell where the topic ends; the genesis does.
Result<void> describe_partition(const FileSystem& files, ChainState& chain) {
    TRY_ASSIGN(const lake::ReadEntry genesis, lake::read_entry(files, chain.name, 0));
    const auto& identity = genesis.entry.identity;
    if (!identity.contains("topic") || !identity.contains("partition")) return {};
    TRY_ASSIGN(const auto tail, lake::load_kafka_tail(files, identity.at("topic"),
                                                      std::atoi(identity.at("partition").c_str())));
    if (!tail) return {};
    chain.kafka = KafkaState{.topic = tail->identity.topic,
                             .partition = tail->identity.partition,
                             .cluster_id = tail->identity.cluster_id,
                             .topic_id = tail->identity.topic_id,
                             .end = tail->end};
    return {};
}

Result<std::vector<ChainState>> describe_chains(const FileSystem& files, const lake::LakeLog& log) {
    std::vector<ChainState> chains;
    for (const auto& [name, newest] : log.newest) {
        ChainState chain{
            .name = name, .entries = newest.seq + 1, .last_commit = newest.committed_at};
        if (name == lake::kFilesChain) TRY(describe_sources(files, chain));
        if (lake::is_kafka_chain(name)) TRY(describe_partition(files, chain));
        chains.push_back(std::move(chain));
    }
    return chains;
}

void add(TopicState& state, const lake::Output& output) {
    state.rows += output.rows;
    state.bytes += output.bytes;
    ++state.files;
    if (output.kind == lake::OutputKind::quarantine) return;
    state.newest_event_ms =
        std::max(state.newest_event_ms.value_or(output.max_event_ms), output.max_event_ms);
}

TopicState& state_of(Status& status, const lake::Output& output) {
    switch (output.kind) {
        case lake::OutputKind::bronze:
            return status.topics[output.topic];
        case lake::OutputKind::late:
            return status.late;
        case lake::OutputKind::quarantine:
            break;
    }
    return status.quarantine.files;
}

// Of a newest entry some files may not be published yet: their reasons come a moment later.
Result<void> count_reasons(const FileSystem& files, const lake::LiveFiles& live,
                           QuarantineState& quarantine) {
    std::vector<std::string> paths;
    for (const auto& [name, file] : live.files) {
        if (file.output.kind != lake::OutputKind::quarantine) continue;
        TRY_ASSIGN(const bool stands, files.exists(name));
        if (stands) paths.push_back(files.absolute(name));
    }
    if (paths.empty()) return {};
    TRY_ASSIGN(duck::Database database, duck::Database::open({}));
    TRY_ASSIGN(duck::Connection connection, database.connect());
    TRY_ASSIGN(duck::Rows rows,
               connection.query(fmt::format("select reason, count(*) from read_parquet({}, "
                                            "hive_partitioning = false) group by reason",
                                            duck::path_list(paths))));
    while (rows.next()) {
        quarantine.by_reason[std::string(rows.text(0))] = static_cast<std::uint64_t>(rows.int64(1));
    }
    return {};
}

SnapshotState describe(const lake::Snapshot& snapshot) {
    SnapshotState state{.n = snapshot.n,
                        .committed_at = snapshot.committed_at,
                        .watermark_ms = snapshot.watermark_ms};
    for (const auto& [name, table] : snapshot.tables) {
        LayerState& layer = state.layers[table.layer];
        ++layer.tables;
        layer.files += table.files.size();
        for (const lake::TableFile& file : table.files) {
            layer.rows += file.rows;
            layer.bytes += file.bytes;
        }
    }
    return state;
}

std::uint64_t count_small(const lake::LiveFiles& live, Timestamp now) {
    std::uint64_t count = 0;
    const auto today = std::chrono::floor<std::chrono::days>(now);
    for (const compact::Merge& merge :
         compact::plan_merges(live, compact::closed_before(live.watermark_ms), today, {})) {
        count += merge.inputs.size();
    }
    return count;
}

Result<std::uint64_t> count_awaiting(const FileSystem& files, const lake::LiveFiles& live) {
    TRY_ASSIGN(const std::uint64_t swept, lake::swept_entries(files));
    const auto head = live.heads.find(std::string(lake::kCompactChain));
    std::uint64_t count = 0;
    for (std::uint64_t seq = swept; head != live.heads.end() && seq < head->second.next_seq;
         ++seq) {
        TRY_ASSIGN(const lake::ReadEntry read, lake::read_entry(files, lake::kCompactChain, seq));
        count += read.entry.replaced.size();
    }
    return count;
}

}  // namespace

Result<Status> read_status(const FileSystem& files, const Clock& clock) {
    TRY_ASSIGN(const lake::LakeLog log, lake::load_log(files));
    Status status{.now = clock.now(),
                  .watermark_ms = log.live.watermark_ms,
                  .retained_from = log.live.retained_from};
    TRY_ASSIGN(status.chains, describe_chains(files, log));
    for (const auto& [name, file] : log.live.files) {
        add(state_of(status, file.output), file.output);
    }
    TRY(count_reasons(files, log.live, status.quarantine));
    TRY_ASSIGN(const auto snapshot, lake::newest_snapshot(files));
    if (snapshot) status.snapshot = describe(*snapshot);
    status.small_files = count_small(log.live, status.now);
    TRY_ASSIGN(status.files_awaiting, count_awaiting(files, log.live));
    return status;
}

}  // namespace bassline::status
