// SPDX-License-Identifier: Apache-2.0
#include "simulator/positioned_json.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace bassline::simulator {
namespace {

TEST(PositionedJson, KnowsTheLineOfEveryValue) {
    const PositionedJson json = parse_positioned_json(
                                    "{\n\"a\": 1\n,\"b\":\n\"two\", \"c\": [\n3,4\n],\n"
                                    "\"d\": {\"e\":\nfalse}}",
                                    "f")
                                    .value();
    EXPECT_EQ(json.line, 1u);
    EXPECT_EQ(json.find("a")->line, 2u);
    EXPECT_EQ(json.find("b")->line, 4u);
    EXPECT_EQ(json.find("c")->line, 4u);
    const auto& list = std::get<PositionedJson::Elements>(json.find("c")->value);
    EXPECT_EQ(list[0].line, 5u);
    EXPECT_EQ(list[1].line, 5u);
    EXPECT_EQ(json.find("d")->find("e")->line, 8u);
    EXPECT_EQ(std::get<double>(list[1].value), 4);
    EXPECT_EQ(std::get<bool>(json.find("d")->find("e")->value), false);
    EXPECT_EQ(json.find("nothing"), nullptr);
}

TEST(PositionedJson, TheLastOfTwoEqualKeysCounts) {
    const PositionedJson json = parse_positioned_json(R"({"a": 1, "a": 2})", "f").value();
    EXPECT_EQ(std::get<double>(json.find("a")->value), 2);
}

TEST(PositionedJson, SaysWhereATextIsNoJson) {
    for (const auto& [text, line] :
         std::vector<std::pair<std::string, std::string>>{{"", "f:1: "},
                                                          {"{\n\"a\": }", "f:2: "},
                                                          {"{\"a\": 1", "f:1: "},
                                                          {"[1,\n2,\n3}", "f:3: "}}) {
        const auto outcome = parse_positioned_json(text, "f");
        ASSERT_FALSE(outcome.has_value()) << text;
        EXPECT_THAT(outcome.error().message, testing::StartsWith(line)) << text;
    }
}

}  // namespace
}  // namespace bassline::simulator
