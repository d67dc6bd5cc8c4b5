// SPDX-License-Identifier: Apache-2.0
#include "dashboard/gold_reader.hpp"

#include <algorithm>
#include <cmath>
#include <set>
#include <utility>

#include "duck/database.hpp"
#include "duck/sql_text.hpp"

namespace bassline::dashboard {
namespace {

constexpr std::string_view kSongDays = "int_song_days";
constexpr int kThreads = 2;
constexpr std::uint64_t kMemoryBytes = std::uint64_t{512} << 20;

std::int64_t to_ms(double seconds) {
    return std::llround(seconds * 1000.0);
}

}  // namespace

std::uint32_t KeyNumbers::of(std::string_view key) {
    const auto found = numbers_.find(key);
    if (found != numbers_.end()) return found->second;
    return numbers_.emplace(key, static_cast<std::uint32_t>(numbers_.size())).first->second;
}

// One snapshot's: where the tables are, and the connection that reads them.
class GoldReader::Load {
public:
    Load(GoldReader& reader, const lake::Snapshot& snapshot, duck::Connection connection)
        : reader_(reader), snapshot_(snapshot), connection_(std::move(connection)) {}

    Result<void> read_user_days(Gold& gold);
    Result<void> read_songs(Gold& gold);
    Result<void> read_song_days(Gold& gold);
    Result<void> read_new_song_days(const lake::Table& table);
    Result<void> read_active_days(Gold& gold);
    Result<void> read_level_days(Gold& gold);
    Result<void> read_session_days(Gold& gold);
    Result<void> read_status_days(Gold& gold);

private:
    Result<const lake::Table*> find(std::string_view table) const;
    // Rows of `select <columns> from <these files, by absolute path> <rest>`.
    Result<duck::Rows> select_from(const std::vector<std::string>& paths, std::string_view table,
                                   std::string_view columns, std::string_view rest);
    // The same of all files of the table.
    Result<duck::Rows> select(std::string_view table, std::string_view columns,
                              std::string_view rest);

