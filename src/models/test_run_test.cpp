// SPDX-License-Identifier: Apache-2.0
#include "models/test_run.hpp"

#include <gtest/gtest.h>

namespace bassline::models {
namespace {

Node test_of(const std::string& sql, TestRule rule = {}) {
    return {.unique_id = "test.t.x",
            .type = NodeType::test,
            .compiled_code = sql,
            .test = std::move(rule)};
}

TestResult outcome(const Node& test) {
    auto database = duck::Database::open({.temp_directory = testing::TempDir()}).value();
    auto connection = database.connect().value();
    return run_test(connection, test).value();
}

constexpr const char* kThreeRows = "select * from range(3) t(failing)";

TEST(TestRun, no_failing_row_passes_and_one_fails) {
    EXPECT_EQ(outcome(test_of("select 1 where false")).verdict, Verdict::pass);
    const TestResult failed = outcome(test_of(kThreeRows));
    EXPECT_EQ(failed.verdict, Verdict::fail);
    EXPECT_EQ(failed.failures, 3);
}

TEST(TestRun, severity_warn_never_fails) {
    EXPECT_EQ(outcome(test_of(kThreeRows, {.is_error_severity = false})).verdict, Verdict::warn);
}

TEST(TestRun, thresholds_decide_between_pass_warn_and_fail) {
    EXPECT_EQ(outcome(test_of(kThreeRows, {.warn_if = "> 5", .error_if = "> 10"})).verdict,
              Verdict::pass);
    EXPECT_EQ(outcome(test_of(kThreeRows, {.warn_if = "> 2", .error_if = "> 10"})).verdict,
              Verdict::warn);
    EXPECT_EQ(outcome(test_of(kThreeRows, {.warn_if = "> 1", .error_if = "> 2"})).verdict,
              Verdict::fail);
}

TEST(TestRun, fail_calc_and_limit_shape_the_count) {
    EXPECT_EQ(outcome(test_of(kThreeRows, {.fail_calc = "sum(failing)"})).failures, 3);
    EXPECT_EQ(outcome(test_of(kThreeRows, {.limit = 2})).failures, 2);
}

TEST(TestRun, sql_that_ends_in_a_comment_still_counts) {
    EXPECT_EQ(outcome(test_of("select 1 -- the only row")).failures, 1);
}

TEST(TestRun, a_test_that_does_not_run_is_an_error) {
    auto database = duck::Database::open({.temp_directory = testing::TempDir()}).value();
    auto connection = database.connect().value();
    EXPECT_EQ(run_test(connection, test_of("select * from nothing_here")).error().kind,
              ErrorKind::sql);
}

}  // namespace
}  // namespace bassline::models
