// SPDX-License-Identifier: Apache-2.0
#include "pipeline/summary.hpp"

#include "lake/live_files.hpp"
#include "lake/snapshot.hpp"
#include "models/query.hpp"

namespace bassline::pipeline {
namespace {

Result<void> count_bronze(const storage::FileSystem& files, LakeSummary& summary) {
    TRY_ASSIGN(const lake::LakeLog log, lake::load_log(files));
    for (const auto& [name, file] : log.live.files) {
        const lake::Output& output = file.output;
        if (output.kind == lake::OutputKind::quarantine)
            summary.quarantined += output.rows;
        else if (output.kind == lake::OutputKind::bronze)
            summary.bronze[output.topic] += output.rows;
    }
    return {};
}

void count_tables(const lake::Snapshot& snapshot, LakeSummary& summary) {
    for (const auto& [name, table] : snapshot.tables) {
        if (table.layer != "silver" && table.layer != "gold") continue;
        auto& layer = table.layer == "silver" ? summary.silver : summary.gold;
        for (const lake::TableFile& file : table.files) layer[name] += file.rows;
    }
}

Result<void> read_top_songs(const storage::FileSystem& files, const std::stop_token& stop,
                            LakeSummary& summary) {
    TRY_ASSIGN(
        models::QueryResult result,
        models::query_lake(files,
                           "select song, artist, play_count from gold.top_songs_by_play_count "
                           "order by rank limit 5",
                           {}, stop));
    for (duck::Rows& rows = result.rows(); rows.next();) {
        summary.top_songs.push_back(
            {std::string(rows.text(0)), std::string(rows.text(1)), rows.int64(2)});
    }
    return {};
}

Result<void> read_weekdays(const storage::FileSystem& files, const std::stop_token& stop,
                           LakeSummary& summary) {
    TRY_ASSIGN(models::QueryResult result,
               models::query_lake(files,
                                  "select weekday, user_days, mean_listening_time from "
                                  "gold.weekday_mean_listening_time order by iso_weekday",
                                  {}, stop));
    for (duck::Rows& rows = result.rows(); rows.next();) {
        WeekdayListening day{.weekday = std::string(rows.text(0)), .user_days = rows.int64(1)};
        if (!rows.is_null(2)) day.mean_seconds = rows.real(2);
        summary.weekdays.push_back(std::move(day));
    }
    return {};
}

}  // namespace

Result<LakeSummary> summarize(const storage::FileSystem& files, const std::stop_token& stop) {
    LakeSummary summary;
    TRY_ASSIGN(const auto snapshot, lake::newest_snapshot(files));
    if (!snapshot) return error(ErrorKind::not_found, "{} was never built", files.root());
    summary.snapshot = snapshot->n;
    TRY(count_bronze(files, summary));
    count_tables(*snapshot, summary);
    TRY(read_top_songs(files, stop, summary));
    TRY(read_weekdays(files, stop, summary));
    return summary;
}

}  // namespace bassline::pipeline
