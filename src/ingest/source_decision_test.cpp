// SPDX-License-Identifier: Apache-2.0
#include "ingest/source_decision.hpp"

#include <gtest/gtest.h>

namespace bassline::ingest {
namespace {

struct SourceCase {
    const char* name;
    PathFacts facts;
    SourceDecision expected;
};

class SourceDecisionTest : public testing::TestWithParam<SourceCase> {};

TEST_P(SourceDecisionTest, decides) {
    const SourceDecision decided = decide_source(GetParam().facts);
    EXPECT_EQ(decided.kind, GetParam().expected.kind) << GetParam().name;
    EXPECT_EQ(decided.source, GetParam().expected.source) << GetParam().name;
}

const SourceCase kSourceCases[] = {
    {"an unknown path with unknown content is new", {}, {SourceKind::new_source}},
    {"a known path with its content goes on",
     {.path_source = 4, .same_content = true},
     {SourceKind::same_source, 4}},
    {"a known path that grew goes on",
     {.path_source = 4, .same_content = true, .longer = true},
     {SourceKind::same_source, 4}},
    {"known content under an unknown path was moved",
     {.content_source = 7},
     {SourceKind::moved_source, 7}},
    {"logs that change names are told apart by content",
     {.path_source = 4, .content_source = 7, .old_content_elsewhere = true},
     {SourceKind::moved_source, 7}},
    {"other content under a known path whose old content is elsewhere is a rotation",
     {.path_source = 4, .old_content_elsewhere = true},
     {SourceKind::rotated}},
    {"other content under a known path whose old content is nowhere is refused",
     {.path_source = 4},
     {SourceKind::replaced, 4}},
    {"a copy that was left behind unchanged has nothing new",
     {.path_source = 4, .same_content = true, .source_ahead = true},
     {SourceKind::older_copy, 4}},
    {"a copy that grew like its source goes on",
     {.path_source = 4,
      .same_content = true,
      .longer = true,
      .source_ahead = true,
      .caught_up = true},
     {SourceKind::same_source, 4}},
    {"a copy that grew unlike its source is refused, not merged",
     {.path_source = 4, .same_content = true, .longer = true, .source_ahead = true},
     {SourceKind::diverged, 4}},
    {"content that a longer source begins with adds nothing",
     {.copy_of = 7},
     {SourceKind::older_copy, 7}},
    {"nor does it under a known path, whose old content may be gone",
     {.path_source = 4, .copy_of = 7},
     {SourceKind::older_copy, 7}},
    {"a known source wins over a longer one that begins alike",
     {.content_source = 4, .copy_of = 7},
     {SourceKind::moved_source, 4}},
    {"what may be a copy in the making waits", {.begins_like = 7}, {SourceKind::waiting, 7}},
    {"so it does under a path that was rotated",
     {.path_source = 4, .begins_like = 7, .old_content_elsewhere = true},
     {SourceKind::waiting, 7}},
    {"a path that was cut short is refused, however it begins",
     {.path_source = 4, .begins_like = 4},
     {SourceKind::replaced, 4}},
    {"a copy that grew, but not up to its source, has nothing new",
     {.path_source = 4, .same_content = true, .longer = true, .source_ahead = true, .copy_of = 4},
     {SourceKind::older_copy, 4}},
    {"one that cannot be compared with its source waits",
     {.path_source = 4,
      .same_content = true,
      .longer = true,
      .source_ahead = true,
      .begins_like = 4},
     {SourceKind::waiting, 4}},
    {"the path's own source wins over another that begins alike",
     {.path_source = 4, .same_content = true, .content_source = 7},
     {SourceKind::same_source, 4}},
};

INSTANTIATE_TEST_SUITE_P(Cases, SourceDecisionTest, testing::ValuesIn(kSourceCases));

struct TailCase {
    const char* name;
    TailFacts facts;
    TailKind expected;
};

class TailDecisionTest : public testing::TestWithParam<TailCase> {};

TEST_P(TailDecisionTest, decides) {
    EXPECT_EQ(decide_tail(GetParam().facts), GetParam().expected) << GetParam().name;
}

const TailCase kTailCases[] = {
    {"a file that ends in a newline has no tail", {.may_grow = true}, TailKind::nothing},
    {"a complete object without newline is a record",
     {.empty = false, .complete_object = true, .may_grow = true},
     TailKind::record},
    {"the end of a closed stream may be a record too",
     {.empty = false, .complete_object = true},
     TailKind::record},
    {"half a line of a plain file waits for its growth",
     {.empty = false, .may_grow = true},
     TailKind::pending},
    {"half a line of a closed stream is quarantined", {.empty = false}, TailKind::quarantine},
    {"half a line before damage waits for the repaired file",
     {.empty = false, .damaged = true},
     TailKind::unread},
    {"even what looks complete before damage waits",
     {.empty = false, .complete_object = true, .damaged = true},
     TailKind::unread},
};

INSTANTIATE_TEST_SUITE_P(Cases, TailDecisionTest, testing::ValuesIn(kTailCases));

}  // namespace
}  // namespace bassline::ingest
