// SPDX-License-Identifier: Apache-2.0
#include "replay/replay.hpp"

#include <filesystem>
#include <fstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/failpoint.hpp"
#include "base/test_folder.hpp"
#include "compact/compact.hpp"
#include "compact/failpoints.hpp"
#include "duck/database.hpp"
#include "event/schema.hpp"
#include "ingest/ingest.hpp"
#include "ingest/kafka_committer.hpp"
#include "ingest/verify.hpp"
#include "kafka/framing.hpp"
#include "kafka/test_registry.hpp"
#include "lake/failpoints.hpp"
#include "lake/lake.hpp"
#include "lake/names.hpp"
#include "replay/failpoints.hpp"

// A lake with quarantined records, replayed with the real disk, and held against its logs each
// time.
namespace bassline::replay {
namespace {

using event::Reason;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::Pair;

constexpr std::int64_t kNowMs = 1'741'200'000'000;

class LaterClock : public Clock {
public:
    explicit LaterClock(std::chrono::seconds later = {}) : later_(later) {}
    Timestamp now() const override { return Timestamp(std::chrono::milliseconds(kNowMs)) + later_; }

private:
    std::chrono::seconds later_;
};

std::string home(std::int64_t ts, int item = 0) {
    return fmt::format(
        R"({{"ts":{},"sessionId":{},"page":"Home","auth":"Guest","method":"GET","status":200,)"
        R"("level":"free","itemInSession":{},"userAgent":"agent {}"}})"
        "\n",
        ts, item / 10, item % 10, item % 3);
}
// A line of the single stream that is a page view and a listen.
std::string next_song(std::int64_t ts) {
    return fmt::format(
        R"({{"ts":{},"sessionId":1,"page":"NextSong","auth":"Logged In","method":"PUT",)"
        R"("status":200,"level":"paid","itemInSession":2,"location":"Here, XX","userId":"7",)"
        R"("artist":"A","song":"B","length":200.5}})"
        "\n",
        ts);
}
constexpr std::int64_t kHourMs = 3'600'000;
constexpr std::int64_t kTomorrowMs = kNowMs + 25 * kHourMs;  // too far ahead today

class ReplayTest : public testing::Test {
protected:
    void SetUp() override {
        root_ = make_test_folder("replay");
        std::filesystem::create_directory(root_ + "/in");
    }
    void TearDown() override {
        failpoints_armed = false;
        std::filesystem::remove_all(root_);
    }

    std::string lake() const { return root_ + "/lake"; }
    std::unique_ptr<storage::FileSystem> open() const { return lake::open_lake(lake()).value(); }

    void ingest(const std::string& content, std::chrono::milliseconds ahead_max,
                const std::string& lake) {
        const std::string path =
            fmt::format("{}/in/{}.json", root_, std::hash<std::string>{}(content));
        std::ofstream(path) << content;
        const auto files = lake::open_lake(lake).value();
        ingest::Progress progress;
        const auto done = ingest::ingest(
            *files, {.inputs = {path}, .threads = 1, .producer = "p", .ahead_max = ahead_max},
            LaterClock(), {}, progress, [](const auto&) {});
        ASSERT_TRUE(done) << done.error().message;
    }
    void ingest(const std::string& content) { ingest(content, std::chrono::hours(24), lake()); }

