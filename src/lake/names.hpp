// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/clock.hpp"

// Every name inside a lake is made here (docs/formats/lake.md, "Tree"). Paths are relative to the
// lake's root.
namespace bassline::lake {

inline constexpr int kLakeFormat = 1;  // a lake of a newer format is refused

/// In control files: XXH64 of the document without this key.
inline constexpr const char* kChecksumKey = "checksum";

inline constexpr std::string_view kLakeFile = "_lake.json";   // names the lake's format
inline constexpr std::string_view kFilesChain = "files";      // the one chain of all file sources
inline constexpr std::string_view kCompactChain = "compact";  // merged and expired files

/// `kafka-<topic>-<partition>`
std::string kafka_chain(std::string_view topic, std::int32_t partition);

/// `_ingest/live_files`: a fold of all chains; a hint, never trusted over them.
inline constexpr std::string_view kLiveFilesCheckpoint = "_ingest/live_files";
/// `_ingest/compact/swept`: up to which entry of the chain `compact` replaced files are gone.
inline constexpr std::string_view kSweptMark = "_ingest/compact/swept";
/// In the folder of an hour of bronze that is complete: an empty file.
inline constexpr std::string_view kCompleteMark = "_SUCCESS";
/// Under it a merged file has the name that the log gives it.
inline constexpr std::string_view kMergedDirectory = "_ingest/compact/merged";

/// `_ingest/<chain>`
std::string chain_directory(std::string_view chain);
/// `_ingest/<chain>/log`
std::string chain_log_directory(std::string_view chain);
/// `_ingest/<chain>/log/<seq, 20 digits>.json`
std::string chain_entry_path(std::string_view chain, std::uint64_t seq);
/// `_ingest/<chain>/archive` and `_ingest/<chain>/archive/<first seq, 20 digits>.jsonl.zst`
std::string chain_archive_directory(std::string_view chain);
std::string chain_archive_path(std::string_view chain, std::uint64_t first_seq);
/// `_ingest/<chain>/checkpoint` and `_ingest/<chain>/checkpoint/<seq, 20 digits>.json`
std::string chain_checkpoint_directory(std::string_view chain);
std::string chain_checkpoint_path(std::string_view chain, std::uint64_t seq);
/// `_ingest/<chain>/lock`: held while a process writes the chain of a local lake.
std::string chain_lock_path(std::string_view chain);
/// `_ingest/<chain>/staging` and `_ingest/<chain>/staging/<writer>`
std::string chain_staging_directory(std::string_view chain);
std::string staging_directory(std::string_view chain, std::string_view writer);
/// `entry-<seq>.json` in it; its other files are `<seq>-<anything>`.
std::string staged_entry_path(std::string_view chain, std::string_view writer, std::uint64_t seq);
/// The entry that a file in a staging folder is for. Ours alone have such names.
std::uint64_t staged_seq(std::string_view path);
/// `_ingest/schemas/<registry>`: schemas by id, a cache; no chain has that name.
inline constexpr std::string_view kSchemasFolder = "schemas";
std::string schemas_directory(std::string_view registry);
/// `bronze/<topic>`: folders of dates with folders of hours.
std::string bronze_directory(std::string_view topic);
/// True for the mark of a complete hour, in the place where one may stand.
bool is_complete_mark(std::string_view path);
/// `bronze/<topic>/date=YYYY-MM-DD/hour=HH/<topic>-<chain>-<seq>-<k>of<n>.parquet`; k counts
/// from 1.
std::string bronze_path(std::string_view topic, std::string_view date, int hour,
                        std::string_view chain, std::uint64_t seq, std::size_t k, std::size_t n);
/// The same under `_late/`: events that came too late for bronze.
std::string late_path(std::string_view topic, std::string_view date, int hour,
                      std::string_view chain, std::uint64_t seq, std::size_t k, std::size_t n);
/// `_quarantine/<topic>/date=YYYY-MM-DD/<topic>-<chain>-<seq>-<k>of<n>.parquet`; the date is that
/// of ingest.
std::string quarantine_path(std::string_view topic, std::string_view date, std::string_view chain,
                            std::uint64_t seq, std::size_t k, std::size_t n);
/// `_ingest/compact/merged/<visible path>`: where our readers find a merged file, always.
std::string merged_path(std::string_view visible);
/// The name that readers of folders meet: of a merged file its second name under `bronze/` or
/// `_quarantine/`, of any other the path itself.
std::string visible_path(std::string_view path);
/// `_snapshots/<n, 20 digits>.json`
std::string snapshot_path(std::uint64_t n);
/// `_versions/<run>/<table>/<table>.parquet`, or with a date
/// `_versions/<run>/<table>/event_date=YYYY-MM-DD/<table>.parquet`.
std::string version_path(std::string_view run, std::string_view table, std::string_view event_date);
/// `_runs/<run>`
std::string run_directory(std::string_view run);

}  // namespace bassline::lake
