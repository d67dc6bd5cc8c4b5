// SPDX-License-Identifier: Apache-2.0
#include "pipeline/run_settings.hpp"

#include <filesystem>

#include <gtest/gtest.h>

#include "base/test_folder.hpp"
#include "lake/chain.hpp"
#include "lake/kafka_chain.hpp"
#include "lake/names.hpp"
#include "storage/local_file_system.hpp"

namespace bassline::pipeline {
namespace {

constexpr std::int64_t kDay = 86'400;
constexpr std::int64_t kNow = 20'000 * kDay + 3'600;

TEST(RunSettings, a_new_lake_begins_at_midnight_so_many_days_ago) {
    const RunSettings settings = new_settings({.days = 10}, kNow);
    EXPECT_EQ(settings.from_s, 19'990 * kDay);
    EXPECT_EQ(settings.live_s, kNow);
    EXPECT_EQ(settings.users, kUsersDefault);
    EXPECT_EQ(settings.config, "stock");
    EXPECT_EQ(settings.retain_days, kRetainDaysDefault);
    EXPECT_GT(new_settings({.days = 365}, kNow).retain_days, 365);
}

TEST(RunSettings, what_is_not_asked_for_is_as_the_lake_has_it) {
    const RunSettings made = new_settings({.users = 5, .days = 10}, kNow);
    EXPECT_TRUE(check_settings({}, made));
    EXPECT_TRUE(check_settings({.users = 5, .days = 10}, made));
}

TEST(RunSettings, each_difference_is_named) {
    const RunSettings made = new_settings({.users = 5, .seed = 3}, kNow);
    const auto checked = check_settings(
        {.config = "alt", .configuration = "{}", .users = 6, .seed = 3, .days = 7}, made);
    ASSERT_FALSE(checked);
    EXPECT_EQ(checked.error().kind, ErrorKind::config);
    EXPECT_EQ(checked.error().message,
              "this lake was made with other settings: --simulation alt instead of stock, --users "
              "6 instead of 5, --days 7 instead of 30. Leave them out to go on with it, or take "
              "another --lake");
}

TEST(RunSettings, a_configuration_is_known_by_its_text) {
    const RunSettings made = new_settings({.config = "my.json", .configuration = "{1}"}, kNow);
    EXPECT_TRUE(check_settings({.config = "copy.json", .configuration = "{1}"}, made));
    const auto changed = check_settings({.config = "my.json", .configuration = "{2}"}, made);
    ASSERT_FALSE(changed);
    EXPECT_NE(changed.error().message.find("--simulation my.json, which has changed since"),
              std::string::npos);
    const auto other = check_settings({.config = "stock", .configuration = "{3}"}, made);
    ASSERT_FALSE(other);
    EXPECT_NE(other.error().message.find("--simulation stock instead of my.json"),
              std::string::npos);
}

TEST(RunSettings, another_producer_would_make_other_people_of_the_users) {
    const RunSettings named = new_settings({.producer = "eu"}, kNow);
    EXPECT_TRUE(check_settings({}, named));
    EXPECT_TRUE(check_settings({.producer = "eu"}, named));
    EXPECT_NE(check_settings({.producer = "us"}, named)
                  .error()
                  .message.find("--producer us instead of eu"),
              std::string::npos);
    const RunSettings unnamed = new_settings({}, kNow);
    EXPECT_NE(check_settings({.producer = "us"}, unnamed)
                  .error()
                  .message.find("--producer us instead of none"),
              std::string::npos);
    EXPECT_TRUE(check_settings({.producer = "us"}, RunSettings{})) << "an older lake's";
}

TEST(RunSettings, are_kept_in_the_lake) {
    std::string root = testing::TempDir() + "settings-XXXXXX";
    ASSERT_NE(::mkdtemp(root.data()), nullptr);
    const auto files = std::move(storage::open_local(root)).value();
    EXPECT_FALSE(load_settings(*files).value());
    const RunSettings settings =
        new_settings({.configuration = "{}", .users = 7, .producer = "eu"}, kNow);
    ASSERT_TRUE(save_settings(*files, settings));
    EXPECT_EQ(load_settings(*files).value(), settings);
    ASSERT_TRUE(files->remove("_simulator/settings.json"));
    ASSERT_TRUE(files->write_durably("_simulator/settings.json", "{"));
    EXPECT_EQ(load_settings(*files).error().kind, ErrorKind::bad_data);
    std::filesystem::remove_all(root);
}

class SharedLake : public testing::Test {
protected:
    void TearDown() override { std::filesystem::remove_all(root_); }

    void make_service() { ASSERT_TRUE(save_settings(*files_, new_settings({.users = 7}, kNow))); }
    void commit(const lake::Entry& entry) {
        ASSERT_TRUE(files_->make_directories(lake::chain_log_directory(entry.chain)));
        ASSERT_TRUE(files_->make_directories(lake::staging_directory(entry.chain, entry.writer)));
        ASSERT_TRUE(lake::commit(*files_, entry));
    }
    void read_file(const std::string& path) {
        commit({.chain = std::string(lake::kFilesChain),
                .seq = files_read_,
                .prev_sha256 = head_of_files(),
                .writer = "w",
                .ranges = {{.source = files_read_, .path = path, .start = 0, .end = 10}}});
        ++files_read_;
    }
    void refuse(std::string_view why) {
        const auto checked = check_no_other_events(*files_);
        ASSERT_FALSE(checked);
        EXPECT_EQ(checked.error().kind, ErrorKind::config);
        EXPECT_NE(checked.error().message.find(why), std::string::npos) << checked.error().message;
    }

    const std::string root_ = make_test_folder("shared-lake");
    const std::unique_ptr<storage::FileSystem> files_ = storage::open_local(root_).value();

private:
    std::string head_of_files() const {
        if (files_read_ == 0) return "";
        return lake::read_entry(*files_, lake::kFilesChain, files_read_ - 1).value().sha256;
    }
    std::uint64_t files_read_ = 0;
};

TEST_F(SharedLake, a_service_does_not_enter_a_lake_of_kafka_records) {
    EXPECT_TRUE(check_no_other_events(*files_));
    commit(lake::kafka_genesis({.cluster_id = "c", .topic = "listen_events"}, "w", Timestamp()));
    refuse("records of Kafka (chain kafka-listen_events-0)");
    make_service();
    refuse("records of Kafka (chain kafka-listen_events-0)");
}

TEST_F(SharedLake, a_service_goes_on_with_its_own_segments_alone_wherever_the_lake_stood) {
    make_service();
    read_file("/once/stood/here/_simulator/segments/00000001.ndjson");
    EXPECT_TRUE(check_no_other_events(*files_));
    read_file("/var/log/app.log");
    refuse("ingested logs (/var/log/app.log)");
}

TEST_F(SharedLake, nobody_ingests_into_the_lake_of_a_service) {
    EXPECT_TRUE(check_no_service(*files_));
    make_service();
    const auto checked = check_no_service(*files_);
    ASSERT_FALSE(checked);
    EXPECT_EQ(checked.error().kind, ErrorKind::config);
    EXPECT_NE(checked.error().message.find("simulated service of 7 users"), std::string::npos);
}

}  // namespace
}  // namespace bassline::pipeline
