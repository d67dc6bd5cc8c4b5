// SPDX-License-Identifier: Apache-2.0
#include "ingest/row_counts.hpp"

#include "duck/sql_text.hpp"

namespace bassline::ingest {
namespace {

std::string offsets_of(const std::vector<std::string>& paths, bool quarantined) {
    return fmt::format(
        "select chain, source_partition, source_offset, {} as quarantined from read_parquet({}, "
        "hive_partitioning = false)",
        quarantined, duck::path_list(paths));
}

}  // namespace

Result<RowCounter> RowCounter::open(int threads, std::uint64_t memory_bytes,
                                    const std::string& scratch) {
    TRY_ASSIGN(storage::TemporaryFolder folder, storage::TemporaryFolder::make(scratch, "verify"));
    TRY_ASSIGN(duck::Database database,
               duck::Database::open({.threads = threads,
                                     .memory_bytes = memory_bytes,
                                     .temp_directory = folder.path() + "/spill"}));
    TRY_ASSIGN(duck::Connection connection, database.connect());
    return RowCounter(std::move(folder), std::move(database), std::move(connection));
}

Result<duck::Rows> RowCounter::ask(const std::string& sql) {
    auto rows = connection_.query(sql);
    if (!rows && !shortage_ && rows.error().kind == ErrorKind::config) shortage_ = rows.error();
    return rows;
}

Result<std::uint64_t> RowCounter::rows_of(const std::string& path) {
    TRY_ASSIGN(duck::Rows rows,
               ask(fmt::format("select num_rows::bigint from parquet_file_metadata({})",
                               duck::quote_path(path))));
    return rows.next() ? static_cast<std::uint64_t>(rows.int64(0)) : std::uint64_t{0};
}

Result<std::map<SourceId, SourceRows>> RowCounter::by_source(
    const std::vector<std::string>& bronze, const std::vector<std::string>& quarantine) {
    std::map<SourceId, SourceRows> sources;
    if (bronze.empty() && quarantine.empty()) return sources;
    std::string records;
    if (!bronze.empty()) records = offsets_of(bronze, false);
    if (!bronze.empty() && !quarantine.empty()) records += " union all ";
    if (!quarantine.empty()) records += offsets_of(quarantine, true);
    TRY_ASSIGN(duck::Rows rows, ask(fmt::format(R"(
        with records as ({}),
        offsets as (
            select
                chain,
                source_partition,
                source_offset,
                count(*) as times,
                count_if(quarantined) as quarantined
            from records
            group by chain, source_partition, source_offset
        )
        select
            chain,
            source_partition::bigint,
            sum(times - quarantined)::bigint,
            sum(quarantined)::bigint,
            sum(times - 1)::bigint,
            min(source_offset)::bigint,
            max(source_offset)::bigint
        from offsets
        group by chain, source_partition)",
                                                records)));
    while (rows.next()) {
        sources[{std::string(rows.text(0)), static_cast<std::uint64_t>(rows.int64(1))}] = {
            .bronze = static_cast<std::uint64_t>(rows.int64(2)),
            .quarantined = static_cast<std::uint64_t>(rows.int64(3)),
            .duplicate = static_cast<std::uint64_t>(rows.int64(4)),
            .first_offset = rows.int64(5),
            .last_offset = rows.int64(6)};
    }
    return sources;
}

}  // namespace bassline::ingest
