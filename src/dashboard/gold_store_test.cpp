// SPDX-License-Identifier: Apache-2.0
#include "dashboard/gold_store.hpp"

#include <atomic>
#include <nlohmann/json.hpp>
#include <thread>

#include <gtest/gtest.h>
#include <unistd.h>

#include "dashboard/api.hpp"
#include "duck/database.hpp"
#include "duck/sql_text.hpp"
#include "lake/names.hpp"
#include "lake/snapshot.hpp"
#include "storage/local_file_system.hpp"

namespace bassline::dashboard {
namespace {

// The smallest gold there is: one user, one song, `plays` plays on one day.
std::map<std::string, std::string> gold_queries(int plays) {
    const std::string day = "date '2025-03-14' as event_date";
    const std::string n = std::to_string(plays);
    return {
        {"daily_user_listen_counts", "select 7 as \"userId\", null::varchar as producer, " + n +
                                         " as listen_count, " + n + " as countable_streams, " + n +
                                         " as free_listens, 0 as paid_listens, 0.2005 as "
                                         "listened_seconds, " +
                                         day},
        {"top_songs_by_play_count",
         "select 'k' as song_key, 'S' as song, 'A' as artist, 1 as rank"},
        {"int_song_days", "select 'k' as song_key, " + n + " as plays, " + n +
                              " as countable_streams, 201 as listened_ms, " + day},
        {"active_users_daily", "select 'all' as level, 1 as dau, 1 as wau, 1 as mau, " + day},
        {"free_vs_paid_daily", "select 'free' as level, " + n + " as plays, " + n +
                                   " as countable_streams, 0.2005 as listened_seconds, 1 as "
                                   "sessions, " +
                                   day},
        {"session_lengths_daily",
         "select 0 as length_bucket_minutes, 'under 1 min' as "
         "length_label, 1 as session_count, 1 as measured_session_count, 30.0 as "
         "measured_seconds, " +
             day},
        {"event_status_daily",
         "select 200 as status, 'NextSong' as page, " + n + " as event_count, " + day}};
}

class FixedClock : public Clock {
public:
    Timestamp now() const override { return Timestamp(std::chrono::hours(480'000)); }
};

class GoldStoreTest : public testing::Test {
protected:
    void SetUp() override {
        root_ = testing::TempDir() + "bassline-gold-store-" + std::to_string(getpid()) + "-" +
                testing::UnitTest::GetInstance()->current_test_info()->name();
        auto files = storage::open_local(root_);
        ASSERT_TRUE(files) << files.error().message;
        files_ = std::move(files).value();
    }
    void TearDown() override { EXPECT_TRUE(files_->remove_all("")); }

    void publish(std::uint64_t n, const std::map<std::string, std::string>& queries,
                 const std::vector<lake::TableFile>& songs_of_other_days = {}) {
        auto database = duck::Database::open({});
        ASSERT_TRUE(database);
        auto connection = database.value().connect();
        ASSERT_TRUE(connection);
        lake::Snapshot snapshot{.n = n, .run = run_ + std::to_string(n), .engine = "duckdb"};
        snapshot.watermark_ms = 1'741'960'000'000;
        for (const auto& [name, query] : queries) {
            const std::string path = lake::version_path(snapshot.run, name, "");
            ASSERT_TRUE(files_->make_directories(std::string(storage::parent_path(path))));
            const auto written = connection.value().execute(
                "copy (" + query + ") to " + duck::quote_text(files_->absolute(path)) +
                " (format parquet)");
            ASSERT_TRUE(written) << written.error().message;
            snapshot.tables[name] = {.layer = "gold", .files = {{.path = path}}};
        }
        for (const lake::TableFile& file : songs_of_other_days) {
            auto& songs = snapshot.tables["int_song_days"].files;
            songs.insert(songs.begin(), file);
        }
        const auto committed = lake::commit(*files_, snapshot);
        ASSERT_TRUE(committed) << committed.error().message;
    }

    void remove_lake() {
        for (const char* part : {"_snapshots", "_versions"}) {
            ASSERT_TRUE(files_->remove_all(part));
        }
    }

    std::string root_;
    std::string run_ = "run-";
    std::unique_ptr<storage::FileSystem> files_;
};

TEST_F(GoldStoreTest, a_lake_without_snapshots_is_empty_not_failed) {
    GoldStore store(*files_);
    store.refresh();
    EXPECT_EQ(store.state().gold, nullptr);
    EXPECT_EQ(store.state().failure, "");
}

TEST_F(GoldStoreTest, a_snapshot_that_cannot_be_loaded_leaves_the_old_one) {
    GoldStore store(*files_);
    publish(1, gold_queries(3));
    store.refresh();
    ASSERT_NE(store.state().gold, nullptr) << store.state().failure;
    EXPECT_EQ(store.state().gold->user_days[0].listened_ms, 201);  // 200.5 ms, rounded half up
    auto without_songs = gold_queries(4);
    without_songs.erase("int_song_days");
    publish(2, without_songs);
    store.refresh();
    EXPECT_EQ(store.state().gold->snapshot, 1U);
    EXPECT_NE(store.state().failure.find("int_song_days"), std::string::npos);
    publish(3, gold_queries(5));
    store.refresh();
    EXPECT_EQ(store.state().gold->snapshot, 3U);
    EXPECT_EQ(store.state().failure, "");
}

TEST_F(GoldStoreTest, a_lake_made_anew_is_loaded_though_its_snapshot_has_the_old_number) {
    GoldStore store(*files_);
    publish(1, gold_queries(3));
    store.refresh();
    ASSERT_NE(store.state().gold, nullptr) << store.state().failure;
    remove_lake();
    run_ = "anew-";
    publish(1, gold_queries(4));
    store.refresh();
    EXPECT_EQ(store.state().failure, "");
    EXPECT_EQ(store.state().gold->run, "anew-1");
    EXPECT_EQ(store.state().gold->user_days[0].listens, 4);
}

TEST_F(GoldStoreTest, data_whose_snapshots_are_gone_is_a_failure_until_the_next_is_built) {
    GoldStore store(*files_);
    const FixedClock clock;
    const ServeOptions options;
    Api api(store, clock, options);
    const auto status = [&] {
        return nlohmann::json::parse(api.answer({.method = "GET", .path = "/api/v1/status"}).body);
    };
    publish(1, gold_queries(3));
    store.refresh();
    EXPECT_EQ(status()["state"], "ready") << store.state().failure;
    remove_lake();
    for (int look = 0; look < 2; ++look) {
        store.refresh();
        EXPECT_EQ(store.state().gold, nullptr);
        EXPECT_EQ(store.state().failures, 1U);
        EXPECT_EQ(status()["state"], "empty");
        EXPECT_EQ(status()["failure"].get<std::string>(), GoldStore::kGone);
        EXPECT_EQ(api.answer({.method = "GET", .path = "/readyz"}).status, 503);
    }
    run_ = "anew-";
    publish(1, gold_queries(4));
    store.refresh();
    EXPECT_EQ(status()["state"], "ready") << store.state().failure;
    EXPECT_EQ(status()["failure"], nullptr);
}

TEST_F(GoldStoreTest, without_data_every_answer_says_whether_it_failed) {
    GoldStore store(*files_);
    const FixedClock clock;
    const ServeOptions options;
    Api api(store, clock, options);
    const auto expect = [&](const std::string& message) {
        store.refresh();
        for (const char* path : {"/readyz", "/api/v1/summary", "/api/v1/charts/top_songs"}) {
            const auto response = api.answer({.method = "GET", .path = path});
            EXPECT_EQ(response.status, 503) << path;
            const auto body = nlohmann::json::parse(response.body);
            EXPECT_EQ(body["error"]["message"].get<std::string>(), message) << path;
        }
    };
    expect("No snapshot is loaded yet. Run `bassline build` on this lake.");
    auto without_songs = gold_queries(4);
    without_songs.erase("int_song_days");
    publish(1, without_songs);
    expect(
        "No snapshot is loaded: the newest snapshot could not be loaded; the server's log says "
        "why.");
}

TEST_F(GoldStoreTest, the_status_says_whose_clock_the_events_go_by) {
    const GoldStore store(*files_);
    const FixedClock clock;
    for (const bool is_simulated : {false, true}) {
        const ServeOptions options{.pipeline = [] { return nlohmann::json::object(); },
                                   .is_simulated = is_simulated};
        Api api(store, clock, options);
        const auto response = api.answer({.method = "GET", .path = "/api/v1/status"});
        EXPECT_EQ(nlohmann::json::parse(response.body)["simulated"].get<bool>(), is_simulated);
    }
}

TEST_F(GoldStoreTest, the_songs_of_a_day_are_read_once) {
    GoldStore store(*files_);
    publish(1, gold_queries(3));
    store.refresh();
    const auto day = lake::read_snapshot(*files_, 1).value().tables.at("int_song_days").files;
    ASSERT_TRUE(files_->remove(day[0].path));
    auto next = gold_queries(4);
    next["int_song_days"] =
        "select 'l' as song_key, 5 as plays, 5 as countable_streams, 1 as listened_ms, "
        "date '2025-03-15' as event_date";
    const auto songs = [](const char* keys) {
        return fmt::format(
            "select key as song_key, 'title of ' || key as song, 'A' as artist, "
            "row_number() over () as rank from (select unnest({}) as key)",
            keys);
    };
    next["top_songs_by_play_count"] = songs("['l', 'k']");
    const auto expect = [&](std::uint64_t snapshot, std::vector<std::string> titles) {
        store.refresh();
        const auto gold = store.state().gold;
        ASSERT_EQ(gold->snapshot, snapshot) << store.state().failure;
        ASSERT_EQ(gold->song_days.size(), titles.size());
        for (std::size_t at = 0; at < titles.size(); ++at) {
            EXPECT_EQ(gold->songs[gold->song_days[at].song].title, titles[at]);
        }
    };
    publish(2, next, day);
    expect(2, {"title of k", "title of l"});

    auto without = next;
    without["top_songs_by_play_count"] = songs("['l']");
    publish(3, without, day);
    store.refresh();
    EXPECT_EQ(store.state().gold->snapshot, 2U);
    EXPECT_NE(store.state().failure.find("2025-03-14 has a song"), std::string::npos)
        << store.state().failure;
    publish(4, next, day);
    expect(4, {"title of k", "title of l"});
    publish(5, without);  // that day has expired, and its song with it
    expect(5, {"title of l"});
}

// Each answer is made from one snapshot: its number and its figure belong together, whoever asks
// and whenever.
TEST_F(GoldStoreTest, readers_see_whole_snapshots_while_new_ones_arrive) {
    GoldStore store(*files_);
    const FixedClock clock;
    const ServeOptions options;
    Api api(store, clock, options);
    publish(1, gold_queries(1));
    store.refresh();
    std::atomic<int> mixed = 0;
    std::atomic<int> asked = 0;
    {
        std::vector<std::jthread> readers;
        for (int reader = 0; reader < 2; ++reader) {
            readers.emplace_back([&](const std::stop_token& stop) {
                while (!stop.stop_requested()) {
                    const auto response =
                        api.answer({.method = "GET", .path = "/api/v1/charts/status_codes"});
                    const auto body = nlohmann::json::parse(response.body);
                    if (body["snapshot"] != body["rows"][0][1]) ++mixed;
                    ++asked;
                }
            });
        }
        for (std::uint64_t n = 2; n <= 6; ++n) {
            publish(n, gold_queries(static_cast<int>(n)));
            store.refresh();
        }
    }
    EXPECT_EQ(store.state().gold->snapshot, 6U) << store.state().failure;
    EXPECT_GT(asked, 5);
    EXPECT_EQ(mixed, 0);
}

}  // namespace
}  // namespace bassline::dashboard
