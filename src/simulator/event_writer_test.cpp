// SPDX-License-Identifier: Apache-2.0
#include "simulator/event_writer.hpp"

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>
#include <set>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "simulator/test_world.hpp"

namespace bassline::simulator {
namespace {

using testing::ElementsAre;
using Json = nlohmann::ordered_json;

class MemorySink : public Sink {
public:
    explicit MemorySink(bool marks) : wants_marks_(marks) {}
    bool wants_marks() const override { return wants_marks_; }
    Result<void> write(std::size_t stream, const Lines& lines) override {
        text[stream] += lines.text;
        std::size_t begin = 0;
        for (const RecordMark& mark : lines.marks) {
            marked.emplace_back(mark, std::string(lines.text.substr(begin, mark.end - begin)));
            begin = mark.end;
        }
        return {};
    }
    Result<void> finish() override { return {}; }

    std::vector<Json> records(std::size_t stream) const {
        std::vector<Json> parsed;
        std::istringstream lines(text.at(stream));
        for (std::string line; std::getline(lines, line);) parsed.push_back(Json::parse(line));
        return parsed;
    }

    std::map<std::size_t, std::string> text;
    std::vector<std::pair<RecordMark, std::string>> marked;

private:
    bool wants_marks_;
};

struct Written {
    MemorySink sink;
    TopicCounts counts;
};

Written write(const OutputOptions& output, StreamLayout layout = StreamLayout::by_topic,
              bool compat = false, bool marks = false) {
    const Configuration configuration = load_configuration("stock").value();
    const Model model(configuration, test_catalogue(), {.seed = 1, .compat = compat});
    Workers workers(2);
    Simulation simulation(model, {.users = 200, .from_ms = kTestFromS * 1000}, workers);
    Written written{.sink = MemorySink(marks), .counts = {}};
    EventWriter writer(model, output, layout, written.sink, 2);
    EXPECT_TRUE(simulation.advance(kTestFromS + std::int64_t{10} * 86'400, writer).has_value());
    written.counts = writer.counts();
    return written;
}

std::vector<std::string> keys_of(const Json& record) {
    std::vector<std::string> keys;
    for (const auto& [key, value] : record.items()) keys.push_back(key);
    return keys;
}

// Takes listens, and fails at what follows them.
class FailingSink : public Sink {
public:
    Result<void> write(std::size_t stream, const Lines& lines) override {
        if (stream > 0) return error(ErrorKind::unavailable, "the broker is gone");
        listens += static_cast<std::size_t>(std::ranges::count(lines.text, '\n'));
        return {};
    }
    Result<void> finish() override { return {}; }

    std::size_t listens = 0;
};

// Every set of keys that occurs in a stream, as one text each.
std::set<std::string> layouts(const std::vector<Json>& records) {
    std::set<std::string> found;
    for (const Json& record : records) {
        std::string text;
        for (const std::string& key : keys_of(record)) text += key + " ";
        found.insert(text);
    }
    return found;
}

const std::string kTail = "city zip state userAgent lon lat ";
const std::string kUser = "userId lastName firstName gender registration ";

TEST(EventWriter, WritesTheFieldsOfEachTopicInTheOriginalsOrder) {
    const Written written = write({});
    const std::string listen = "artist song duration ts sessionId auth level itemInSession ";
    EXPECT_THAT(layouts(written.sink.records(0)), ElementsAre(listen + kTail + kUser));
    const std::string page = "ts sessionId page auth method status level itemInSession " + kTail;
    EXPECT_THAT(layouts(written.sink.records(1)),
                ElementsAre(page, page + kUser, page + kUser + "artist song duration "));
    const std::string auth = "ts sessionId level itemInSession " + kTail;
    EXPECT_THAT(layouts(written.sink.records(2)),
                ElementsAre(auth + "success ", auth + kUser + "success "));
    EXPECT_THAT(layouts(written.sink.records(3)),
                ElementsAre("ts sessionId auth level itemInSession " + kTail + kUser));
}

TEST(EventWriter, HasTheOriginalsTypesAndTexts) {
    const Written written = write({.first_user_id = 5000});
    const std::string first = written.sink.text.at(0).substr(0, written.sink.text.at(0).find('\n'));
    const Json record = Json::parse(first);
    EXPECT_TRUE(record["userId"].is_number_unsigned());
    EXPECT_GE(record["userId"], 5000);
    EXPECT_LT(record["userId"], 5200);
    EXPECT_TRUE(record["zip"].is_string());
    EXPECT_TRUE(record["duration"].is_number_float());
    EXPECT_EQ(record.dump(), first);  // no blanks, nothing escaped that need not be
}

TEST(EventWriter, AListenIsAPageViewOfTheSameMoment) {
    const Written written = write({});
    const std::vector<Json> listens = written.sink.records(0);
    std::size_t at = 0;
    for (const Json& page : written.sink.records(1)) {
        if (page["page"] != "NextSong") continue;
        ASSERT_LT(at, listens.size());
        const Json& listen = listens[at++];
        for (const auto& [key, value] : listen.items()) ASSERT_EQ(value, page[key]) << key;
    }
    EXPECT_EQ(at, listens.size());
    EXPECT_EQ(written.counts.records[0], listens.size());
    EXPECT_EQ(written.counts.bytes[0], written.sink.text.at(0).size());
}

TEST(EventWriter, TogetherAStepsRecordsStandInTheOriginalsOrder) {
    const Written apart = write({});
    const Written together = write({}, StreamLayout::together);
    EXPECT_EQ(together.counts.records, apart.counts.records);
    const std::vector<Json> records = together.sink.records(0);
    bool was_listen = false;
    for (const Json& record : records) {
        const bool is_page = record.contains("page");
        if (was_listen) {
            ASSERT_TRUE(is_page && record["page"] == "NextSong");
        }
        was_listen = record.contains("duration") && !is_page;
    }
}

TEST(EventWriter, WritesTheSingleStream) {
    const Written written = write({.format = OutputFormat::single}, StreamLayout::together);
    const std::string head = "ts userId sessionId page auth method status level itemInSession ";
    const std::string user = "location userAgent lastName firstName registration gender ";
    EXPECT_THAT(layouts(written.sink.records(0)),
                ElementsAre(head, head + user, head + user + "artist song length "));
    for (const Json& record : written.sink.records(0)) {
        ASSERT_TRUE(record["userId"].is_string());
        ASSERT_EQ(record["userId"].get<std::string>().empty(), !record.contains("gender"));
    }
}

TEST(EventWriter, ATagStandsBehindTheUserAndInTheSingleStreamEverywhere) {
    const Written topics = write({.tag = "a\"b"});
    for (const Json& record : topics.sink.records(1)) {
        ASSERT_EQ(record.contains("tag"), record.contains("userId"));
        if (record.contains("tag")) {
            ASSERT_EQ(record["tag"], "a\"b");
        }
    }
    const Written single =
        write({.format = OutputFormat::single, .tag = "control"}, StreamLayout::together);
    for (const Json& record : single.sink.records(0)) ASSERT_EQ(record["tag"], "control");
}

TEST(EventWriter, ExtendedRecordsKeepTheOriginalFieldsInFront) {
    const Written plain = write({});
    const Written extended = write({.extended = true});
    std::istringstream plain_lines(plain.sink.text.at(1));
    std::istringstream extended_lines(extended.sink.text.at(1));
    std::set<std::string> ids;
    std::size_t count = 0;
    std::size_t level_changes = 0;
    for (std::string before, after; std::getline(plain_lines, before); ++count) {
        ASSERT_TRUE(std::getline(extended_lines, after));
        before.pop_back();
        ASSERT_EQ(after.substr(0, before.size()), before);
        const Json record = Json::parse(after);
        ids.insert(record["eventId"].get<std::string>());
        ASSERT_EQ(record.contains("trackId"), record["page"] == "NextSong");
        if (record["prevLevel"] != record["level"]) ++level_changes;
    }
    EXPECT_EQ(ids.size(), count);
    EXPECT_GT(level_changes, 0u);
    EXPECT_LE(level_changes, extended.counts.records[3]);
}

TEST(EventWriter, TheOriginalEncodesTextsTwice) {
    const auto accents = [](const Written& written) {
        return written.sink.text.at(0).find("Ã") != std::string::npos;
    };
    EXPECT_FALSE(accents(write({})));
    EXPECT_TRUE(accents(write({}, StreamLayout::by_topic, true)));
}

TEST(EventWriter, CountsWhatASinkTookBeforeItFailed) {
    const Configuration configuration = load_configuration("stock").value();
    const Model model(configuration, test_catalogue(), {.seed = 1});
    Workers workers(1);
    Simulation simulation(model, {.users = 200, .from_ms = kTestFromS * 1000}, workers);
    FailingSink sink;
    EventWriter writer(model, {}, StreamLayout::by_topic, sink, 1);
    const auto outcome = simulation.advance(kTestFromS + std::int64_t{86'400}, writer);
    ASSERT_FALSE(outcome.has_value());
    EXPECT_EQ(outcome.error().kind, ErrorKind::unavailable);
    EXPECT_GT(sink.listens, 0u);
    EXPECT_EQ(writer.counts().records[0], sink.listens);
}

TEST(EventWriter, MarksEachRecordForASinkThatWantsThem) {
    const Written written = write({}, StreamLayout::by_topic, false, true);
    ASSERT_GT(written.sink.marked.size(), 1000u);
    for (const auto& [mark, text] : written.sink.marked) {
        ASSERT_EQ(text.back(), '\n');
        const Json record = Json::parse(text);
        ASSERT_EQ(record["ts"], mark.ts_ms);
        ASSERT_EQ(record.contains("success"), mark.topic == event::Topic::auth_events);
        if (record.contains("userId")) {
            ASSERT_EQ(record["userId"], mark.user + 1);
        }
    }
}

}  // namespace
}  // namespace bassline::simulator
