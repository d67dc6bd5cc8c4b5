// SPDX-License-Identifier: Apache-2.0
#include "duck/database.hpp"

#include <chrono>
#include <filesystem>
#include <thread>

#include <gtest/gtest.h>
#include <unistd.h>

#include "duck/sql_text.hpp"

namespace bassline::duck {
namespace {

struct Opened {
    Database database;
    Connection connection;
};

Opened open_in_memory() {
    auto database =
        Database::open({.threads = 2, .temp_directory = testing::TempDir() + "duck_spill"}).value();
    auto connection = database.connect().value();
    return {std::move(database), std::move(connection)};
}

std::string write_csv(const std::string& name) {
    std::string path =
        (std::filesystem::path(testing::TempDir()) / fmt::format("{}-{}", ::getpid(), name))
            .string();
    auto opened = open_in_memory();
    EXPECT_TRUE(
        opened.connection.execute("copy (select 1 as a) to " + quote_text(path) + " (format csv)"));
    return path;
}

TEST(Rows, every_kind_is_read_as_it_was_written) {
    auto [database, connection] = open_in_memory();
    Rows rows =
        connection
            .query(
                "select true, 7::tinyint, -8::bigint, 2.5::double, 'é', date '2025-03-14', "
                "timestamp '2025-03-14 00:00:01.000002', -1.25::decimal(9, 2), null::integer, [1]")
            .value();
    ASSERT_TRUE(rows.next());
    EXPECT_TRUE(rows.boolean(0));
    EXPECT_EQ(rows.int64(1), 7);
    EXPECT_EQ(rows.int64(2), -8);
    EXPECT_EQ(rows.real(3), 2.5);
    EXPECT_EQ(rows.text(4), "é");
    EXPECT_EQ(format_date(rows.date(5)), "2025-03-14");
    EXPECT_EQ(format_rfc3339(rows.timestamp(6)), "2025-03-14T00:00:01.000002Z");
    EXPECT_EQ(rows.real(7), -1.25);
    EXPECT_TRUE(rows.is_null(8));
    EXPECT_TRUE(rows.columns()[7].is_wide);
    EXPECT_EQ(rows.columns()[9].kind, Kind::other);
    EXPECT_FALSE(rows.next());
}

TEST(Rows, numbers_that_no_accessor_holds_exactly_are_marked) {
    auto [database, connection] = open_in_memory();
    const auto columns =
        connection.describe_select("select hash('a'), 1::hugeint, 1.5, 1::bigint, 1::uinteger")
            .value();
    std::vector<bool> wide;
    for (const Column& column : columns) wide.push_back(column.is_wide);
    EXPECT_EQ(wide, (std::vector<bool>{true, true, true, false, false}));
}

TEST(Rows, infinite_dates_and_times_are_told_from_those_of_the_calendar) {
    auto [database, connection] = open_in_memory();
    for (const char* type :
         {"date", "timestamp", "timestamp_s", "timestamp_ms", "timestamp_ns", "timestamptz"}) {
        Rows rows = connection
                        .query(fmt::format("select 'infinity'::{0}, '-infinity'::{0}, "
                                           "'2025-03-14'::{0}, null::{0}",
                                           type))
                        .value();
        ASSERT_TRUE(rows.next());
        EXPECT_EQ(rows.infinity(0), 1) << type;
        EXPECT_EQ(rows.infinity(1), -1) << type;
        EXPECT_EQ(rows.infinity(2), 0) << type;
        EXPECT_EQ(rows.infinity(3), 0) << type;
    }
    Rows rows =
        connection.query("select 'infinity'::timestamp_s, '-infinity'::timestamp_s").value();
    ASSERT_TRUE(rows.next());
    EXPECT_EQ(rows.timestamp(0), Timestamp::max());
    EXPECT_EQ(rows.timestamp(1), Timestamp::min());
}

TEST(Rows, all_chunks_are_visited) {
    auto [database, connection] = open_in_memory();
    Rows rows = connection.query("select i from range(10000) t(i)").value();
    std::int64_t sum = 0;
    while (rows.next()) sum += rows.int64(0);
    EXPECT_EQ(sum, 49995000);
}

TEST(Connection, a_wrong_statement_is_an_error_of_kind_sql_with_the_engines_words) {
    auto [database, connection] = open_in_memory();
    auto result = connection.query("select nothing_here");
    ASSERT_FALSE(result);
    EXPECT_EQ(result.error().kind, ErrorKind::sql);
    EXPECT_NE(result.error().message.find("nothing_here"), std::string::npos);
}

TEST(Connection, times_are_utc_whatever_the_machine_says) {
    auto [database, connection] = open_in_memory();
    Rows rows = connection.query("select current_setting('TimeZone')").value();
    ASSERT_TRUE(rows.next());
    EXPECT_EQ(rows.text(0), "UTC");
}

TEST(Connection, an_interrupted_query_is_cancelled) {
    auto opened = open_in_memory();
    Connection& connection = opened.connection;
    const std::jthread interrupter([&connection](const std::stop_token& stop) {
        while (!stop.stop_requested()) {
            std::this_thread::sleep_for(std::chrono::milliseconds(5));
            connection.interrupt();
        }
    });
    auto result = connection.query(
        "select count(*) from range(10000000000) a, range(1000) b where a.range % 7 = b.range");
    ASSERT_FALSE(result);
    EXPECT_EQ(result.error().kind, ErrorKind::cancelled);
}

TEST(Connection, only_one_reading_statement_is_described) {
    auto [database, connection] = open_in_memory();
    EXPECT_EQ(connection.describe_select("select 1 as a, 'x' as b").value().size(), 2u);
    for (const char* sql :
         {"create table t (a int)", "select 1; select 2", "copy (select 1) to '/tmp/x.csv'",
          "explain analyze copy (select 1) to '/tmp/x.csv'", "attach ':memory:' as y",
          "set threads = 1", "install httpfs", "", "select from from"}) {
        auto described = connection.describe_select(sql);
        ASSERT_FALSE(described) << sql;
        EXPECT_EQ(described.error().kind, ErrorKind::usage) << sql;
    }
}

TEST(Sandbox, only_the_named_files_can_be_read) {
    const std::string allowed = write_csv("allowed.csv");
    const std::string secret = write_csv("secret.csv");
    auto [database, connection] = open_in_memory();
    ASSERT_TRUE(sandbox(connection, std::vector<std::string>{allowed}));
    EXPECT_TRUE(connection.query("from read_csv(" + quote_text(allowed) + ")"));
    for (const std::string& sql : {
             "from read_csv(" + quote_text(secret) + ")",
             std::string("from read_text('/etc/passwd')"),
             std::string("from glob('/etc/*')"),
             "from " + quote_text(secret),
             "copy (select 1) to " + quote_text(secret + ".new"),
             std::string("attach '/tmp/other.duckdb' as other"),
             std::string("set enable_external_access = true"),
             std::string("set allowed_directories = ['/']"),
             std::string("reset lock_configuration"),
             std::string("load '/tmp/x.duckdb_extension'"),
             std::string("install httpfs"),
             std::string("from read_csv('https://127.0.0.1:1/x.csv')"),
         }) {
        EXPECT_FALSE(connection.query(sql)) << sql;
    }
    std::filesystem::remove(allowed);
    std::filesystem::remove(secret);
}

TEST(Sandbox, a_file_named_like_a_pattern_is_read_and_none_that_the_pattern_would_match) {
    const std::vector<std::string> marked{write_csv("marked[1]*?.csv")};
    const std::vector<std::string> matched{write_csv("marked1xy.csv")};
    auto [database, connection] = open_in_memory();
    const auto read = [&connection = connection](const std::vector<std::string>& paths) {
        return connection.query("select filename from read_csv(" + path_list(paths) +
                                ", filename = true)");
    };
    Rows rows = read(marked).value();
    ASSERT_TRUE(rows.next());
    EXPECT_EQ(rows.text(0), marked[0]);
    ASSERT_TRUE(sandbox(connection, marked));
    EXPECT_TRUE(read(marked));
    EXPECT_FALSE(read(matched));
    EXPECT_FALSE(connection.query("from read_csv(" + quote_text(marked[0]) + ")"));
    std::filesystem::remove(marked[0]);
    std::filesystem::remove(matched[0]);
}

TEST(SqlText, quotes_are_doubled) {
    EXPECT_EQ(quote_name("a\"b"), "\"a\"\"b\"");
    EXPECT_EQ(quote_text("it's"), "'it''s'");
    EXPECT_EQ(quote_path("/it's/[a]*?"), "'/it''s/[[]a][*][?]'");
    EXPECT_EQ(text_list(std::vector<std::string>{"a", "b'"}), "['a', 'b''']");
}

}  // namespace
}  // namespace bassline::duck
