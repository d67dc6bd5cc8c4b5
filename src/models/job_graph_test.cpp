// SPDX-License-Identifier: Apache-2.0
#include "models/job_graph.hpp"

#include <algorithm>
#include <atomic>
#include <thread>

#include <gtest/gtest.h>

namespace bassline::models {
namespace {

// Runs the jobs on one worker; those named in `failing` fail. The order in which they ran.
std::vector<std::string> order_of(const std::vector<Job>& jobs, const std::string& failing = "") {
    std::vector<std::string> order;
    const auto run = [&](std::size_t job, std::size_t) -> Result<JobOutcome> {
        order.push_back(jobs[job].name);
        return jobs[job].name == failing ? JobOutcome::failed : JobOutcome::succeeded;
    };
    EXPECT_TRUE(run_jobs(jobs, 1, run, {}));
    return order;
}

const std::vector<Job> kDiamond = {{.name = "d", .waits_for = {1, 2}},
                                   {.name = "b", .waits_for = {3}},
                                   {.name = "c", .waits_for = {3}},
                                   {.name = "a"}};

TEST(JobGraph, a_job_runs_after_all_it_waits_for_and_ties_go_by_rank_then_name) {
    EXPECT_EQ(order_of(kDiamond), (std::vector<std::string>{"a", "b", "c", "d"}));
    EXPECT_EQ(order_of({{.name = "a", .rank = 1}, {.name = "z", .rank = 0}}),
              (std::vector<std::string>{"z", "a"}));
}

TEST(JobGraph, descendants_of_a_failed_job_are_skipped_and_others_are_not) {
    EXPECT_EQ(order_of(kDiamond, "b"), (std::vector<std::string>{"a", "b", "c"}));
    const auto outcomes = run_jobs(kDiamond, 2,
                                   [](std::size_t job, std::size_t) -> Result<JobOutcome> {
                                       return job == 1 ? JobOutcome::failed : JobOutcome::succeeded;
                                   },
                                   {});
    EXPECT_EQ(outcomes.value(),
              (std::vector<JobOutcome>{JobOutcome::skipped, JobOutcome::failed,
                                       JobOutcome::succeeded, JobOutcome::succeeded}));
}

TEST(JobGraph, independent_jobs_run_at_the_same_time) {
    std::atomic<int> inside = 0;
    const auto run = [&](std::size_t, std::size_t) -> Result<JobOutcome> {
        ++inside;
        while (inside < 2) {
        }  // would hang if the second job waited for the first
        return JobOutcome::succeeded;
    };
    EXPECT_TRUE(run_jobs({{.name = "a"}, {.name = "b"}}, 2, run, {}));
}

TEST(JobGraph, every_job_of_a_wide_graph_runs_once_on_many_workers) {
    std::vector<Job> jobs(500);
    for (std::size_t job = 1; job < jobs.size(); ++job)
        jobs[job] = {.name = std::to_string(job), .waits_for = {job / 3}};
    std::vector<std::atomic<int>> runs(jobs.size());
    const auto run = [&](std::size_t job, std::size_t) -> Result<JobOutcome> {
        ++runs[job];
        return JobOutcome::succeeded;
    };
    EXPECT_TRUE(run_jobs(jobs, 4, run, {}));
    EXPECT_TRUE(
        std::ranges::all_of(runs, [](const std::atomic<int>& count) { return count == 1; }));
}

TEST(JobGraph, an_error_ends_everything) {
    const auto run = [](std::size_t, std::size_t) -> Result<JobOutcome> {
        return error(ErrorKind::io, "disk");
    };
    EXPECT_EQ(run_jobs(kDiamond, 2, run, {}).error().kind, ErrorKind::io);
}

TEST(JobGraph, a_stop_cancels_what_has_not_started) {
    std::jthread owner([](const std::stop_token&) {});
    const auto run = [&](std::size_t, std::size_t) -> Result<JobOutcome> {
        owner.request_stop();
        return JobOutcome::succeeded;
    };
    EXPECT_EQ(run_jobs(kDiamond, 1, run, owner.get_stop_token()).error().kind,
              ErrorKind::cancelled);
}

TEST(JobGraph, a_circle_is_refused_with_its_jobs) {
    const auto run = [](std::size_t, std::size_t) -> Result<JobOutcome> {
        return JobOutcome::succeeded;
    };
    const auto outcomes =
        run_jobs({{.name = "x", .waits_for = {1}}, {.name = "y", .waits_for = {0}}}, 2, run, {});
    ASSERT_FALSE(outcomes);
    EXPECT_NE(outcomes.error().message.find("x y"), std::string::npos);
}

}  // namespace
}  // namespace bassline::models
