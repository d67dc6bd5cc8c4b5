// SPDX-License-Identifier: Apache-2.0
#include "simulator/check.hpp"

#include <fstream>
#include <functional>
#include <map>

#include <gtest/gtest.h>
#include <unistd.h>

#include "simulator/simulate.hpp"

namespace bassline::simulator {
namespace {

namespace fs = std::filesystem;

constexpr std::int64_t kFromMs = 1'756'684'800'000;  // 1 September 2025
constexpr std::int64_t kHourMs = 3'600'000;

fs::path scratch(const std::string& name) {
    return fs::temp_directory_path() / ("check_" + std::to_string(::getpid()) + "_" + name);
}

// Events of 250 users over four weeks, as one file.
void make_log(const fs::path& out, OutputFormat format = OutputFormat::topics) {
    SimulateProgress progress;
    const auto made = simulate({.out = out.string(),
                                .users = 250,
                                .seed = 3,
                                .from_ms = kFromMs,
                                .to_ms = kFromMs + kHourMs * 24 * 28,
                                .format = format},
                               SystemClock(), {}, progress, [](const std::string&) {});
    ASSERT_TRUE(made) << made.error().message;
}

const std::vector<std::string>& log_lines() {
    static const std::vector<std::string> kLines = [] {
        const fs::path file = scratch("log.ndjson");
        make_log(file);
        std::ifstream stream(file);
        std::vector<std::string> read;
        for (std::string line; std::getline(stream, line);) read.push_back(line);
        fs::remove(file);
        return read;
    }();
    return kLines;
}

CheckReport check_file(const fs::path& file, const std::string& configuration = "stock") {
    const std::vector<fs::path> files = {file};
    auto report = check(files, load_configuration(configuration).value());
    EXPECT_TRUE(report) << report.error().message;
    return report ? report.value() : CheckReport{};
}

// Checks the log with some lines changed or, if the result is empty, left out.
CheckReport check_changed(const std::function<std::string(const std::string&)>& change,
                          const std::string& configuration = "stock") {
    const fs::path file = scratch("changed.ndjson");
    std::ofstream stream(file);
    for (const std::string& line : log_lines()) {
        const std::string changed = change(line);
        if (!changed.empty()) stream << changed << '\n';
    }
    stream.close();
    CheckReport report = check_file(file, configuration);
    fs::remove(file);
    return report;
}

std::vector<std::string> failures(const CheckReport& report) {
    std::vector<std::string> names;
    for (const CheckFigure& figure : report.figures) {
        if (figure.verdict == Verdict::fail) names.push_back(figure.name);
    }
    return names;
}

bool fails(const CheckReport& report, const std::string& figure) {
    const auto names = failures(report);
    return std::find(names.begin(), names.end(), figure) != names.end();
}

std::int64_t number_of(const std::string& line, const std::string& field) {
    const std::size_t at = line.find("\"" + field + "\":");
    return std::stoll(line.substr(at + field.size() + 3));
}

// The line with another number in a field, if it has that field.
std::string with_number(std::string line, const std::string& field, std::int64_t number) {
    const std::size_t at = line.find("\"" + field + "\":");
    if (at == line.npos) return line;
    const std::size_t begin = at + field.size() + 3;
    return line.replace(begin, line.find_first_of(",}", begin) - begin, std::to_string(number));
}

std::string with_time(const std::string& line, std::int64_t ts_ms) {
    return with_number(line, "ts", ts_ms);
}

bool is_page_view(const std::string& line) {
    return line.find("\"page\":") != line.npos;
}

TEST(Check, ASimulatedLogHasTheStatisticsOfItsConfiguration) {
    const CheckReport report = check_changed([](const std::string& line) { return line; });
    EXPECT_TRUE(failures(report).empty()) << check_table(report);
    EXPECT_TRUE(report.passed());
    EXPECT_GT(report.figures.size(), 40u);
    EXPECT_GT(report.complete_sessions, report.sessions * 3 / 4);
}

TEST(Check, TheSingleStreamIsCheckedToo) {
    const fs::path file = scratch("single.json.gz");
    make_log(file, OutputFormat::single);
    const CheckReport report = check_file(file);
    EXPECT_TRUE(failures(report).empty()) << check_table(report);
    fs::remove(file);
}

TEST(Check, AFolderOfTopicsIsReadWhole) {
    const fs::path folder = scratch("folder");
    make_log(folder);
    const CheckReport report = check_file(folder);
    EXPECT_TRUE(failures(report).empty()) << check_table(report);
    fs::remove_all(folder);
}

TEST(Check, AnotherConfigurationFails) {
    const auto same = [](const std::string& line) { return line; };
    EXPECT_TRUE(fails(check_changed(same, "alt"), "transitions that are not configured"));
    const CheckReport accordion = check_changed(same, "accordion");
    EXPECT_TRUE(fails(accordion, "events a session from Logged In, free"));
    EXPECT_TRUE(fails(accordion, "transitions from Logged In, paid"));
    EXPECT_TRUE(fails(accordion, "share of page NextSong"));
}

TEST(Check, LinesThatAreNoEventsAreCounted) {
    const CheckReport report = check_changed([](const std::string& line) {
        return number_of(line, "sessionId") % 500 == 7 ? line.substr(0, 40) : line;
    });
    EXPECT_TRUE(fails(report, "lines that are no event"));
}

TEST(Check, MissingAndRepeatedPageViewsAreSeen) {
    const auto is_chosen = [](const std::string& line) {
        return is_page_view(line) && number_of(line, "itemInSession") == 1 &&
               number_of(line, "sessionId") % 100 == 0;
    };
    const CheckReport without = check_changed(
        [&](const std::string& line) { return is_chosen(line) ? std::string() : line; });
    EXPECT_TRUE(fails(without, "page views that are missing in a session"));
    const CheckReport twice = check_changed(
        [&](const std::string& line) { return is_chosen(line) ? line + "\n" + line : line; });
    EXPECT_TRUE(fails(twice, "page views that come twice"));
}

TEST(Check, AnotherTimeOfDayOrDayOfTheWeekFails) {
    const auto later = [](std::int64_t hours) {
        return check_changed([hours](const std::string& line) {
            return with_time(line, number_of(line, "ts") + hours * kHourMs);
        });
    };
    EXPECT_EQ(failures(later(3)), std::vector<std::string>{"session starts by hour of the day"});
    EXPECT_EQ(failures(later(48)), std::vector<std::string>{"session starts by day of the week"});
    EXPECT_TRUE(failures(later(std::int64_t{7} * 24)).empty());
}

TEST(Check, RedirectsAndSongsKeepTheirTimes) {
    const CheckReport redirects = check_changed([](const std::string& line) {
        const bool is_redirect = line.find("\"status\":307") != line.npos;
        return is_redirect ? with_time(line, number_of(line, "ts") + 1000) : line;
    });
    EXPECT_TRUE(fails(redirects, "redirects that do not take one second"));
    const CheckReport songs =
        check_changed([](const std::string& line) { return with_number(line, "duration", 100); });
    EXPECT_TRUE(fails(songs, "songs that do not begin when the one before ends"));
}

TEST(Check, LongGapsFail) {
    const CheckReport report = check_changed([](const std::string& line) {
        const std::int64_t ts = number_of(line, "ts");
        return with_time(line, ts + 120'000 * number_of(line, "itemInSession"));
    });
    EXPECT_TRUE(fails(report, "seconds of a gap in the mean over users"));
}

TEST(Check, LostLongSessionsFail) {
    std::map<std::int64_t, std::int64_t> events;
    for (const std::string& line : log_lines()) {
        events[number_of(line, "sessionId")] += is_page_view(line) ? 1 : 0;
    }
    const CheckReport report = check_changed([&](const std::string& line) {
        return events[number_of(line, "sessionId")] > 40 ? std::string() : line;
    });
    EXPECT_TRUE(fails(report, "events a session from Logged In, paid"));
    EXPECT_TRUE(fails(report, "transitions from Logged In, paid"));
}

TEST(Check, AFileWithoutPageViewsIsRefused) {
    const fs::path file = scratch("listens.ndjson");
    std::ofstream stream(file);
    for (const std::string& line : log_lines()) {
        if (!is_page_view(line)) stream << line << '\n';
    }
    stream.close();
    const std::vector<fs::path> files = {file};
    auto refused = check(files, load_configuration("stock").value());
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().kind, ErrorKind::bad_data);
    fs::remove(file);
}

}  // namespace
}  // namespace bassline::simulator
