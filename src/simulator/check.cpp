// SPDX-License-Identifier: Apache-2.0
#include "simulator/check.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>

#include <fmt/format.h>

#include "simulator/check_figures.hpp"

namespace bassline::simulator {

std::string_view to_string(Verdict verdict) {
    switch (verdict) {
        case Verdict::pass:
            return "pass";
        case Verdict::fail:
            return "FAIL";
        case Verdict::too_few:
            return "too few";
    }
    return "";
}

bool CheckReport::passed() const {
    return std::ranges::none_of(
        figures, [](const CheckFigure& figure) { return figure.verdict == Verdict::fail; });
}

Result<CheckReport> check(std::span<const std::filesystem::path> inputs,
                          const Configuration& configuration, CheckOptions options) {
    TRY_ASSIGN(const ChainTargets targets, solve_chain(configuration));
    TRY_ASSIGN(const EventLog log, read_event_log(inputs, configuration));
    const std::vector<LoggedSession> sessions = sessions_of(log, targets);
    CheckReport report{.page_views = log.steps.size(),
                       .sessions = sessions.size(),
                       .first_ms = log.first_ms,
                       .last_ms = log.last_ms};
    for (const LoggedSession& session : sessions) {
        report.complete_sessions += session.is_complete ? 1 : 0;
    }
    const CheckInput input{configuration, targets, log, sessions, options};
    check_records(input, report.figures);
    check_chain(input, report.figures);
    check_gaps(input, report.figures);
    check_starts(input, report.figures);
    return report;
}

std::string check_table(const CheckReport& report) {
    std::string table = fmt::format("{:<52} {:>10} {:>12} {:>12} {:>9}  {}\n", "figure", "of",
                                    "found", "expected", "p", "verdict");
    std::size_t failed = 0;
    for (const CheckFigure& figure : report.figures) {
        failed += figure.verdict == Verdict::fail ? 1 : 0;
        const bool is_decided = figure.verdict != Verdict::too_few;
        table += fmt::format("{:<52} {:>10} {:>12.6g} {:>12.6g} {:>9}  {}\n", figure.name,
                             figure.count, figure.found, figure.expected,
                             is_decided ? fmt::format("{:.2g}", figure.p) : "",
                             to_string(figure.verdict));
    }
    return table +
           fmt::format("{} page views, {} sessions, {} of them complete: {} figures, {} failed\n",
                       report.page_views, report.sessions, report.complete_sessions,
                       report.figures.size(), failed);
}

std::string check_json(const CheckReport& report) {
    nlohmann::json figures = nlohmann::json::array();
    for (const CheckFigure& figure : report.figures) {
        figures.push_back(
            {{"figure", figure.name},
             {"count", figure.count},
             {"found", figure.found},
             {"expected", figure.expected},
             {"p", figure.p},
             {"verdict", figure.verdict == Verdict::fail ? "fail" : to_string(figure.verdict)}});
    }
    return nlohmann::json{{"ok", report.passed()},
                          {"page_views", report.page_views},
                          {"sessions", report.sessions},
                          {"complete_sessions", report.complete_sessions},
                          {"figures", std::move(figures)}}
        .dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

}  // namespace bassline::simulator
