// SPDX-License-Identifier: Apache-2.0
#include "models/test_run.hpp"

namespace bassline::models {

std::string counting_sql(const Node& test) {
    const TestRule& rule = test.test;
    return fmt::format(
        "select cast({0} as bigint) as failures, {0} {1} as should_warn, {0} {2} as should_error\n"
        "from (\n{3}\n{4}) as dbt_internal_test",
        rule.fail_calc, rule.warn_if, rule.error_if, test.compiled_code,
        rule.limit ? fmt::format("limit {}\n", *rule.limit) : "");
}

Verdict judge(const TestRule& rule, bool should_warn, bool should_error) {
    if (rule.is_error_severity && should_error) return Verdict::fail;
    return should_warn ? Verdict::warn : Verdict::pass;
}

Result<TestResult> run_test(duck::Connection& connection, const Node& test) {
    TRY_ASSIGN(duck::Rows rows, connection.query(counting_sql(test)));
    if (!rows.next() || rows.is_null(0)) {
        return error(ErrorKind::sql, "{} counts no rows: {} gave null", test.unique_id,
                     test.test.fail_calc);
    }
    return TestResult{.verdict = judge(test.test, rows.boolean(1), rows.boolean(2)),
                      .failures = rows.int64(0)};
}

}  // namespace bassline::models
