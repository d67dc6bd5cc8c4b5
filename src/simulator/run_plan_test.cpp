// SPDX-License-Identifier: Apache-2.0
#include "simulator/run_plan.hpp"

#include <gtest/gtest.h>

namespace bassline::simulator {
namespace {

constexpr Timestamp kNow{std::chrono::microseconds(1'757'330'000'123'456)};  // 2025-09-08T11:13Z
constexpr std::int64_t kMidnightMs = 1'757'289'600'000;                      // 2025-09-08
constexpr std::int64_t kDayMs = 86'400'000;

TEST(RunPlan, HasDefaultsWhereNothingIsSaid) {
    const RunPlan plan = plan_run({}, {}, kNow).value();
    EXPECT_EQ(plan.simulation.users, 1000u);
    EXPECT_EQ(plan.simulation.from_ms, kMidnightMs - 15 * kDayMs);
    EXPECT_EQ(plan.to_ms, kMidnightMs - kDayMs);
    EXPECT_EQ(plan.output.first_user_id, 1u);
    EXPECT_EQ(plan.model.growth_rate, 0);
}

Configuration full_configuration() {
    Configuration configuration;
    configuration.seed = 9;
    configuration.users = 50;
    configuration.first_user_id = 100;
    configuration.growth_rate = 0.5;
    configuration.tag = "config";
    configuration.start_date = "2025-01-01T00:00:00";
    configuration.end_date = "2025-02-01T00:00:00";
    return configuration;
}

TEST(RunPlan, TheConfigurationWinsOverDefaults) {
    const RunPlan plan = plan_run({}, full_configuration(), kNow).value();
    EXPECT_EQ(plan.model.seed, 9u);
    EXPECT_EQ(plan.simulation.users, 50u);
    EXPECT_EQ(plan.output.first_user_id, 100u);
    EXPECT_EQ(plan.model.growth_rate, 0.5);
    EXPECT_EQ(plan.output.tag, "config");
    EXPECT_EQ(plan.simulation.from_ms, 1'735'689'600'000);
    EXPECT_EQ(plan.to_ms, 1'738'368'000'000);
}

SimulateOptions all_options() {
    SimulateOptions options;
    options.seed = 3;
    options.users = 7;
    options.first_user_id = 200;
    options.growth_rate = 0.1;
    options.tag = "option";
    options.from_ms = kMidnightMs;
    options.to_ms = kMidnightMs + kDayMs;
    return options;
}

TEST(RunPlan, OptionsWinOverTheConfiguration) {
    const RunPlan plan = plan_run(all_options(), full_configuration(), kNow).value();
    EXPECT_EQ(plan.model.seed, 3u);
    EXPECT_EQ(plan.simulation.users, 7u);
    EXPECT_EQ(plan.output.first_user_id, 200u);
    EXPECT_EQ(plan.model.growth_rate, 0.1);
    EXPECT_EQ(plan.output.tag, "option");
    EXPECT_EQ(plan.simulation.from_ms, kMidnightMs);
}

TEST(RunPlan, InTheOriginalTheConfigurationWinsAndItsDatesAreIgnored) {
    SimulateOptions options = all_options();
    options.compat = true;
    const RunPlan plan = plan_run(options, full_configuration(), kNow).value();
    EXPECT_EQ(plan.model.seed, 3u);
    EXPECT_EQ(plan.simulation.users, 50u);
    EXPECT_EQ(plan.output.first_user_id, 101u);
    EXPECT_EQ(plan.model.growth_rate, 0.5);
    options.from_ms.reset();
    options.to_ms.reset();
    EXPECT_EQ(plan_run(options, full_configuration(), kNow).value().simulation.from_ms,
              kMidnightMs - 15 * kDayMs);
}

TEST(RunPlan, ALiveRunBeginsNowAndHasNoEnd) {
    SimulateOptions options;
    options.is_live = true;
    const RunPlan plan = plan_run(options, {}, kNow).value();
    EXPECT_EQ(plan.simulation.from_ms, 1'757'330'000'000);
    EXPECT_EQ(plan.to_ms, std::nullopt);
    EXPECT_EQ(plan.end_s(), std::nullopt);
}

TEST(RunPlan, OptionsThatExcludeOneAnotherAreRefused) {
    SimulateOptions fast;
    fast.speed = 2;
    EXPECT_FALSE(plan_run(fast, {}, kNow).has_value());
    fast.is_live = true;
    EXPECT_TRUE(plan_run(fast, {}, kNow).has_value());
    fast.rate = 100;
    EXPECT_FALSE(plan_run(fast, {}, kNow).has_value());
    SimulateOptions compat;
    compat.is_live = compat.compat = true;
    EXPECT_FALSE(plan_run(compat, {}, kNow).has_value());
}

TEST(RunPlan, NoEventIsAtOrBeyondTheEndAndInTheOriginalEventsGoUpToIt) {
    SimulateOptions options;
    options.from_ms = kMidnightMs + 796;
    options.to_ms = kMidnightMs + 10'500;
    EXPECT_EQ(plan_run(options, {}, kNow).value().end_s(), kMidnightMs / 1000 + 10);
    options.compat = true;  // events at ....796: the one of second 9 is before 10.5, that of 10 not
    EXPECT_EQ(plan_run(options, {}, kNow).value().end_s(), kMidnightMs / 1000 + 10);
    options.to_ms = kMidnightMs + 10'900;
    EXPECT_EQ(plan_run(options, {}, kNow).value().end_s(), kMidnightMs / 1000 + 11);
}

TEST(RunPlan, AnEndBeforeTheStartIsRefused) {
    SimulateOptions options;
    options.from_ms = 2000;
    options.to_ms = 1000;
    const auto outcome = plan_run(options, {}, kNow);
    ASSERT_FALSE(outcome.has_value());
    EXPECT_EQ(outcome.error().kind, ErrorKind::usage);
}

TEST(RunPlan, TheEndIsASettingOfACheckpointWhereNewcomersDependOnIt) {
    SimulateOptions options = all_options();
    EXPECT_FALSE(plan_run(options, {}, kNow).value().settings(options).contains("to"));
    options.compat = true;
    EXPECT_EQ(plan_run(options, {}, kNow).value().settings(options).at("to"), *options.to_ms);
    options.growth_rate = 0;
    EXPECT_FALSE(plan_run(options, {}, kNow).value().settings(options).contains("to"));
}

TEST(RunPlan, AGrowthToMoreUsersThanThereMayBeIsRefused) {
    SimulateOptions options;
    options.users = 20'000;
    options.from_ms = kMidnightMs;
    options.to_ms = kMidnightMs + kDayMs;
    options.growth_rate = 2 * 365.25;  // e^2 in a day
    EXPECT_TRUE(plan_run(options, {}, kNow).has_value());
    options.compat = true;  // the original's users explode within the day
    EXPECT_FALSE(plan_run(options, {}, kNow).has_value());
    options.growth_rate = 0.5;
    EXPECT_TRUE(plan_run(options, {}, kNow).has_value());
    options.compat = false;
    options.growth_rate = 13 * 365.25;
    const auto outcome = plan_run(options, {}, kNow);
    ASSERT_FALSE(outcome.has_value());
    EXPECT_EQ(outcome.error().kind, ErrorKind::usage);
}

TEST(RunPlan, AStartWhoseTimesCouldNotBeWrittenIsRefused) {
    SimulateOptions options;
    options.from_ms = -kDayMs;
    options.to_ms = kDayMs;
    const auto outcome = plan_run(options, {}, kNow);
    ASSERT_FALSE(outcome.has_value());
    EXPECT_EQ(outcome.error().kind, ErrorKind::usage);
    options.from_ms = 6 * 366 * kDayMs;
    options.to_ms = *options.from_ms + kDayMs;
    EXPECT_TRUE(plan_run(options, {}, kNow).has_value());
}

TEST(RunPlan, ASpanAbove68YearsIsRefusedBeforeAnythingIsMade) {
    constexpr std::int64_t kYearMs = 31'557'600'000;
    SimulateOptions options;
    options.from_ms = kMidnightMs;
    options.to_ms = kMidnightMs + 68 * kYearMs;
    EXPECT_TRUE(plan_run(options, {}, kNow).has_value());
    options.to_ms = kMidnightMs + 69 * kYearMs;
    const auto outcome = plan_run(options, {}, kNow);
    ASSERT_FALSE(outcome.has_value());
    EXPECT_EQ(outcome.error().kind, ErrorKind::usage);
    EXPECT_EQ(outcome.error().message,
              "a simulation spans at most 68 years: choose a later --from or an earlier --to");
}

TEST(RunPlan, ADateInTheConfigurationThatIsNoneIsRefused) {
    Configuration configuration;
    configuration.start_date = "yesterday";
    const auto outcome = plan_run({}, configuration, kNow);
    ASSERT_FALSE(outcome.has_value());
    EXPECT_EQ(outcome.error().kind, ErrorKind::config);
}

}  // namespace
}  // namespace bassline::simulator