    Result<ReplaySummary> try_replay(ReplayOptions options = {},
                                     std::chrono::seconds later = std::chrono::hours(3)) const {
        options.scratch = root_;
        return replay(*open(), options, LaterClock(later), {});
    }
    ReplaySummary run(const ReplayOptions& options = {},
                      std::chrono::seconds later = std::chrono::hours(3)) const {
        auto outcome = try_replay(options, later);
        EXPECT_TRUE(outcome) << (outcome ? "" : outcome.error().message);
        return outcome ? std::move(outcome).value() : ReplaySummary{};
    }
    void compact(const compact::CompactOptions& options,
                 std::chrono::seconds later = std::chrono::hours(72)) const {
        const auto done = compact::compact(*open(), options, LaterClock(later), {});
        ASSERT_TRUE(done) << done.error().message;
    }
    // Rows in bronze and in quarantine, by the proof a user can run.
    std::pair<std::uint64_t, std::uint64_t> rows() const {
        const auto report = ingest::verify(*lake::open_lake_read_only(lake()).value(),
                                           {.full = true, .scratch = root_})
                                .value();
        EXPECT_THAT(report.findings, IsEmpty());
        std::pair<std::uint64_t, std::uint64_t> sum;
        for (const auto& partition : report.partitions) {
            sum.first += partition.rows;
            sum.second += partition.quarantined;
        }
        return sum;
    }
    std::vector<std::string> live(const std::string& lake, lake::OutputKind kind) const {
        const auto files = lake::open_lake_read_only(lake).value();
        std::vector<std::string> paths;
        for (const auto& [name, file] : lake::load_log(*files).value().live.files) {
            if (file.output.kind == kind) paths.push_back(files->absolute(name));
        }
        return paths;
    }
    std::string all_rows(const std::string& lake, lake::OutputKind kind) const {
        std::string list;
        for (const std::string& path : live(lake, kind)) list += "'" + path + "',";
        return "(select * from read_parquet([" + list +
               "], hive_partitioning=false, union_by_name=true))";
    }
    std::vector<std::string> texts(const std::string& sql) const {
        auto database = duck::Database::open({.temp_directory = root_ + "/duck"}).value();
        auto connection = database.connect().value();
        auto rows = connection.query(sql);
        EXPECT_TRUE(rows) << (rows ? "" : rows.error().message);
        std::vector<std::string> texts;
        while (rows && rows.value().next()) texts.emplace_back(rows.value().text(0));
        return texts;
    }
    // Every path below the lake with its size.
    std::map<std::string, std::uintmax_t> tree() const {
        std::map<std::string, std::uintmax_t> tree;
        for (const auto& file : std::filesystem::recursive_directory_iterator(lake())) {
            tree[file.path()] = file.is_regular_file() ? file.file_size() : 0;
        }
        return tree;
    }
    std::size_t seen_by_globs(const std::string& folder) const {
        std::size_t count = 0;
        if (!std::filesystem::exists(lake() + "/" + folder)) return 0;
        for (const auto& file :
             std::filesystem::recursive_directory_iterator(lake() + "/" + folder)) {
            count += file.path().extension() == ".parquet";
        }
        return count;
    }

