// SPDX-License-Identifier: Apache-2.0
#include "simulator/analytic_chain.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace bassline::simulator {
namespace {

constexpr double kOnePercent = 0.01;

struct Solved {
    Configuration configuration;
    ChainTargets targets;

    const SessionTargets& of(std::string_view auth, std::string_view level) const {
        return targets.sessions[targets.find(auth, level)];
    }
    double ends(std::string_view auth, std::string_view level, std::string_view end_auth,
                std::string_view end_level) const {
        return of(auth, level).ends[targets.find(end_auth, end_level)];
    }
};

Solved solved(const std::string& name) {
    Configuration configuration = load_configuration(name).value();
    ChainTargets targets = solve_chain(configuration).value();
    return {std::move(configuration), std::move(targets)};
}

// Three published digits may be half a unit off beside the percent.
void expect_near(double found, double published) {
    EXPECT_NEAR(found, published, kOnePercent * published);
}

TEST(SolveChain, StockSessionsAreAsLongAsPublished) {
    const Solved stock = solved("stock");
    expect_near(stock.of("Guest", "free").events, 3.060);
    expect_near(stock.of("Guest", "free").songs, 0.526);
    expect_near(stock.of("Logged In", "free").events, 2.723);
    expect_near(stock.of("Logged In", "free").songs, 2.001);
    expect_near(stock.of("Logged In", "paid").events, 29.642);
    expect_near(stock.of("Logged In", "paid").songs, 26.957);
    expect_near(stock.of("Logged Out", "free").events, 4.026);
    expect_near(stock.of("Logged Out", "free").songs, 1.159);
    expect_near(stock.of("Logged Out", "paid").events, 16.667);
    expect_near(stock.of("Logged Out", "paid").songs, 13.360);
}

TEST(SolveChain, StockSessionsEndAsPublished) {
    const Solved stock = solved("stock");
    expect_near(stock.ends("Guest", "free", "Guest", "free"), .658);
    expect_near(stock.ends("Guest", "free", "Logged In", "free"), .334);
    expect_near(stock.ends("Logged In", "free", "Logged In", "free"), .9777);
    expect_near(stock.ends("Logged In", "free", "Logged Out", "free"), .0147);
    expect_near(stock.ends("Logged In", "free", "Logged In", "paid"), .0061);
    expect_near(stock.ends("Logged In", "paid", "Logged In", "paid"), .8066);
    expect_near(stock.ends("Logged In", "paid", "Logged Out", "paid"), .1895);
    expect_near(stock.ends("Logged In", "paid", "Logged In", "free"), .0030);
    EXPECT_NEAR(stock.ends("Logged In", "paid", "Cancelled", "paid"), .0009, .00005);
    expect_near(stock.ends("Logged Out", "free", "Logged In", "free"), .737);
    expect_near(stock.ends("Logged Out", "free", "Logged Out", "free"), .257);
    EXPECT_NEAR(stock.ends("Logged Out", "free", "Logged In", "paid"), .005, .0005);
    expect_near(stock.ends("Logged Out", "paid", "Logged Out", "paid"), .563);
    expect_near(stock.ends("Logged Out", "paid", "Logged In", "paid"), .435);
}

TEST(SolveChain, EverySessionEndsSomewhere) {
    for (const char* name : {"stock", "alt", "accordion"}) {
        const Solved chain = solved(name);
        for (std::size_t i = 0; i < chain.targets.sessions.size(); ++i) {
            if (!chain.targets.has_sessions(i)) continue;
            double sum = 0;
            for (const double share : chain.targets.sessions[i].ends) sum += share;
            EXPECT_NEAR(sum, 1, 1e-9) << name << " " << chain.targets.standings[i].auth;
        }
    }
}

TEST(SolveChain, AccordionSessionsAreAsLongAsPublished) {
    const Solved accordion = solved("accordion");
    expect_near(accordion.of("Logged In", "free").events, 50.5);
    expect_near(accordion.of("Logged In", "paid").events, 133.9);
    expect_near(accordion.of("Guest", "free").events, 33.2);
    expect_near(accordion.of("Logged Out", "free").events, 40.4);
    expect_near(accordion.of("Logged Out", "paid").events, 124.5);
}

TEST(SolveChain, TheLongRunMixIsAsPublished) {
    const Solved stock = solved("stock");
    const auto mix = stock.targets.long_run_mix();
    EXPECT_NEAR(mix[stock.targets.find("Logged In", "free")], .264, .0027);
    EXPECT_NEAR(mix[stock.targets.find("Logged In", "paid")], .509, .0051);
    EXPECT_NEAR(mix[stock.targets.find("Logged Out", "paid")], .222, .0022);
    EXPECT_NEAR(mix[stock.targets.find("Logged Out", "free")], .005, .0005);
    double churn = 0;
    for (std::size_t i = 0; i < mix.size(); ++i) {
        if (!stock.targets.has_sessions(i)) continue;
        churn += mix[i] * stock.targets.sessions[i].ends[stock.targets.find("Cancelled", "paid")];
        churn += mix[i] * stock.targets.sessions[i].ends[stock.targets.find("Cancelled", "free")];
    }
    expect_near(churn, .00058);
}

TEST(SolveChain, InitialUsersHaveTheEventsOfTheirMix) {
    const Solved stock = solved("stock");
    const auto mix = initial_mix(stock.configuration, stock.targets);
    double events = 0;
    double songs = 0;
    for (std::size_t i = 0; i < mix.size(); ++i) {
        events += mix[i] * stock.targets.sessions[i].events;
        songs += mix[i] * stock.targets.sessions[i].songs;
    }
    expect_near(events, 7.11);
    expect_near(songs, 5.89);
}

TEST(SolveChain, SessionsThatNeverEndAreRefused) {
    Configuration endless = load_configuration("stock").value();
    endless.transitions[endless.session_starts[0].state] = {
        {.to = endless.session_starts[0].state, .probability = 1}};
    auto refused = solve_chain(endless);
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().kind, ErrorKind::config);
}

}  // namespace
}  // namespace bassline::simulator
