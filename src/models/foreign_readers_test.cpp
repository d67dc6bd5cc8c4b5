// SPDX-License-Identifier: Apache-2.0
#include <atomic>
#include <filesystem>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include <gtest/gtest.h>
#include <unistd.h>

#include "duck/database.hpp"
#include "duck/sql_text.hpp"
#include "lake/names.hpp"
#include "lake/projection.hpp"
#include "lake/snapshot.hpp"
#include "storage/local_file_system.hpp"

// Readers that know no snapshots, only globs over the fixed names, against a publisher in a loop:
// each gold table and each date of a fact is seen whole, old or new.
namespace bassline::models {
namespace {

namespace fs = std::filesystem;

constexpr int kPublications = 1000;
constexpr int kVariants = 8;  // contents that take turns
constexpr int kRows = 500;
const std::vector<std::string> kDates = {"2025-03-14", "2025-03-15"};

class ForeignReaders : public testing::Test {
protected:
    void SetUp() override {
        root_ = fs::path(testing::TempDir()) / fmt::format("foreign-readers-{}", ::getpid());
        fs::remove_all(root_);
        files_ = storage::open_local(root_).value();
        write_variants();
    }
    void TearDown() override { fs::remove_all(root_); }

    duck::Connection connect() const {
        auto database =
            duck::Database::open({.temp_directory = (root_ / "spill").string()}).value();
        return database.connect().value();
    }

    // Parquet files whose rows all carry their variant's number.
    void write_variants() {
        fs::create_directories(root_ / "variants");
        auto connection = connect();
        for (int variant = 0; variant < kVariants; ++variant) {
            const std::string target = (root_ / "variants" / std::to_string(variant)).string();
            ASSERT_TRUE(connection.execute(
                fmt::format("copy (select {} as variant from range({})) to {} (format parquet)",
                            variant, kRows, duck::quote_text(target))));
        }
    }

    void add_version(lake::Snapshot& snapshot, const std::string& table, const std::string& date) {
        const std::string path = lake::version_path(snapshot.run, table, date);
        ASSERT_TRUE(files_->make_directories(storage::parent_path(path)));
        ASSERT_TRUE(files_->link(fmt::format("variants/{}", snapshot.n % kVariants), path));
        snapshot.tables[table].files.push_back({.event_date = date, .path = path, .rows = kRows});
    }

    lake::Snapshot publish(std::uint64_t n, std::string previous_sha256) {
        const Timestamp now = SystemClock().now();
        lake::Snapshot snapshot{.n = n,
                                .prev_sha256 = std::move(previous_sha256),
                                .run = lake::make_run_id(n, now),
                                .committed_at = now};
        snapshot.tables["table"].layer = "gold";
        snapshot.tables["fact"].layer = "silver";
        add_version(snapshot, "table", "");
        for (const std::string& date : kDates) add_version(snapshot, "fact", date);
        EXPECT_TRUE(lake::commit(*files_, snapshot));
        EXPECT_TRUE(lake::project(*files_, snapshot));
        return snapshot;
    }

    fs::path root_;
    std::unique_ptr<storage::FileSystem> files_;
};

struct Reads {
    int whole = 0;
    int mixed = 0;
    int failed = 0;
    std::set<std::int64_t> variants;  // that were seen
};

// Reads a glob once: whole if each group has all rows of one variant.
void read_once(duck::Connection& connection, const std::string& sql, std::int64_t groups,
               Reads& reads) {
    auto rows = connection.query(sql);
    if (!rows) {
        ++reads.failed;
        return;
    }
    std::int64_t found = 0;
    bool is_whole = true;
    while (rows.value().next()) {
        ++found;
        is_whole = is_whole && rows.value().int64(0) == kRows &&
                   rows.value().int64(1) == rows.value().int64(2);
        reads.variants.insert(rows.value().int64(1));
    }
    ++(is_whole && found == groups ? reads.whole : reads.mixed);
}

TEST_F(ForeignReaders, see_each_table_and_date_whole_during_a_thousand_publications) {
    std::string head = lake::sha256_of(publish(1, ""));
    std::atomic<bool> is_done = false;
    const auto read_until_done = [&](const std::string& sql, std::int64_t groups, Reads& reads) {
        auto connection = connect();
        while (!is_done) read_once(connection, sql, groups, reads);
    };
    const std::string measures = "select count(*), min(variant), max(variant)";
    const std::string gold =
        fmt::format("{} from read_parquet({})", measures,
                    duck::quote_text((root_ / "gold/table/*.parquet").string()));
    const std::string silver =
        fmt::format("{} from read_parquet({}, hive_partitioning = true) group by event_date",
                    measures, duck::quote_text((root_ / "silver/fact/*/*.parquet").string()));
    Reads table_reads;
    Reads date_reads;
    {
        std::jthread table_reader(read_until_done, gold, 1, std::ref(table_reads));
        std::jthread date_reader(read_until_done, silver, 2, std::ref(date_reads));
        for (std::uint64_t n = 2; n <= kPublications; ++n) head = lake::sha256_of(publish(n, head));
        is_done = true;
    }
    for (const Reads* reads : {&table_reads, &date_reads}) {
        EXPECT_EQ(reads->mixed, 0);
        EXPECT_EQ(reads->failed, 0);
        EXPECT_GT(reads->whole, 50);
        EXPECT_EQ(reads->variants.size(), kVariants) << "the readers must have met the publisher";
    }
    RecordProperty("table_reads", table_reads.whole);
    RecordProperty("date_reads", date_reads.whole);
    fmt::print("{} reads of a table, {} of two dates, during {} publications\n", table_reads.whole,
               date_reads.whole, kPublications);
}

}  // namespace
}  // namespace bassline::models