    std::string root_;
};

TEST_F(ReplayTest, what_is_good_now_goes_to_bronze_and_the_rest_stays) {
    ingest(home(kNowMs) + home(kTomorrowMs, 1) + "no JSON\n");
    EXPECT_EQ(rows(), std::pair(1ul, 2ul));
    const ReplaySummary summary = run();
    EXPECT_EQ(summary.records, 2u);
    EXPECT_EQ(summary.replayed, 1u);
    EXPECT_THAT(summary.written, ElementsAre(Pair("page_view_events", 1)));
    EXPECT_THAT(summary.refused, ElementsAre(Pair("bad_json", 1)));
    EXPECT_EQ(summary.entries, 1u);
    EXPECT_EQ(rows(), std::pair(2ul, 1ul));
}

TEST_F(ReplayTest, a_second_replay_finds_nothing_to_do) {
    ingest(home(kTomorrowMs) + "no JSON\n");
    EXPECT_EQ(run().replayed, 1u);
    const auto before = tree();
    const ReplaySummary again = run();
    EXPECT_EQ(again.entries, 0u);
    EXPECT_EQ(again.replayed, 0u);
    EXPECT_THAT(again.refused, ElementsAre(Pair("bad_json", 1)));
    EXPECT_EQ(tree(), before);
}

TEST_F(ReplayTest, a_rehearsal_tells_the_same_and_writes_nothing) {
    ingest(home(kNowMs) + home(kTomorrowMs, 1) + "no JSON\n");
    const auto before = tree();
    const auto summary = rehearse(*lake::open_lake_read_only(lake()).value(), {.scratch = root_},
                                  LaterClock(std::chrono::hours(3)));
    ASSERT_TRUE(summary) << summary.error().message;
    EXPECT_EQ(summary.value().replayed, 1u);
    EXPECT_THAT(summary.value().written, ElementsAre(Pair("page_view_events", 1)));
    EXPECT_THAT(summary.value().refused, ElementsAre(Pair("bad_json", 1)));
    EXPECT_EQ(tree(), before);
}

// But for the order of rows, the lake is that of an ingest which never refused them.
TEST_F(ReplayTest, its_rows_are_those_that_ingest_would_have_written) {
    const std::string lines = home(kNowMs - kHourMs) + next_song(kNowMs + kHourMs) +
                              home(kNowMs + 2 * kHourMs, 11) + "no JSON\n";
    ingest(lines, {}, lake());
    ingest(lines, std::chrono::hours(24), root_ + "/straight");
    EXPECT_EQ(rows(), std::pair(1ul, 4ul));
    EXPECT_EQ(run({}, {}).written, (std::map<std::string, std::uint64_t>{{"listen_events", 1},
                                                                         {"page_view_events", 2}}));
    EXPECT_EQ(rows(), std::pair(4ul, 1ul));
    for (const auto kind : {lake::OutputKind::bronze, lake::OutputKind::quarantine}) {
        const std::string ours = all_rows(lake(), kind);
        const std::string straight = all_rows(root_ + "/straight", kind);
        EXPECT_THAT(texts("select cast(count(*) as varchar) from " + ours),
                    texts("select cast(count(*) as varchar) from " + straight));
        EXPECT_THAT(texts("select cast(rest as varchar) from (" + ours + " except " + straight +
                          ") as rest"),
                    IsEmpty());
    }
}

TEST_F(ReplayTest, only_the_reasons_asked_for_are_tried) {
    ingest(home(kTomorrowMs) + "no JSON\n");
    const ReplaySummary summary = run({.reasons = {Reason::bad_json}});
    EXPECT_EQ(summary.not_asked, 1u);
    EXPECT_EQ(summary.replayed, 0u);
    EXPECT_EQ(run({.reasons = {Reason::ts_out_of_range}}).replayed, 1u);
    EXPECT_EQ(rows(), std::pair(1ul, 1ul));
}

TEST_F(ReplayTest, a_record_of_which_only_the_beginning_was_kept_is_never_a_row) {
    std::string line = home(kNowMs);
    line.insert(line.size() - 2, R"(,"tag":")" + std::string(2u << 20, 'x') + '"');
    ingest(line + home(kTomorrowMs, 3));
    const ReplaySummary summary = run();
    EXPECT_EQ(summary.skipped_cut, 1u);
    EXPECT_EQ(summary.replayed, 1u);
    EXPECT_EQ(rows(), std::pair(1ul, 1ul));
    EXPECT_THAT(texts("select cast(raw_bytes as varchar) from " +
                      all_rows(lake(), lake::OutputKind::quarantine)),
                ElementsAre(std::to_string(line.size() - 1)));
}

TEST_F(ReplayTest, folders_show_the_replayed_rows_after_the_grace_period) {
    ingest(home(kTomorrowMs));
    EXPECT_EQ(run().files_awaiting, 1u);
    EXPECT_EQ(seen_by_globs("bronze"), 0u);
    EXPECT_EQ(seen_by_globs("_quarantine"), 1u);
    EXPECT_EQ(run({}, std::chrono::hours(4)).files_removed, 1u);
    EXPECT_EQ(seen_by_globs("bronze"), 1u);
    EXPECT_EQ(seen_by_globs("_quarantine"), 0u);
    EXPECT_EQ(rows(), std::pair(1ul, 0ul));
}

TEST_F(ReplayTest, merged_quarantine_is_replayed_and_replayed_rows_are_merged) {
    for (int batch = 0; batch < 3; ++batch) {
        ingest(home(kTomorrowMs, batch) + fmt::format("no JSON {}\n", batch));
    }
    compact({.grace = {}});
    EXPECT_EQ(seen_by_globs("_quarantine"), 1u);
    EXPECT_EQ(run({.grace = {}}, std::chrono::hours(72)).replayed, 3u);
    EXPECT_EQ(rows(), std::pair(3ul, 3ul));
    ingest(home(kTomorrowMs - 24 * kHourMs, 40));
    run();
    compact(
        {.before = Timestamp(std::chrono::milliseconds(kTomorrowMs + 2 * kHourMs)), .grace = {}});
    EXPECT_EQ(rows(), std::pair(4ul, 3ul));
    EXPECT_EQ(run({}, std::chrono::hours(72)).entries, 0u);
}

TEST_F(ReplayTest, a_build_is_told_that_replayed_rows_are_new) {
    ingest(home(kNowMs) + home(kTomorrowMs));
    run();
    const auto log = lake::load_log(*open()).value();
    std::vector<lake::Positions> positions;
    for (const auto& [name, file] : log.live.files) positions.push_back(file.positions());
    EXPECT_THAT(positions,
                testing::UnorderedElementsAre(lake::Positions{{"files", 2}},
                                              lake::Positions{{"compact", 2}, {"files", 2}}));
    const auto entry = lake::read_entry(*open(), lake::kCompactChain, 1).value().entry;
    EXPECT_THAT(entry.dates_touched, ElementsAre(format_date(date_of_ms(kTomorrowMs))));
}

TEST_F(ReplayTest, a_compaction_holds_it_off) {
    ingest(home(kTomorrowMs));
    const auto files = open();
    const auto lock = lake::lock_chain(*files, lake::kCompactChain);
    const auto refused = try_replay();
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().kind, ErrorKind::conflict);
}

TEST_F(ReplayTest, a_changed_file_stops_it_by_its_name) {
    ingest(home(kTomorrowMs));
    const std::string path = live(lake(), lake::OutputKind::quarantine).front();
    std::filesystem::copy_file(path, root_ + "/kept");
    std::ofstream(path, std::ios::app) << "x";
    EXPECT_FALSE(try_replay());
    std::filesystem::remove(path);
    std::filesystem::copy_file(root_ + "/kept", path);
    EXPECT_EQ(run().replayed, 1u);
}

TEST_F(ReplayTest, verify_finds_an_entry_that_lost_a_record) {
    lake::LiveFiles live;
    lake::Entry ingested{.chain = "files", .seq = 1, .outputs = {{}}};
    ingested.outputs[0] = {.kind = lake::OutputKind::quarantine,
                           .final = "_quarantine/t/date=d/f",
                           .topic = "t",
                           .rows = 3};
    live.apply(ingested, "");
    lake::Entry replayed{.chain = "compact", .seq = 1};
    replayed.replaced = {
        {.chain = "files", .seq = 1, .final = "_quarantine/t/date=d/f", .rows = 3}};
    lake::Output made{.topic = "t", .rows = 2};
    made.final = "_ingest/compact/merged/bronze/t/date=d/hour=00/f";
    replayed.outputs = {made};
    replayed.counters["t"] = {.consumed = 2, .written = 2};
    EXPECT_THAT(live.problems_of(replayed), ElementsAre(testing::HasSubstr("replays 3 rows")));
    replayed.outputs[0].rows = 3;
    EXPECT_THAT(live.problems_of(replayed), ElementsAre(testing::HasSubstr("counts 2 t")));
    replayed.counters["t"] = {.consumed = 3, .written = 3};
    EXPECT_THAT(live.problems_of(replayed), IsEmpty());
}

// Records of Kafka, as a batch of ingest leaves them.
class KafkaReplayTest : public ReplayTest {
protected:
    static constexpr std::int64_t kSecondMs = 1000;

