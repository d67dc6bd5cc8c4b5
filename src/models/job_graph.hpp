// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <functional>
#include <stop_token>
#include <string>
#include <vector>

#include "base/result.hpp"

// Runs a graph of jobs on worker threads, in dependency order.
//
// A job starts when all it waits for succeeded; of the ready ones the lowest (rank, name) starts
// first, so that logs are stable. A failed job's descendants are skipped. After an Error, or once
// stop is requested, nothing more starts.
//
// Threads: the workers take jobs from one queue under one mutex; `run` is called without it, from
// several threads.
namespace bassline::models {

struct Job {
    std::string name;
    int rank = 0;
    std::vector<std::size_t> waits_for;  // indexes of other jobs
};

enum class JobOutcome { succeeded, failed, skipped };

/// `run(job, worker)`, worker from 0, decides whether a job succeeded or failed; an Error ends
/// everything.
using RunJob = std::function<Result<JobOutcome>(std::size_t job, std::size_t worker)>;

/// Outcome of every job, in the order of the jobs.
/// Errors: the first Error of `run`; `cancelled`; a cycle is `config` naming its jobs.
Result<std::vector<JobOutcome>> run_jobs(const std::vector<Job>& jobs, std::size_t workers,
                                         const RunJob& run, std::stop_token stop);

}  // namespace bassline::models
