// SPDX-License-Identifier: Apache-2.0
#include "lake/names.hpp"

#include <cstdlib>

#include <fmt/format.h>

namespace bassline::lake {
namespace {

constexpr std::string_view kStagedEntry = "entry-";

}  // namespace

std::string kafka_chain(std::string_view topic, std::int32_t partition) {
    return fmt::format("kafka-{}-{}", topic, partition);
}

std::string chain_directory(std::string_view chain) {
    return fmt::format("_ingest/{}", chain);
}

std::string chain_log_directory(std::string_view chain) {
    return fmt::format("_ingest/{}/log", chain);
}

std::string chain_entry_path(std::string_view chain, std::uint64_t seq) {
    return fmt::format("_ingest/{}/log/{:020}.json", chain, seq);
}

std::string chain_archive_directory(std::string_view chain) {
    return fmt::format("_ingest/{}/archive", chain);
}

std::string chain_archive_path(std::string_view chain, std::uint64_t first_seq) {
    return fmt::format("_ingest/{}/archive/{:020}.jsonl.zst", chain, first_seq);
}

std::string chain_checkpoint_directory(std::string_view chain) {
    return fmt::format("_ingest/{}/checkpoint", chain);
}

std::string chain_checkpoint_path(std::string_view chain, std::uint64_t seq) {
    return fmt::format("_ingest/{}/checkpoint/{:020}.json", chain, seq);
}

std::string chain_lock_path(std::string_view chain) {
    return fmt::format("_ingest/{}/lock", chain);
}

std::string chain_staging_directory(std::string_view chain) {
    return fmt::format("_ingest/{}/staging", chain);
}

std::string schemas_directory(std::string_view registry) {
    return fmt::format("_ingest/{}/{}", kSchemasFolder, registry);
}

std::string staging_directory(std::string_view chain, std::string_view writer) {
    return fmt::format("_ingest/{}/staging/{}", chain, writer);
}

std::string staged_entry_path(std::string_view chain, std::string_view writer, std::uint64_t seq) {
    return fmt::format("{}/{}{}.json", staging_directory(chain, writer), kStagedEntry, seq);
}

std::uint64_t staged_seq(std::string_view path) {
    std::string name(path.substr(path.rfind('/') + 1));
    if (name.starts_with(kStagedEntry)) name = name.substr(kStagedEntry.size());
    return std::strtoull(name.c_str(), nullptr, 10);
}

std::string bronze_directory(std::string_view topic) {
    return fmt::format("bronze/{}", topic);
}

bool is_complete_mark(std::string_view path) {
    const std::size_t name = path.rfind('/') + 1;
    if (path.substr(name) != kCompleteMark || !path.starts_with("bronze/")) return false;
    const std::string_view hour = path.substr(0, name - 1);
    return hour.substr(hour.rfind('/') + 1).starts_with("hour=");
}

std::string bronze_path(std::string_view topic, std::string_view date, int hour,
                        std::string_view chain, std::uint64_t seq, std::size_t k, std::size_t n) {
    return fmt::format("bronze/{}/date={}/hour={:02}/{}-{}-{}-{}of{}.parquet", topic, date, hour,
                       topic, chain, seq, k, n);
}

std::string late_path(std::string_view topic, std::string_view date, int hour,
                      std::string_view chain, std::uint64_t seq, std::size_t k, std::size_t n) {
    return fmt::format("_late/{}/date={}/hour={:02}/{}-{}-{}-{}of{}.parquet", topic, date, hour,
                       topic, chain, seq, k, n);
}

std::string quarantine_path(std::string_view topic, std::string_view date, std::string_view chain,
                            std::uint64_t seq, std::size_t k, std::size_t n) {
    return fmt::format("_quarantine/{}/date={}/{}-{}-{}-{}of{}.parquet", topic, date, topic, chain,
                       seq, k, n);
}

std::string merged_path(std::string_view visible) {
    return fmt::format("{}/{}", kMergedDirectory, visible);
}

std::string visible_path(std::string_view path) {
    if (path.starts_with(kMergedDirectory)) path.remove_prefix(kMergedDirectory.size() + 1);
    return std::string(path);
}

std::string snapshot_path(std::uint64_t n) {
    return fmt::format("_snapshots/{:020}.json", n);
}

std::string version_path(std::string_view run, std::string_view table,
                         std::string_view event_date) {
    if (event_date.empty()) return fmt::format("_versions/{}/{}/{}.parquet", run, table, table);
    return fmt::format("_versions/{}/{}/event_date={}/{}.parquet", run, table, event_date, table);
}

std::string run_directory(std::string_view run) {
    return fmt::format("_runs/{}", run);
}

}  // namespace bassline::lake