    void ingest_records(const std::vector<std::string>& values,
                        std::optional<std::chrono::milliseconds> late_after = std::nullopt) {
        const auto files = open();
        const LaterClock clock;
        ingest::KafkaCommitter committer(*files, clock, {"cluster", "page_view_events", "id", 3});
        const bool is_there = committer.load().value();
        if (!is_there) {
            ASSERT_TRUE(committer.begin_chain(100));
        }
        auto context = committer.begin().value();
        context.late_after = late_after;
        auto writer = ingest::BatchWriter::make(*files, context).value();
        std::uint64_t offset = committer.next();
        for (const std::string& value : values) {
            const std::string padded = value + std::string(ingest::kLinePadding, '\0');
            const ingest::KafkaRecord record{
                .offset = offset++,
                .timestamp_ms = kNowMs - kSecondMs,
                .value = std::string_view(padded).substr(0, value.size())};
            ASSERT_TRUE(writer->consume(ingest::RecordBlock{3, {&record, 1}}));
        }
        ASSERT_TRUE(committer.commit(writer->finish().value(), offset));
    }
    static std::string framed(int id, std::string_view payload) {
        std::string value;
        kafka::put_frame(value, id);
        return value += payload;
    }
};

TEST_F(KafkaReplayTest, a_record_keeps_its_partition_offset_and_time) {
    ingest_records({home(kNowMs), home(kTomorrowMs)});
    EXPECT_EQ(run().replayed, 1u);
    EXPECT_EQ(rows(), std::pair(2ul, 0ul));
    EXPECT_THAT(texts("select concat_ws('/', source, source_partition, source_offset, "
                      "epoch_ms(source_timestamp), chain, seq) from " +
                      all_rows(lake(), lake::OutputKind::bronze) + " order by source_offset"),
                ElementsAre("kafka/3/100/1741199999000/kafka-page_view_events-3/1",
                            "kafka/3/101/1741199999000/kafka-page_view_events-3/1"));
}

TEST_F(KafkaReplayTest, late_records_and_tombstones_stay_unless_late_ones_are_asked_for) {
    ingest_records({home(kNowMs - 5 * kHourMs), ""}, std::chrono::hours(1));
    const ReplaySummary summary = run();
    EXPECT_EQ(summary.not_asked, 1u);
    EXPECT_THAT(summary.refused, ElementsAre(Pair("no_value", 1)));
    EXPECT_EQ(run({.reasons = {Reason::late}}).replayed, 1u);
    EXPECT_EQ(rows(), std::pair(1ul, 1ul));
}

TEST_F(KafkaReplayTest, an_id_that_the_registry_has_learnt_since_is_read) {
    ingest_records({framed(5, home(kNowMs)), framed(6, next_song(kNowMs)), framed(7, "?")});
    EXPECT_THAT(run().refused, ElementsAre(Pair("unknown_schema", 3)));
    kafka::TestRegistry registry;
    registry.put(5, R"({"type":"object"})", "JSON");
    registry.put(6, R"({"type":"object"})", "JSON");
    const ReplayOptions options{.registry = kafka::RegistryOptions{.urls = {registry.url()}}};
    const ReplaySummary summary = run(options);
    EXPECT_EQ(summary.replayed, 2u);
    EXPECT_EQ(summary.written, (std::map<std::string, std::uint64_t>{{"listen_events", 1},
                                                                     {"page_view_events", 2}}));
    EXPECT_THAT(summary.refused, ElementsAre(Pair("unknown_schema", 1)));
    EXPECT_EQ(rows(), std::pair(3ul, 1ul));  // one line became two rows
    EXPECT_EQ(lake::read_entry(*open(), lake::kCompactChain, 1).value().entry.rows_split, 1u);
    EXPECT_THAT(texts("select cast(schema_id as varchar) from " +
                      all_rows(lake(), lake::OutputKind::bronze) + " order by 1"),
                ElementsAre("5", "6", "6"));
}

TEST_F(KafkaReplayTest, while_the_registry_is_down_nothing_happens) {
    ingest_records({framed(5, home(kNowMs))});
    kafka::TestRegistry registry;
    registry.fail_next(1000, 503);
    const auto refused =
        try_replay({.registry = kafka::RegistryOptions{.urls = {registry.url()},
                                                       .backoff = std::chrono::milliseconds(1)}});
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().kind, ErrorKind::unavailable);
    EXPECT_EQ(rows(), std::pair(0ul, 1ul));
}