    GoldReader& reader_;
    const lake::Snapshot& snapshot_;
    duck::Connection connection_;
};

Result<const lake::Table*> GoldReader::Load::find(std::string_view table) const {
    const auto found = snapshot_.tables.find(std::string(table));
    if (found != snapshot_.tables.end()) return &found->second;
    return error(ErrorKind::bad_data, "snapshot {} has no table {}; run `bassline build`",
                 snapshot_.n, table);
}

Result<duck::Rows> GoldReader::Load::select_from(const std::vector<std::string>& paths,
                                                 std::string_view table, std::string_view columns,
                                                 std::string_view rest) {
    auto rows = connection_.query(fmt::format(
        "select {} from read_parquet({}, hive_partitioning = false, filename = true) {}", columns,
        duck::path_list(paths), rest));
    if (!rows) return std::move(rows).error().during("reading table " + std::string(table));
    return rows;
}

Result<duck::Rows> GoldReader::Load::select(std::string_view table, std::string_view columns,
                                            std::string_view rest) {
    TRY_ASSIGN(const lake::Table* found, find(table));
    std::vector<std::string> paths;
    for (const auto& file : found->files) {
        paths.push_back(reader_.files_.absolute(file.path));
    }
    return select_from(paths, table, columns, rest);
}

Result<void> GoldReader::Load::read_user_days(Gold& gold) {
    TRY_ASSIGN(auto rows, select("daily_user_listen_counts",
                                 "event_date, concat_ws(':', \"userId\", producer), "
                                 "listen_count, countable_streams, "
                                 "free_listens, paid_listens, listened_seconds",
                                 "order by event_date"));
    KeyNumbers users;
    while (rows.next()) {
        gold.user_days.push_back({rows.date(0), users.of(rows.text(1)), rows.int64(2),
                                  rows.int64(3), rows.int64(4), rows.int64(5),
                                  to_ms(rows.real(6))});
    }
    return {};
}

Result<void> GoldReader::Load::read_songs(Gold& gold) {
    TRY_ASSIGN(auto rows, select("top_songs_by_play_count", "song_key, song, artist, rank", ""));
    while (rows.next()) {
        const std::uint32_t song = reader_.songs_.of(rows.text(0));
        gold.songs.resize(std::max<std::size_t>(gold.songs.size(), song + 1));
        gold.songs[song] = {std::string(rows.text(1)), std::string(rows.text(2)), rows.int64(3)};
    }
    return {};
}

// The rows of files that the reader does not know yet.
Result<void> GoldReader::Load::read_new_song_days(const lake::Table& table) {
    std::map<std::string, std::vector<SongDay>> added;
    std::map<std::string, std::vector<SongDay>*, std::less<>> by_name;
    std::vector<std::string> paths;
    for (const auto& file : table.files) {
        if (reader_.song_days_.contains(file.path)) continue;
        paths.push_back(reader_.files_.absolute(file.path));
        by_name[paths.back()] = &added[file.path];
    }
    if (paths.empty()) return {};
    TRY_ASSIGN(auto rows,
               select_from(paths, kSongDays,
                           "filename, event_date, song_key, plays, countable_streams, listened_ms",
                           "order by filename, event_date"));
    while (rows.next()) {
        const auto part = by_name.find(rows.text(0));
        if (part == by_name.end()) {
            return error(ErrorKind::bad_data, "DuckDB read {} by another name: {}", kSongDays,
                         rows.text(0));
        }
        part->second->push_back({rows.date(1), reader_.songs_.of(rows.text(2)), rows.int64(3),
                                 rows.int64(4), rows.int64(5)});
    }
    reader_.song_days_.merge(added);
    return {};
}

Result<void> GoldReader::Load::read_song_days(Gold& gold) {
    TRY_ASSIGN(const lake::Table* table, find(kSongDays));
    TRY(read_new_song_days(*table));
    std::set<std::string> named;
    for (const auto& file : table->files) {  // by date
        named.insert(file.path);
        for (const SongDay& row : reader_.song_days_.at(file.path)) {
            if (row.song >= gold.songs.size() || gold.songs[row.song].rank == 0) {
                return error(ErrorKind::bad_data,
                             "{} of {} has a song that top_songs_by_play_count lacks", kSongDays,
                             format_date(row.date));
            }
            gold.song_days.push_back(row);
        }
    }
    std::erase_if(reader_.song_days_,
                  [&](const auto& part) { return !named.contains(part.first); });
    return {};
}

Result<void> GoldReader::Load::read_active_days(Gold& gold) {
    TRY_ASSIGN(auto rows, select("active_users_daily", "event_date, dau, wau, mau",
                                 "where level = 'all' order by event_date"));
    while (rows.next()) {
        gold.active_days.push_back({rows.date(0), rows.int64(1), rows.int64(2), rows.int64(3)});
    }
    return {};
}

Result<void> GoldReader::Load::read_level_days(Gold& gold) {
    TRY_ASSIGN(auto rows, select("free_vs_paid_daily",
                                 "event_date, level, plays, countable_streams, listened_seconds, "
                                 "sessions",
                                 "where level in ('free', 'paid') order by event_date, level"));
    while (rows.next()) {
        const Level level = rows.text(1) == "paid" ? Level::paid : Level::free;
        gold.level_days.push_back({rows.date(0), level, rows.int64(2), rows.int64(3),
                                   to_ms(rows.real(4)), rows.int64(5)});
    }
    return {};
}

Result<void> GoldReader::Load::read_session_days(Gold& gold) {
    std::map<std::int64_t, std::size_t> index;
    TRY_ASSIGN(auto buckets,
               select("session_lengths_daily", "length_bucket_minutes, any_value(length_label)",
                      "group by length_bucket_minutes order by length_bucket_minutes"));
    while (buckets.next()) {
        index.emplace(buckets.int64(0), gold.session_buckets.size());
        gold.session_buckets.emplace_back(buckets.text(1));
    }
    TRY_ASSIGN(auto rows, select("session_lengths_daily",
                                 "event_date, length_bucket_minutes, session_count, "
                                 "measured_session_count, measured_seconds",
                                 "order by event_date"));
    while (rows.next()) {
        gold.session_days.push_back({rows.date(0), index.at(rows.int64(1)), rows.int64(2),
                                     rows.int64(3), to_ms(rows.real(4))});
    }
    return {};
}

Result<void> GoldReader::Load::read_status_days(Gold& gold) {
    TRY_ASSIGN(auto rows,
               select("event_status_daily", "event_date, status, cast(sum(event_count) as bigint)",
                      "where status is not null group by event_date, status "
                      "order by event_date, status"));
    while (rows.next()) {
        gold.status_days.push_back({rows.date(0), static_cast<int>(rows.int64(1)), rows.int64(2)});
    }
    return {};
}

Result<Gold> GoldReader::read(const lake::Snapshot& snapshot) {
    TRY_ASSIGN(auto database,
               duck::Database::open({.threads = kThreads, .memory_bytes = kMemoryBytes}));
    TRY_ASSIGN(auto connection, database.connect());
    Gold gold;
    gold.snapshot = snapshot.n;
    gold.run = snapshot.run;
    gold.built_at = snapshot.committed_at;
    gold.watermark = Timestamp(std::chrono::milliseconds(snapshot.watermark_ms));
    Load load(*this, snapshot, std::move(connection));
    TRY(load.read_user_days(gold));
    TRY(load.read_songs(gold));
    TRY(load.read_song_days(gold));
    TRY(load.read_active_days(gold));
    TRY(load.read_level_days(gold));
    TRY(load.read_session_days(gold));
    TRY(load.read_status_days(gold));
    return gold;
}

}  // namespace bassline::dashboard
