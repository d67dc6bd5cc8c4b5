// SPDX-License-Identifier: Apache-2.0
#include <filesystem>
#include <functional>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "ingest/test_ingest_lake.hpp"

// Inputs that cannot be read, or not any more: they are refused, and the others go in.
namespace bassline::ingest {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

class RefusalTest : public IngestTest {
protected:
    Result<IngestSummary> ingest_with(const IngestOptions& options,
                                      const std::function<void(const Notice&)>& on_notice) {
        TRY_ASSIGN(const auto files, lake::open_lake(root_ + "/lake"));
        Progress progress;
        return ingest(*files, options, IngestClock(), stop_.get_token(), progress, on_notice);
    }

    std::stop_source stop_;
};

std::vector<std::string> refusals(const IngestSummary& summary) {
    std::vector<std::string> texts;
    for (const Notice& notice : summary.notices) {
        if (notice.kind == NoticeKind::refused) texts.push_back(notice.text);
    }
    return texts;
}

TEST_F(RefusalTest, a_file_that_goes_between_look_and_reading_is_refused_and_the_others_go_in) {
    write("a.json", events(0, 10));
    write("b.json", events(100, 120));
    write("empty.json", "");
    // The notice comes after all files were looked at and before one is read.
    const auto outcome = ingest_with({.inputs = {in("")}}, [&](const Notice& notice) {
        if (notice.kind == NoticeKind::empty) std::filesystem::remove(in("a.json"));
    });
    ASSERT_TRUE(outcome) << outcome.error().message;
    EXPECT_THAT(refusals(outcome.value()), ElementsAre(HasSubstr("a.json")));
    expect_lake(20);
}

TEST_F(RefusalTest, following_survives_a_file_that_goes_and_reads_it_when_it_is_back) {
    write("a.json", events(0, 10));
    write("b.json", events(100, 120));
    write("empty.json", "");
    const auto outcome =
        ingest_with({.inputs = {in("a.json"), in("b.json"), in("empty.json")},
                     .pause =
                         [&](const std::stop_token&, std::chrono::milliseconds) {
                             if (!std::filesystem::exists(in("a.json"))) {
                                 move("aside", "a.json");  // the same file as before, byte for byte
                             } else {
                                 stop_.request_stop();
                             }
                         },
                     .follow = true},
                    [&](const Notice& notice) {
                        if (notice.kind == NoticeKind::empty) move("a.json", "aside");
                    });
    ASSERT_TRUE(outcome) << outcome.error().message;
    expect_lake(30);
}

TEST_F(RefusalTest, a_file_that_never_is_as_it_looks_is_refused_and_the_others_go_in) {
    const std::string odd = "/sys/devices/system/cpu/online";  // a page long, holds a few bytes
    ASSERT_TRUE(std::filesystem::exists(odd));
    write("a.json", events(0, 10));
    const auto outcome = try_ingest({.inputs = {odd, in("a.json")}, .threads = 2});
    ASSERT_TRUE(outcome) << outcome.error().message;
    EXPECT_THAT(refusals(outcome.value()), ElementsAre(HasSubstr("changed while it was read")));
    expect_lake(10);
}

TEST_F(RefusalTest, a_glob_over_the_lake_does_not_read_its_log) {
    write("a.json", events(0, 10));
    for (int again = 0; again < 2; ++again) {
        const auto outcome = try_ingest({.inputs = {root_ + "/**/*.json"}});
        ASSERT_TRUE(outcome) << outcome.error().message;
        EXPECT_THAT(refusals(outcome.value()), testing::IsEmpty());
        EXPECT_EQ(outcome.value().notices.at(0).path,
                  std::filesystem::weakly_canonical(root_ + "/lake").string());
    }
    expect_lake(10);
}

TEST_F(RefusalTest, a_refused_file_that_grows_is_told_once_until_it_is_refused_for_something_else) {
    write("a.json", events(0, 100));
    write("b.json", events(200, 210));
    run();
    write("a.json", events(500, 510));
    int looks = 0;
    std::vector<std::string> told;
    const auto outcome =
        ingest_with({.inputs = {in("")},
                     .pause =
                         [&](const std::stop_token&, std::chrono::milliseconds) {
                             append("a.json", events(510 + looks * 30, 540 + looks * 30));
                             if (++looks == 8) stop_.request_stop();
                         },
                     .follow = true},
                    [&](const Notice& notice) { told.push_back(notice.text); });
    ASSERT_TRUE(outcome) << outcome.error().message;
    EXPECT_THAT(told, ElementsAre(HasSubstr("less content"), HasSubstr("other content")));
    EXPECT_THAT(refusals(outcome.value()), ElementsAre(HasSubstr("other content")));
}

// A frame of one raw block that asks for a window of 64 MiB.
std::string with_large_window(const std::string& text) {
    const std::size_t last_raw_block = text.size() << 3 | 1;
    std::string frame("\x28\xb5\x2f\xfd\0\x80", 6);
    for (int byte = 0; byte < 3; ++byte) {
        frame += static_cast<char>(last_raw_block >> (8 * byte) & 0xff);
    }
    return frame + text;
}

TEST_F(RefusalTest, a_zstd_window_is_part_of_the_memory) {
    write("a.zst", with_large_window(events(0, 10)));
    const auto scarce = try_ingest({.inputs = {in("")}, .threads = 2, .memory_bytes = 64u << 20});
    ASSERT_TRUE(scarce) << scarce.error().message;
    EXPECT_THAT(refusals(scarce.value()),
                ElementsAre(HasSubstr("needs 64 MiB to decompress; raise --memory")));
    EXPECT_THAT(refusals(run()), testing::IsEmpty());
    expect_lake(10);
}

TEST_F(RefusalTest, the_survey_takes_no_larger_window_than_the_reading_does) {
    write("a.zst", with_large_window(events(0, 10)));
    const InputPath path{.path = in("a.zst")};
    EXPECT_EQ(survey_sources({path}, {}, {}, {}).sources.size(), 1u);
    const Survey scarce = survey_sources({path}, {}, {}, {.window_max = 16u << 20});
    EXPECT_THAT(scarce.sources, testing::IsEmpty());
    ASSERT_EQ(scarce.notices.size(), 1u);
    EXPECT_EQ(scarce.notices[0].kind, NoticeKind::refused);
    EXPECT_THAT(scarce.notices[0].text, HasSubstr("needs 64 MiB to decompress; raise --memory"));
}

TEST_F(RefusalTest, a_known_log_whose_window_no_longer_fits_is_refused_and_nothing_else) {
    write("a.zst", with_large_window(events(0, 10)));
    write("b.json", events(100, 110));
    EXPECT_THAT(refusals(run()), testing::IsEmpty());
    append("b.json", events(110, 120));
    const auto scarce = try_ingest({.inputs = {in("")}, .threads = 2, .memory_bytes = 64u << 20});
    ASSERT_TRUE(scarce) << scarce.error().message;
    EXPECT_THAT(refusals(scarce.value()),
                ElementsAre(HasSubstr("needs 64 MiB to decompress; raise --memory")));
    expect_lake(30);
}

}  // namespace
}  // namespace bassline::ingest
