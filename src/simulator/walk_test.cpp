// SPDX-License-Identifier: Apache-2.0
#include "simulator/walk.hpp"

#include <cmath>

#include <gtest/gtest.h>

#include "simulator/test_configuration.hpp"
#include "simulator/test_world.hpp"

namespace bassline::simulator {
namespace {

constexpr std::int64_t kOrigin = 1'757'289'600;  // 2025-09-08T00:00:00Z

// One user on their way, who begins at the origin.
class Walker {
public:
    explicit Walker(const std::string& configuration, ModelOptions options = {.seed = 1},
                    UserIndex user = 0)
        : configuration_(parse_configuration(configuration, "test").value()),
          model_(configuration_, test_catalogue(), options),
          walk_(model_, kOrigin, user, state, next) {
        state.mean_gap_s = 90;
        state.mean_absence_s = 604'800;
        walk_.begin(model_.initial_standing(0, 0), kOrigin, kOrigin);
    }

    void step() { walk_.take_step(); }
    const std::string& page() const { return model_.chain.states()[state.state].page; }
    bool is_first() const { return walk_.is_first(); }
    std::uint32_t song_seconds() const { return model_.song_seconds[state.song]; }

    UserState state{};
    std::int32_t next = 0;

private:
    Configuration configuration_;
    Model model_;
    Walk walk_;
};

TEST(Walk, TakesExactlyOneSecondIntoARedirect) {
    Walker walker(configuration_text({{"Home", "Logout", 1}, {"Logout", "Home", 1}}));
    for (int i = 0; i < 1000; ++i) {
        ASSERT_EQ(walker.page(), "Home");
        const std::int32_t before = walker.next;
        walker.step();
        ASSERT_EQ(walker.page(), "Logout");
        ASSERT_EQ(walker.next, before + 1);
        walker.step();
    }
}

TEST(Walk, PlaysASongToItsEndBeforeTheNext) {
    Walker walker(configuration_text({{"Home", "NextSong", 1}, {"NextSong", "NextSong", 1}}));
    walker.step();
    for (int i = 0; i < 1000; ++i) {
        ASSERT_EQ(walker.page(), "NextSong");
        const std::int32_t end = walker.next + static_cast<std::int32_t>(walker.song_seconds());
        walker.step();
        ASSERT_EQ(walker.next, end);
    }
}

TEST(Walk, LeavingASongDoesNotStopIt) {
    Walker walker(configuration_text({{"Home", "NextSong", 1}, {"NextSong", "Home", 1}}));
    walker.step();
    int waited = 0;
    for (int i = 0; i < 1000; ++i) {
        const std::int32_t end = walker.next + static_cast<std::int32_t>(walker.song_seconds());
        walker.step();  // Home
        const bool plays = walker.next < end;
        walker.step();  // NextSong
        if (plays) {
            ASSERT_EQ(walker.next, end);
            ++waited;
        } else {
            ASSERT_GE(walker.next, end);
        }
    }
    EXPECT_GT(waited, 800);  // 90 s against songs of 240 s
    EXPECT_LT(waited, 1000);
}

// floor(Exp(a)) is geometric: mean 1 / (e^(1/a) - 1).
TEST(Walk, OtherGapsAreGeometricInWholeSeconds) {
    Walker walker(configuration_text({{"Home", "Help", 1}, {"Help", "Home", 1}}));
    constexpr int kSteps = 100'000;
    const std::int32_t begin = walker.next;
    for (int i = 0; i < kSteps; ++i) walker.step();
    const double expected = 1 / (std::exp(1 / 90.0) - 1);
    EXPECT_NEAR(static_cast<double>(walker.next - begin) / kSteps, expected,
                4 * 90 / std::sqrt(kSteps));
}

TEST(Walk, EndsASessionWithWhatIsMissingToOne) {
    Walker walker(configuration_text({{"Home", "Home", 0.75}}));
    walker.state.mean_absence_s = 3600;
    constexpr int kSteps = 100'000;
    int ends = 0;
    for (int i = 0; i < kSteps; ++i) {
        walker.step();
        if (walker.is_first()) ++ends;
    }
    EXPECT_NEAR(static_cast<double>(ends) / kSteps, 0.25, 4 * std::sqrt(0.1875 / kSteps));
}

TEST(Walk, AUserWhoEndsInTheChurnedAuthIsGone) {
    Walker walker(configuration_text({{"Home", "Home", 0.5}}, R"("churned-state": "Logged In", )"));
    while (walker.next != kNever) walker.step();
    SUCCEED();
}

TEST(Walk, AttritionIsAHazardOfConstantRate) {
    constexpr int kUsers = 1000;
    int left = 0;
    for (UserIndex user = 0; user < kUsers; ++user) {
        Walker walker(configuration_text({}), {.seed = 1, .attrition_rate = 0.7}, user);
        constexpr std::int32_t kYear = 31'557'600;
        while (walker.next < kYear) walker.step();
        if (walker.next == kNever) ++left;
    }
    EXPECT_NEAR(left / static_cast<double>(kUsers), 1 - std::exp(-0.7), 0.063);
}

TEST(Walk, TheOriginalsAttritionTakesEveryUserAfterOneSession) {
    Walker walker(configuration_text({}), {.seed = 1, .attrition_rate = 0.01, .compat = true});
    for (int i = 0; i < 2; ++i) {
        if (walker.next != kNever) walker.step();
    }
    EXPECT_EQ(walker.next, kNever);
}

// A failed login, then another attempt; "Landing" stands for Home when logged out.
const std::vector<TestTransition> kRetry = {{"Home", "Logout", 1},
                                            {"Logout", "Landing", 1},
                                            {"Landing", "Login", 1},
                                            {"Login", "Landing", 1}};

TEST(Walk, ALoginIsToldByThePageBehindItOnly) {
    Walker walker(configuration_text(kRetry));
    int told = 0;
    std::string previous;
    for (int i = 0; i < 300; ++i) {
        ASSERT_EQ(walker.state.after_login, previous == "Login");
        told += walker.state.after_login ? 1 : 0;
        previous = walker.page();
        walker.step();
    }
    EXPECT_GT(told, 50);
}

TEST(Walk, TheOriginalTellsItAgainOnTheNextRedirect) {
    Walker walker(configuration_text(kRetry), {.seed = 1, .compat = true});
    bool told_on_login = false;
    for (int i = 0; i < 300; ++i) {
        if (walker.state.after_login && walker.page() == "Login") told_on_login = true;
        walker.step();
    }
    EXPECT_TRUE(told_on_login);
}

}  // namespace
}  // namespace bassline::simulator
