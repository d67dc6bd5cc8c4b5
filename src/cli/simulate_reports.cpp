// SPDX-License-Identifier: Apache-2.0
#include "cli/simulate_reports.hpp"

#include <cmath>
#include <filesystem>
#include <nlohmann/json.hpp>

#include <fmt/format.h>

#include "base/log.hpp"
#include "event/schema.hpp"
#include "simulator/check.hpp"
#include "simulator/run_estimate.hpp"

namespace bassline::cli {
namespace {

using simulator::RunEstimate;

std::string time_text(std::int64_t epoch_ms) {
    return format_rfc3339(Timestamp(std::chrono::milliseconds(epoch_ms)));
}

nlohmann::json estimate_json(const RunEstimate& estimate) {
    nlohmann::json topics = nlohmann::json::object();
    for (std::size_t topic = 0; topic < event::kTopicCount; ++topic) {
        topics[std::string(event::to_string(event::kTopics[topic]))] = {
            {"records", estimate.topics.records[topic]}, {"bytes", estimate.topics.bytes[topic]}};
    }
    return {{"from", time_text(estimate.from_ms)},
            {"to", time_text(estimate.to_ms)},
            {"users", std::llround(estimate.users)},
            {"users_at_end", std::llround(estimate.expected.users_at_end)},
            {"sessions", std::llround(estimate.expected.sessions)},
            {"steps", std::llround(estimate.expected.page_views)},
            {"topics", std::move(topics)}};
}

void print_estimate_table(const RunEstimate& estimate) {
    fmt::print("expected from {} to {}, {:.0f} users, {:.0f} at the end\n",
               time_text(estimate.from_ms), time_text(estimate.to_ms), estimate.users,
               estimate.expected.users_at_end);
    fmt::print("{:<22} {:>14} {:>12}\n", "topic", "records", "MB");
    std::uint64_t records = 0;
    std::uint64_t bytes = 0;
    for (std::size_t topic = 0; topic < event::kTopicCount; ++topic) {
        if (estimate.topics.records[topic] == 0) continue;
        records += estimate.topics.records[topic];
        bytes += estimate.topics.bytes[topic];
        fmt::print("{:<22} {:>14} {:>12.1f}\n", event::to_string(event::kTopics[topic]),
                   estimate.topics.records[topic],
                   static_cast<double>(estimate.topics.bytes[topic]) / 1e6);
    }
    fmt::print("{:<22} {:>14} {:>12.1f}\n", "all", records, static_cast<double>(bytes) / 1e6);
    fmt::print("in {:.0f} sessions; runs of a few thousand users differ by some percent\n",
               estimate.expected.sessions);
}

}  // namespace

Result<Exit> print_estimate(const simulator::SimulateOptions& options, bool json) {
    TRY_ASSIGN(const RunEstimate estimate, simulator::estimate_run(options, SystemClock().now()));
    if (json) {
        fmt::print("{}\n", estimate_json(estimate).dump());
    } else {
        print_estimate_table(estimate);
    }
    return Exit::done;
}

Result<Exit> print_check(const std::vector<std::string>& files,
                         const simulator::SimulateOptions& options, bool json) {
    TRY_ASSIGN(const simulator::Configuration configuration,
               simulator::load_configuration(options.config, {.compat = options.compat}));
    for (const std::string& warning : configuration.warnings) log_warn("{}", warning);
    const std::vector<std::filesystem::path> paths(files.begin(), files.end());
    const double growth = options.growth_rate.value_or(configuration.growth_rate.value_or(0));
    TRY_ASSIGN(
        const simulator::CheckReport report,
        simulator::check(paths, configuration, {.compat = options.compat, .growth_rate = growth}));
    fmt::print("{}", json ? check_json(report) + "\n" : check_table(report));
    return report.passed() ? Exit::done : Exit::data_test_failed;
}

}  // namespace bassline::cli
