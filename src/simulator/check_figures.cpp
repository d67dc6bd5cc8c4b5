// SPDX-License-Identifier: Apache-2.0
#include "simulator/check_figures.hpp"

#include <cmath>

#include <fmt/format.h>

namespace bassline::simulator {
namespace {

constexpr double kLeastP = 1e-4;  // below, chance is no excuse
constexpr std::uint64_t kFew = 30;

Verdict verdict_of(bool too_few, bool is_right) {
    if (too_few) return Verdict::too_few;
    return is_right ? Verdict::pass : Verdict::fail;
}

// Counts of one name that two topics should share; nothing if the log has only one of them.
void compare_topic(const CheckInput& input, event::Topic topic,
                   std::initializer_list<std::string_view> pages, CheckFigures& figures) {
    const std::uint64_t records = input.log.records[static_cast<std::size_t>(topic)];
    if (records == 0) return;
    std::uint64_t views = 0;
    for (const LoggedStep& step : input.log.steps) {
        for (const std::string_view page : pages) {
            views += input.log.states[step.state].page == page ? 1 : 0;
        }
    }
    figures.push_back(exact_figure(fmt::format("{} for page views", event::to_string(topic)),
                                   records, static_cast<double>(records),
                                   static_cast<double>(views)));
}

}  // namespace

CheckFigure exact_figure(std::string name, std::uint64_t count, double found, double expected) {
    const bool is_right = found == expected;
    return {.name = std::move(name),
            .count = count,
            .found = found,
            .expected = expected,
            .p = is_right ? 1.0 : 0.0,
            .verdict = is_right ? Verdict::pass : Verdict::fail};
}

CheckFigure mean_figure(std::string name, std::uint64_t count, double found, double expected,
                        Leeway leeway) {
    const double difference = found - expected;
    const double p = leeway.standard_error > 0
                         ? normal_two_tails(difference / leeway.standard_error)
                         : (difference == 0 ? 1.0 : 0.0);
    const bool is_close = std::abs(difference) <= leeway.close_enough * expected;
    return {.name = std::move(name),
            .count = count,
            .found = found,
            .expected = expected,
            .p = p,
            .verdict = verdict_of(count < kFew, p >= kLeastP || is_close)};
}

CheckFigure frequency_figure(std::string name, const ChiSquared& test, Leeway leeway) {
    const double p = test.p(leeway.overdispersion);
    const auto count = static_cast<std::uint64_t>(test.observed());
    const bool is_close = test.distance() <= leeway.close_enough;
    return {.name = std::move(name),
            .count = count,
            .found = test.distance(),
            .expected = 0,
            .p = p,
            .verdict = verdict_of(count < kFew || test.degrees_of_freedom() == 0,
                                  p >= kLeastP || is_close)};
}

void check_records(const CheckInput& input, CheckFigures& figures) {
    const EventLog& log = input.log;
    const auto exactly_none = [&](std::string name, std::uint64_t count, std::uint64_t found) {
        figures.push_back(exact_figure(std::move(name), count, static_cast<double>(found), 0));
    };
    std::uint64_t records = log.refused;
    for (const std::uint64_t of_topic : log.records) records += of_topic;
    exactly_none("lines that are no event", records, log.refused);
    exactly_none("page views that come twice", log.steps.size() + log.duplicates, log.duplicates);
    std::uint64_t holes = 0;
    for (const LoggedSession& session : input.sessions) {
        const std::uint64_t items = session.steps.back().item - session.steps.front().item + 1;
        holes += items - session.steps.size();
    }
    exactly_none("page views that are missing in a session", log.steps.size(), holes);
    std::uint64_t strangers = 0;
    for (const LoggedStep& step : log.steps) {
        strangers += step.state >= input.configuration.states.size() ? 1 : 0;
    }
    exactly_none("page views in a state that is not configured", log.steps.size(), strangers);
    if (log.is_single_stream) return;
    compare_topic(input, event::Topic::listen_events, {"NextSong"}, figures);
    compare_topic(input, event::Topic::status_change_events, {"Submit Upgrade", "Submit Downgrade"},
                  figures);
}

}  // namespace bassline::simulator
