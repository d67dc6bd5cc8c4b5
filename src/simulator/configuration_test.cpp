// SPDX-License-Identifier: Apache-2.0
#include "simulator/configuration.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "simulator/test_configuration.hpp"

namespace bassline::simulator {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

std::string failure_of(const std::string& text) {
    const auto outcome = parse_configuration(text, "my.json");
    EXPECT_FALSE(outcome.has_value());
    if (outcome) return "";
    EXPECT_EQ(outcome.error().kind, ErrorKind::config);
    return outcome.error().message;
}

std::size_t transition_count(const Configuration& configuration) {
    std::size_t count = 0;
    for (const auto& row : configuration.transitions) count += row.size();
    return count;
}

TEST(Configuration, ThePackagedOnesAreAsPublished) {
    const Configuration stock = load_configuration("stock").value();
    EXPECT_EQ(stock.seed, 1u);
    EXPECT_EQ(stock.alpha, 90);
    EXPECT_EQ(stock.beta, 604'800);
    EXPECT_EQ(stock.damping, 0.09375);
    EXPECT_EQ(stock.states.size(), 40u);
    EXPECT_EQ(transition_count(stock), 198u);
    EXPECT_EQ(stock.session_starts.size(), 25u);
    EXPECT_EQ(stock.churned_auth, "Cancelled");
    EXPECT_THAT(stock.shown_auths, ElementsAre("Logged In", "Cancelled"));
    EXPECT_THAT(stock.warnings, ElementsAre());

    const Configuration alt = load_configuration("alt").value();
    EXPECT_EQ(alt.seed, 2u);
    EXPECT_EQ(alt.weekend_damping, 0.53);
    EXPECT_EQ(transition_count(alt), 196u);

    const Configuration accordion = load_configuration("accordion").value();
    EXPECT_EQ(accordion.seed, 101u);
    EXPECT_EQ(accordion.states.size(), 50u);
    EXPECT_EQ(transition_count(accordion), 265u);
}

TEST(Configuration, WhatIsAbsentHasTheOriginalsDefault) {
    const Configuration tiny = parse_configuration(configuration_text({}), "tiny.json").value();
    EXPECT_EQ(tiny.seed, 0u);
    EXPECT_EQ(tiny.alpha, 60);
    EXPECT_EQ(tiny.beta, 259'200);
    EXPECT_EQ(tiny.damping, 0.0625);
    EXPECT_EQ(tiny.weekend_offset_min, 6);
    EXPECT_EQ(tiny.session_gap_s, 1800);
    EXPECT_EQ(tiny.new_user_auth, "Guest");
    EXPECT_EQ(tiny.new_user_level, "free");
    EXPECT_EQ(tiny.users, std::nullopt);
}

TEST(Configuration, AMistakeIsShownByFileLineAndReason) {
    EXPECT_THAT(failure_of("{\n\"alpha\": \"ninety\"}"),
                HasSubstr("my.json:2: \"alpha\" must be a number, not a text"));
    EXPECT_THAT(failure_of("{\n\n\"alpha\": 0\n}"), HasSubstr("my.json:3: \"alpha\" must be from"));
    EXPECT_THAT(failure_of("{\n\"alpha\": 90,\n}"), HasSubstr("my.json:3: "));
    EXPECT_THAT(failure_of("[]"), HasSubstr("my.json:1: an object is expected, not a list"));
    EXPECT_THAT(failure_of("{\"tag\": 7}"), HasSubstr("\"tag\" must be a text, not a number"));
    EXPECT_THAT(failure_of("{\"n-users\": 1.5}"), HasSubstr("must be a whole number, not 1.5"));
    EXPECT_THAT(failure_of("{}"), HasSubstr("\"levels\" and \"auths\" must say"));
}

TEST(Configuration, NoSessionGapIsRefusedWhereTheOriginalWouldNeverEnd) {
    const std::string text = configuration_text({}, "\n\"session-gap\": 0.5,");
    EXPECT_EQ(parse_configuration(text, "my.json").value().session_gap_s, 0);
    const auto outcome = parse_configuration(text, "my.json", {.compat = true});
    ASSERT_FALSE(outcome.has_value());
    EXPECT_THAT(outcome.error().message,
                HasSubstr("my.json:2: \"session-gap\" must be at least 1"));
}

TEST(Configuration, TransitionsOfAStateAboveOneAreRefusedWhereTheyGetThere) {
    EXPECT_THAT(failure_of(configuration_text({{"Home", "NextSong", 0.9}, {"Home", "Home", 0.2}})),
                HasSubstr("my.json:5: the transitions of page Home (Logged In, free) sum to 1.1, "
                          "over 1"));
}

TEST(Configuration, ASessionStartThatNoTransitionKnowsIsRefused) {
    EXPECT_THAT(failure_of(configuration_text({{"Help", "NextSong", 0.5}})),
                HasSubstr("a session may start on page Home (Logged In, free), but no transition"));
}

TEST(Configuration, UsersWhoCouldNotStartASessionAreRefused) {
    std::string text = configuration_text({});
    text.replace(text.find("{\"level\": \"free\""), 16, "{\"level\": \"gold\"");
    EXPECT_THAT(failure_of(text), HasSubstr("users may begin as (Logged In, gold), but no"));
}

TEST(Configuration, AnUnknownKeyIsAWarning) {
    std::string text = configuration_text({});
    text.insert(1, "\n\"dampning\": 1,");
    EXPECT_THAT(parse_configuration(text, "my.json").value().warnings,
                ElementsAre("my.json:2: \"dampning\" is unknown and has no effect"));
}

TEST(Configuration, ARepeatedTransitionCountsTwiceAndInTheOriginalReplacesTheFirst) {
    const std::string text =
        configuration_text({{"Home", "NextSong", 0.3}, {"Home", "NextSong", 0.2}});
    const Configuration fixed = parse_configuration(text, "my.json").value();
    EXPECT_DOUBLE_EQ(fixed.transitions[0][0].probability, 0.5);
    EXPECT_THAT(fixed.warnings, ElementsAre(HasSubstr("my.json:5: the transition from page Home")));
    const Configuration compat = parse_configuration(text, "my.json", {.compat = true}).value();
    EXPECT_DOUBLE_EQ(compat.transitions[0][0].probability, 0.2);
    EXPECT_EQ(compat.transitions[0].size(), 1u);
}

TEST(Configuration, ANameThatIsNeitherPackagedNorAFileIsRefused) {
    const auto outcome = load_configuration("stok");
    ASSERT_FALSE(outcome.has_value());
    EXPECT_THAT(outcome.error().message, HasSubstr("(stock, alt, accordion)"));
}

}  // namespace
}  // namespace bassline::simulator