// Every storage call and every named place of a replay: fail there (or die there); readers see
// every record once, and the next replay finishes.
class ReplayFaultTest : public ReplayTest, public testing::WithParamInterface<const char*> {
protected:
    // True if the fault was met.
    bool run_with_fault(const std::string& setting) {
        const pid_t child = fork();
        if (child == 0) {
            setenv("BASSLINE_FAILPOINTS", setting.c_str(), 1);
            const bool ok =
                arm_failpoints_from_environment() && try_replay({.grace = {}}).has_value();
            _exit(ok ? 0 : 1);
        }
        int status = 0;
        waitpid(child, &status, 0);
        return !(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    }
};

TEST_P(ReplayFaultTest, at_every_passing_leaves_every_record_readable_and_is_healed_by_the_next) {
#ifdef __SANITIZE_THREAD__
    GTEST_SKIP() << "starts processes, shows nothing about threads, and takes long here";
#endif
    ingest(home(kNowMs) + home(kTomorrowMs, 1) + "no JSON\n");
    ingest(next_song(kTomorrowMs) + "no JSON either\n");
    std::filesystem::rename(lake(), root_ + "/original");
    constexpr int kPassingsMax = 1000;
    int met = 0;
    for (const char* const action : {"eio", "kill"}) {
        for (int nth = 1; nth <= kPassingsMax; nth += nth < 4 ? 1 : 13) {
            std::filesystem::remove_all(lake());
            std::filesystem::copy(root_ + "/original", lake(),
                                  std::filesystem::copy_options::recursive);
            if (!run_with_fault(fmt::format("{}={}@{}", GetParam(), action, nth))) break;
            ++met;
            ASSERT_LT(nth, kPassingsMax);
            const auto [bronze, quarantined] = rows();
            EXPECT_EQ(bronze + quarantined, 6u);
            run({.grace = {}});
            EXPECT_EQ(rows(), std::pair(4ul, 2ul));
            EXPECT_EQ(seen_by_globs("_quarantine"), 1u);
            EXPECT_EQ(run({.grace = {}}).entries, 0u);
            if (HasFailure()) FAIL() << GetParam() << '=' << action << '@' << nth;
        }
    }
    EXPECT_GT(met, 0) << "the place was never passed";
}

INSTANTIATE_TEST_SUITE_P(StorageCalls, ReplayFaultTest,
                         testing::Values("storage.create", "storage.append", "storage.sync",
                                         "storage.rename_no_replace", "storage.rename_over",
                                         "storage.link", "storage.sync_directory",
                                         "storage.make_directory", "storage.remove",
                                         "storage.remove_all"));
INSTANTIATE_TEST_SUITE_P(
    ChainPlaces, ReplayFaultTest,
    testing::Values(lake::kCommitBeforeStaged.data(), lake::kCommitBeforeRename.data(),
                    lake::kCommitAfterRename.data(), lake::kCommitAfterSync.data(),
                    lake::kPublishBeforeFile.data(), lake::kPublishBeforeSync.data(),
                    lake::kPublishDone.data(), lake::kRecoverBeforeJanitor.data()));
INSTANTIATE_TEST_SUITE_P(ReplayPlaces, ReplayFaultTest,
                         testing::Values(kJudged.data(), kRewritten.data(), kMerged.data(),
                                         compact::kSealed.data(), compact::kPublished.data(),
                                         kCommitted.data(), compact::kShown.data(),
                                         compact::kRemoved.data(), compact::kSwept.data()));

}  // namespace
}  // namespace bassline::replay
