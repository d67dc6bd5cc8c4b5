// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>

#include "base/result.hpp"
#include "duck/database.hpp"
#include "models/manifest.hpp"

// A dbt data test: its compiled SQL yields the failing rows; counting and judging them is the
// runner's part, and is the same here as in dbt.
namespace bassline::models {

enum class Verdict { pass, warn, fail };

struct TestResult {
    Verdict verdict = Verdict::pass;
    std::int64_t failures = 0;
};

/// The statement that counts the failing rows and compares them: failures, should_warn,
/// should_error. Pure.
std::string counting_sql(const Node& test);

/// dbt's rule: error_if counts under severity error only, warn_if under both. Pure.
Verdict judge(const TestRule& rule, bool should_warn, bool should_error);

/// Errors: `sql` if the test itself does not run.
Result<TestResult> run_test(duck::Connection& connection, const Node& test);

}  // namespace bassline::models
