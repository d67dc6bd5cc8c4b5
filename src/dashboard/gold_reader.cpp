// SPDX-License-Identifier: Apache-2.0
#include "dashboard/gold_reader.hpp"

#include <cmath>
#include <map>
#include <string>
#include <unordered_map>

#include "duck/database.hpp"
#include "duck/sql_text.hpp"

namespace bassline::dashboard {
namespace {

constexpr int kThreads = 2;
constexpr std::uint64_t kMemoryBytes = std::uint64_t{512} << 20;

std::int64_t to_ms(double seconds) {
    return std::llround(seconds * 1000.0);
}

// One load: where the tables are, and the connection that reads them.
class Reader {
public:
    Reader(const storage::FileSystem& files, const lake::Snapshot& snapshot,
           duck::Connection connection)
        : files_(files), snapshot_(snapshot), connection_(std::move(connection)) {}

    Result<void> read_user_days(Gold& gold);
    Result<void> read_songs(Gold& gold);
    Result<void> read_active_days(Gold& gold);
    Result<void> read_level_days(Gold& gold);
    Result<void> read_session_days(Gold& gold);
    Result<void> read_status_days(Gold& gold);

private:
    // Rows of `select <columns> from <the table's files> <rest>`.
    Result<duck::Rows> select(std::string_view table, std::string_view columns,
                              std::string_view rest);

    const storage::FileSystem& files_;
    const lake::Snapshot& snapshot_;
    duck::Connection connection_;
};

Result<duck::Rows> Reader::select(std::string_view table, std::string_view columns,
                                  std::string_view rest) {
    const auto found = snapshot_.tables.find(std::string(table));
    if (found == snapshot_.tables.end()) {
        return error(ErrorKind::bad_data, "snapshot {} has no table {}; run `bassline build`",
                     snapshot_.n, table);
    }
    std::vector<std::string> paths;
    for (const auto& file : found->second.files) paths.push_back(files_.absolute(file.path));
    auto rows = connection_.query(
        fmt::format("select {} from read_parquet({}) {}", columns, duck::text_list(paths), rest));
    if (!rows) return std::move(rows).error().during("reading gold table " + std::string(table));
    return rows;
}

Result<void> Reader::read_user_days(Gold& gold) {
    TRY_ASSIGN(auto rows, select("daily_user_listen_counts",
                                 "event_date, "
                                 "dense_rank() over (order by coalesce(producer, ''), \"userId\"), "
                                 "listen_count, countable_streams, "
                                 "free_listens, paid_listens, listened_seconds",
                                 "order by event_date, 2"));
    while (rows.next()) {
        gold.user_days.push_back({rows.date(0), rows.int64(1), rows.int64(2), rows.int64(3),
                                  rows.int64(4), rows.int64(5), to_ms(rows.real(6))});
    }
    return {};
}

Result<void> Reader::read_songs(Gold& gold) {
    std::unordered_map<std::string, std::uint32_t> index;
    TRY_ASSIGN(auto songs,
               select("top_songs_by_play_count", "song_key, song, artist", "order by rank"));
    while (songs.next()) {
        index.emplace(songs.text(0), static_cast<std::uint32_t>(gold.songs.size()));
        gold.songs.push_back(
            {std::string(songs.text(0)), std::string(songs.text(1)), std::string(songs.text(2))});
    }
    TRY_ASSIGN(auto rows, select("song_plays_daily",
                                 "event_date, song_key, play_count, countable_streams, "
                                 "listened_seconds",
                                 "order by event_date"));
    while (rows.next()) {
        const auto song = index.find(std::string(rows.text(1)));
        if (song == index.end()) {
            return error(ErrorKind::bad_data,
                         "song_plays_daily names a song that top_songs_by_play_count lacks: {}",
                         rows.text(1));
        }
        gold.song_days.push_back(
            {rows.date(0), song->second, rows.int64(2), rows.int64(3), to_ms(rows.real(4))});
    }
    return {};
}

Result<void> Reader::read_active_days(Gold& gold) {
    TRY_ASSIGN(auto rows, select("active_users_daily", "event_date, dau, wau, mau",
                                 "where level = 'all' order by event_date"));
    while (rows.next()) {
        gold.active_days.push_back({rows.date(0), rows.int64(1), rows.int64(2), rows.int64(3)});
    }
    return {};
}

Result<void> Reader::read_level_days(Gold& gold) {
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

Result<void> Reader::read_session_days(Gold& gold) {
    std::map<std::int64_t, std::size_t> index;
    TRY_ASSIGN(auto buckets,
               select("session_lengths_daily", "length_bucket_minutes, any_value(length_label)",
                      "group by length_bucket_minutes order by length_bucket_minutes"));
    while (buckets.next()) {
        index.emplace(buckets.int64(0), gold.session_buckets.size());
        gold.session_buckets.emplace_back(buckets.text(1));
    }
    TRY_ASSIGN(auto rows,
               select("session_lengths_daily",
                      "event_date, length_bucket_minutes, session_count, session_seconds",
                      "order by event_date"));
    while (rows.next()) {
        gold.session_days.push_back(
            {rows.date(0), index.at(rows.int64(1)), rows.int64(2), to_ms(rows.real(3))});
    }
    return {};
}

Result<void> Reader::read_status_days(Gold& gold) {
    TRY_ASSIGN(auto rows,
               select("event_status_daily", "event_date, status, cast(sum(event_count) as bigint)",
                      "where status is not null group by event_date, status "
                      "order by event_date, status"));
    while (rows.next()) {
        gold.status_days.push_back({rows.date(0), static_cast<int>(rows.int64(1)), rows.int64(2)});
    }
    return {};
}

}  // namespace

Result<Gold> read_gold(const storage::FileSystem& files, const lake::Snapshot& snapshot) {
    TRY_ASSIGN(auto database,
               duck::Database::open({.threads = kThreads, .memory_bytes = kMemoryBytes}));
    TRY_ASSIGN(auto connection, database.connect());
    Gold gold;
    gold.snapshot = snapshot.n;
    gold.run = snapshot.run;
    gold.built_at = snapshot.committed_at;
    gold.watermark = Timestamp(std::chrono::milliseconds(snapshot.watermark_ms));
    Reader reader(files, snapshot, std::move(connection));
    TRY(reader.read_user_days(gold));
    TRY(reader.read_songs(gold));
    TRY(reader.read_active_days(gold));
    TRY(reader.read_level_days(gold));
    TRY(reader.read_session_days(gold));
    TRY(reader.read_status_days(gold));
    return gold;
}

}  // namespace bassline::dashboard
