// SPDX-License-Identifier: Apache-2.0
#include "simulator/faults.hpp"

#include <map>
#include <numeric>
#include <set>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "event/decoder.hpp"
#include "simulator/damage.hpp"
#include "simulator/fault_sink.hpp"

namespace bassline::simulator {
namespace {

using event::Topic;
using testing::HasSubstr;

constexpr std::int64_t kStartMs = 1'756'684'800'000;  // 2025-09-01

std::string line_of(Topic topic, std::int64_t ts_ms, std::uint64_t session) {
    const std::string place =
        R"("city":"B","zip":"02151","state":"MA","userAgent":"M","lon":-71.0,"lat":42.4)";
    const std::string head = fmt::format(R"("ts":{},"sessionId":{})", ts_ms, session);
    switch (topic) {
        case Topic::listen_events:
            return fmt::format(R"({{"artist":"Björk","song":"S","duration":200.5,{},"auth":)"
                               R"("Logged In","level":"free","itemInSession":1,{}}})",
                               head, place);
        case Topic::page_view_events:
            return fmt::format(R"({{{},"page":"Home","auth":"Logged In","method":"GET",)"
                               R"("status":200,"level":"paid","itemInSession":0,{}}})",
                               head, place);
        case Topic::auth_events:
            return fmt::format(R"({{{},"level":"free","itemInSession":5,{},"success":false}})",
                               head, place);
        case Topic::status_change_events:
            return fmt::format(R"({{{},"auth":"Logged In","level":"free","itemInSession":2,{}}})",
                               head, place);
    }
    return "";
}

TEST(Faults, AreReadFromTheirNamesAndShares) {
    const FaultRates rates = parse_faults("late=0.01,bots=0.5,malformed=1e-3").value();
    EXPECT_EQ(rates.late, 0.01);
    EXPECT_EQ(rates.bots, 0.5);
    EXPECT_EQ(rates.malformed, 0.001);
    EXPECT_EQ(rates.duplicate, 0);
    EXPECT_FALSE(parse_faults("").value().touch_records());
}

TEST(Faults, RefusesWhatIsNone) {
    EXPECT_THAT(parse_faults("lait=0.01").error().message, HasSubstr("lait=0.01 is none of late"));
    EXPECT_THAT(parse_faults("late").error().message, HasSubstr("late needs a share"));
    EXPECT_THAT(parse_faults("late=1.5").error().message, HasSubstr("late needs a share"));
    EXPECT_THAT(parse_faults("late=0.1x").error().message, HasSubstr("late needs a share"));
    EXPECT_THAT(parse_faults("late=0.6,duplicate=0.6").error().message, HasSubstr("more than 1"));
}

TEST(OddUsers, AreTheirShareOfUsersAndAlwaysTheSame) {
    const OddUsers odd(1, {.skew = 0.2, .bots = 0.1});
    int skewed = 0;
    int bots = 0;
    for (UserIndex user = 0; user < 10'000; ++user) {
        const std::int64_t skew = odd.skew_ms(user);
        ASSERT_LE(std::abs(skew), 12 * 3'600'000);
        ASSERT_EQ(skew, odd.skew_ms(user));
        skewed += skew != 0 ? 1 : 0;
        bots += odd.is_bot(user) ? 1 : 0;
    }
    EXPECT_NEAR(skewed, 2000, 160);
    EXPECT_NEAR(bots, 1000, 120);
    EXPECT_EQ(OddUsers(1, {}).skew_ms(7), 0);
}

// What ingest's own decoder makes of a line.
class Reader {
public:
    const event::Line& read(const std::string& line, bool generally) {
        padded_ = line + std::string(event::kScanPadding, '\0');
        const std::string_view text = std::string_view(padded_).substr(0, line.size());
        return generally ? decoder_.decode_generally(text) : decoder_.decode(text);
    }

private:
    std::string padded_;
    event::Decoder decoder_{kStartMs + 86'400'000};
};

TEST(Damage, IsRefusedForItsReasonUnderItsTopicOrTakenAsItIs) {
    Reader reader;
    for (const Topic topic : event::kTopics) {
        for (const Damage& damage : damages()) {
            if (damage.reason == event::Reason::oversize) continue;  // the line reader's to refuse
            if (!befalls(damage, topic)) continue;
            const std::string line = damaged(line_of(topic, kStartMs, 7), damage);
            SCOPED_TRACE(fmt::format("{} of {}", damage.name, event::to_string(topic)));
            EXPECT_EQ(line.find('\n'), line.npos);
            for (const bool generally : {false, true}) {
                const event::Line& decoded = reader.read(line, generally);
                ASSERT_EQ(decoded.record_count, 1u);
                const event::Record& record = decoded.records[0];
                ASSERT_EQ(record.refusal.has_value(), damage.reason.has_value())
                    << (record.refusal ? record.refusal->detail : "taken");
                EXPECT_EQ(record.topic, counted_under(damage, topic));
                if (damage.reason) {
                    EXPECT_EQ(to_string(record.refusal->reason), to_string(*damage.reason));
                } else {
                    EXPECT_EQ(decoded.fields[event::Column::ts].integer,
                              ts_of_damaged(damage, kStartMs));
                }
            }
        }
    }
}

TEST(Damage, TheLongestLineFitsAMebibyteWithAFrameAndTheOversizeOneIsAByteOver) {
    const std::string line = line_of(Topic::auth_events, kStartMs, 7);
    constexpr std::size_t kMebibyte = 1u << 20;
    for (const Damage& damage : damages()) {
        if (damage.edit != Edit::padded) continue;
        EXPECT_EQ(damaged(line, damage).size(), damage.reason ? kMebibyte + 1 : kMebibyte - 5);
    }
}

TEST(Damage, HasANameOfItsOwn) {
    std::set<std::string_view> names;
    for (const Damage& damage : damages()) EXPECT_TRUE(names.insert(damage.name).second);
}

TEST(Damage, EveryKindIsDrawnAndLargeOnesSeldom) {
    RandomStream random(1, StreamPurpose::faults, 0);
    std::map<std::string_view, int> listens;
    std::set<std::string_view> pages;
    constexpr int kDraws = 50'000;
    for (int i = 0; i < kDraws; ++i) {
        ++listens[draw_damage(Topic::listen_events, random.next()).name];
        pages.insert(draw_damage(Topic::page_view_events, random.next()).name);
    }
    EXPECT_EQ(listens.size(), damages().size());
    EXPECT_EQ(pages.size(), damages().size() - 2) << "without the durations";
    for (const Damage& damage : damages()) {
        if (!damage.is_rare) continue;
        EXPECT_LT(listens[damage.name], kDraws / 250) << damage.name;
    }
}

class LineSink : public Sink {
public:
    Result<void> write(std::size_t /*stream*/, const Lines& text) override {
        std::size_t begin = 0;
        for (const RecordMark& mark : text.marks) {
            lines.emplace_back(text.text.substr(begin, mark.end - begin - 1));
            begin = mark.end;
        }
        EXPECT_EQ(begin, text.text.size());
        return {};
    }
    Result<void> finish() override { return {}; }
    std::vector<std::string> lines;
};

struct Outcome {
    std::vector<std::string> lines;
    FaultCounts counts;
};

constexpr int kRecords = 20'000;

// Page views five minutes apart, in batches.
Outcome pass(FaultRates rates, int batch = 100) {
    LineSink inner;
    FaultSink sink(inner, rates, 1);
    for (int begin = 0; begin < kRecords; begin += batch) {
        std::string text;
        std::vector<RecordMark> marks;
        for (int i = begin; i < begin + batch; ++i) {
            const std::int64_t ts_ms = kStartMs + i * 300'000LL;
            text += line_of(Topic::page_view_events, ts_ms, static_cast<std::uint64_t>(i)) + "\n";
            marks.push_back(
                {text.size(), ts_ms, static_cast<std::uint64_t>(i % 100), Topic::page_view_events});
        }
        EXPECT_TRUE(sink.write(1, {text, marks}).has_value());
    }
    EXPECT_TRUE(sink.finish().has_value());
    return {inner.lines, sink.counts()};
}

std::uint64_t total(const DailyCounts& counts) {
    return std::accumulate(counts.begin(), counts.end(), std::uint64_t{0},
                           [](std::uint64_t sum, const auto& day) { return sum + day.second; });
}

std::vector<int> sessions_of(const std::vector<std::string>& lines) {
    std::vector<int> sessions;
    for (const std::string& line : lines) {
        sessions.push_back(std::stoi(line.substr(line.find("\"sessionId\":") + 12)));
    }
    return sessions;
}

TEST(FaultSink, WithoutFaultsChangesNothing) {
    const Outcome outcome = pass({});
    EXPECT_EQ(outcome.lines.size(), static_cast<std::size_t>(kRecords));
    const std::vector<int> sessions = sessions_of(outcome.lines);
    EXPECT_TRUE(std::is_sorted(sessions.begin(), sessions.end()));
    EXPECT_EQ(total(outcome.counts.written), static_cast<std::uint64_t>(kRecords));
    EXPECT_TRUE(outcome.counts.faults.empty());
}

TEST(FaultSink, LateAndMisplacedRecordsAreAllThereBehindTheirPlace) {
    for (const FaultRates rates : {FaultRates{.late = 0.05}, FaultRates{.out_of_order = 0.05}}) {
        const Outcome outcome = pass(rates);
        std::vector<int> sessions = sessions_of(outcome.lines);
        std::size_t behind = 0;
        int furthest = -1;
        for (const int session : sessions) {
            if (session < furthest) ++behind;
            furthest = std::max(furthest, session);
        }
        const std::uint64_t counted =
            total(outcome.counts.faults.at(rates.late > 0 ? "late" : "out_of_order"));
        EXPECT_NEAR(static_cast<double>(counted), 1000, 150);
        EXPECT_GT(behind, counted * 7 / 10);  // a short delay may end before the next record
        EXPECT_LE(behind, counted);
        std::sort(sessions.begin(), sessions.end());
        for (int i = 0; i < kRecords; ++i) ASSERT_EQ(sessions[static_cast<std::size_t>(i)], i);
    }
}

TEST(FaultSink, ADuplicateIsTheSameBytesAgain) {
    const Outcome outcome = pass({.duplicate = 0.05});
    std::map<std::string, int> copies;
    for (const std::string& line : outcome.lines) ++copies[line];
    const auto twice = static_cast<std::uint64_t>(std::count_if(
        copies.begin(), copies.end(), [](const auto& line) { return line.second == 2; }));
    EXPECT_EQ(copies.size(), static_cast<std::size_t>(kRecords));
    EXPECT_EQ(twice, total(outcome.counts.faults.at("duplicate")));
    EXPECT_EQ(outcome.lines.size(), kRecords + twice);
    EXPECT_EQ(total(outcome.counts.written), kRecords + twice);
}

TEST(FaultSink, AMalformedRecordTakesThePlaceOfAGoodOne) {
    const Outcome outcome = pass({.malformed = 0.05});
    const std::uint64_t malformed = total(outcome.counts.faults.at("malformed"));
    EXPECT_EQ(outcome.lines.size(), static_cast<std::size_t>(kRecords));
    std::uint64_t refused = 0;
    for (const auto& [key, count] : outcome.counts.quarantined) refused += count;
    EXPECT_EQ(total(outcome.counts.written) + refused, static_cast<std::uint64_t>(kRecords));
    std::uint64_t odd = 0;
    std::uint64_t damaged_records = 0;
    for (const Damage& damage : damages()) {
        const std::uint64_t count = outcome.counts.damages.at(std::string(damage.name));
        damaged_records += count;
        if (!damage.reason) odd += count;
    }
    EXPECT_EQ(damaged_records, malformed);
    EXPECT_EQ(refused + odd, malformed);
    EXPECT_GT(odd, 0u);
    EXPECT_GT(outcome.counts.written.count({Topic::page_view_events, "2000-01-01"}), 0u)
        << "counted by the ts that it has";
}

TEST(FaultSink, ASkewedClockIsOffBySameForAllEventsOfItsUser) {
    const Outcome outcome = pass({.skew = 0.2});
    const OddUsers odd(1, {.skew = 0.2});
    std::uint64_t skewed = 0;
    for (int i = 0; i < kRecords; ++i) {
        const std::int64_t skew = odd.skew_ms(static_cast<UserIndex>(i % 100));
        skewed += skew != 0 ? 1 : 0;
        const std::string expected = fmt::format("{{\"ts\":{},", kStartMs + i * 300'000LL + skew);
        ASSERT_EQ(outcome.lines[static_cast<std::size_t>(i)].substr(0, expected.size()), expected);
    }
    EXPECT_GT(skewed, 0u);
    EXPECT_EQ(total(outcome.counts.faults.at("skew")), skewed);
}

TEST(FaultSink, DoesNotDependOnHowRecordsArrive) {
    const FaultRates all{.late = 0.02, .duplicate = 0.02, .out_of_order = 0.02, .malformed = 0.02};
    EXPECT_EQ(pass(all, 100).lines, pass(all, 2500).lines);
}

}  // namespace
}  // namespace bassline::simulator
