// SPDX-License-Identifier: Apache-2.0
#include "models/job_graph.hpp"

#include <condition_variable>
#include <mutex>
#include <optional>
#include <set>
#include <thread>
#include <tuple>

namespace bassline::models {
namespace {

class Runner {
public:
    Runner(const std::vector<Job>& jobs, const RunJob& run, std::stop_token stop)
        : jobs_(jobs),
          run_(run),
          stop_(std::move(stop)),
          children_(jobs.size()),
          open_parents_(jobs.size()),
          outcomes_(jobs.size()) {
        for (std::size_t job = 0; job < jobs.size(); ++job) {
            open_parents_[job] = jobs[job].waits_for.size();
            for (const std::size_t parent : jobs[job].waits_for)
                children_.at(parent).push_back(job);
            if (open_parents_[job] == 0) ready_.insert(key(job));
        }
    }

    void work(std::size_t worker) {
        const std::stop_callback wake(stop_, [this] {
            const std::lock_guard lock(mutex_);
            changed_.notify_all();
        });
        std::unique_lock lock(mutex_);
        for (;;) {
            changed_.wait(lock, [this] { return is_over() || !ready_.empty(); });
            if (is_over()) return;
            const std::size_t job = std::get<2>(*ready_.begin());
            ready_.erase(ready_.begin());
            ++running_;
            lock.unlock();
            auto outcome = run_(job, worker);
            lock.lock();
            --running_;
            if (outcome) {
                settle(job, outcome.value());
            } else if (!failure_) {
                failure_ = std::move(outcome).error();
            }
            changed_.notify_all();
        }
    }

    Result<std::vector<JobOutcome>> result() {
        if (failure_) return *failure_;
        if (stop_.stop_requested())
            return error(ErrorKind::cancelled, "stopped before the models were done");
        std::vector<JobOutcome> outcomes;
        std::string cycle;
        for (std::size_t job = 0; job < jobs_.size(); ++job) {
            if (!outcomes_[job]) cycle += " " + jobs_[job].name;
            outcomes.push_back(outcomes_[job].value_or(JobOutcome::skipped));
        }
        if (!cycle.empty())
            return error(ErrorKind::config, "these depend on each other in a circle:{}", cycle);
        return outcomes;
    }

private:
    using Key = std::tuple<int, std::string, std::size_t>;

    Key key(std::size_t job) const { return {jobs_[job].rank, jobs_[job].name, job}; }

    // Done, failed, stopped, or nothing can ever become ready again.
    bool is_over() const {
        return failure_ || stop_.stop_requested() || (ready_.empty() && running_ == 0);
    }

    void settle(std::size_t job, JobOutcome outcome) {
        if (outcomes_[job]) return;
        outcomes_[job] = outcome;
        for (const std::size_t child : children_[job]) {
            if (outcome != JobOutcome::succeeded) {
                settle(child, JobOutcome::skipped);
            } else if (--open_parents_[child] == 0 && !outcomes_[child]) {
                ready_.insert(key(child));
            }
        }
    }

    const std::vector<Job>& jobs_;
    const RunJob& run_;
    const std::stop_token stop_;
    std::mutex mutex_;  // guards all below
    std::condition_variable changed_;
    std::vector<std::vector<std::size_t>> children_;
    std::vector<std::size_t> open_parents_;
    std::vector<std::optional<JobOutcome>> outcomes_;
    std::set<Key> ready_;
    std::size_t running_ = 0;
    std::optional<Error> failure_;
};

}  // namespace

Result<std::vector<JobOutcome>> run_jobs(const std::vector<Job>& jobs, std::size_t workers,
                                         const RunJob& run, std::stop_token stop) {
    Runner runner(jobs, run, std::move(stop));
    {
        std::vector<std::jthread> threads;
        for (std::size_t worker = 0; worker < workers; ++worker) {
            threads.emplace_back([&runner, worker] { runner.work(worker); });
        }
    }
    return runner.result();
}

}  // namespace bassline::models
