// SPDX-License-Identifier: Apache-2.0
#include "pipeline/run_settings.hpp"

#include <filesystem>

#include <gtest/gtest.h>

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

TEST(RunSettings, are_kept_in_the_lake) {
    std::string root = testing::TempDir() + "settings-XXXXXX";
    ASSERT_NE(::mkdtemp(root.data()), nullptr);
    const auto files = std::move(storage::open_local(root)).value();
    EXPECT_FALSE(load_settings(*files).value());
    const RunSettings settings = new_settings({.configuration = "{}", .users = 7}, kNow);
    ASSERT_TRUE(save_settings(*files, settings));
    EXPECT_EQ(load_settings(*files).value(), settings);
    ASSERT_TRUE(files->remove("_simulator/settings.json"));
    ASSERT_TRUE(files->write_durably("_simulator/settings.json", "{"));
    EXPECT_EQ(load_settings(*files).error().kind, ErrorKind::bad_data);
    std::filesystem::remove_all(root);
}

}  // namespace
}  // namespace bassline::pipeline
