// SPDX-License-Identifier: Apache-2.0
#include "simulator/simulation.hpp"

#include <cmath>
#include <map>
#include <set>

#include <gtest/gtest.h>

#include "simulator/test_world.hpp"
#include "simulator/units.hpp"
#include "simulator/walk.hpp"

namespace bassline::simulator {
namespace {

struct Seen {
    std::int64_t ts_ms;
    UserIndex user;
    std::uint32_t item;
    std::uint64_t session;
    StateIndex state;
    std::uint32_t song;

    bool operator==(const Seen&) const = default;
};

// Keeps all steps.
class Recorder : public StepConsumer {
public:
    explicit Recorder(std::size_t workers) : prepared_(workers) {}

    void prepare(std::size_t worker, const StepRun& run) override {
        prepared_[worker].clear();
        for (const Step& step : run.steps) {
            prepared_[worker].push_back({run.begin_ms + step.at_ms, step.user, step.item,
                                         run.sessions[step.session], step.state, step.song});
        }
    }
    Result<void> commit(std::size_t worker) override {
        if (fails_) return error(ErrorKind::io, "no room");
        steps.insert(steps.end(), prepared_[worker].begin(), prepared_[worker].end());
        return {};
    }

    std::vector<Seen> steps;
    bool fails_ = false;

private:
    std::vector<std::vector<Seen>> prepared_;
};

struct History {
    std::vector<Seen> steps;
    std::vector<std::int32_t> registrations;
    std::int64_t now_s;
};

struct RunOptions {
    ModelOptions model{.seed = 1};
    std::size_t users = 500;
    std::int64_t days = 20;
    std::size_t threads = 1;
    std::int64_t advance_s = 1'000 * kDaySeconds;  // at once
    std::int64_t from_ms = kTestFromS * kMillisecond;
};

History history(const RunOptions& options) {
    const Configuration configuration = load_configuration("stock").value();
    const Model model(configuration, test_catalogue(), options.model);
    Workers workers(options.threads);
    const std::int64_t end = kTestFromS + options.days * kDaySeconds;
    Simulation simulation(
        model, {.users = options.users, .from_ms = options.from_ms, .to_ms = end * kMillisecond},
        workers);
    Recorder recorder(options.threads);
    while (simulation.now_s() < end) {
        const std::int64_t until = std::min(end, simulation.now_s() + options.advance_s);
        EXPECT_TRUE(simulation.advance(until, recorder).has_value());
    }
    History result{
        .steps = std::move(recorder.steps), .registrations = {}, .now_s = simulation.now_s()};
    for (UserIndex user = 0; user < simulation.users().size(); ++user) {
        result.registrations.push_back(simulation.users().person(user).registration);
    }
    return result;
}

TEST(Simulation, HandsOnStepsInOrderOfTimeAndUser) {
    const History done = history({});
    ASSERT_GT(done.steps.size(), 10'000u);
    for (std::size_t i = 1; i < done.steps.size(); ++i) {
        ASSERT_LE(std::make_pair(done.steps[i - 1].ts_ms, done.steps[i - 1].user),
                  std::make_pair(done.steps[i].ts_ms, done.steps[i].user));
    }
    EXPECT_GE(done.steps.front().ts_ms, kTestFromS * kMillisecond);
    EXPECT_LT(done.steps.back().ts_ms, (kTestFromS + 20 * kDaySeconds) * kMillisecond);
}

TEST(Simulation, DoesNotDependOnThreadsOrOnHowItIsAdvanced) {
    const History once = history({.model = {.seed = 3, .growth_rate = 5}});
    EXPECT_EQ(once.steps, history({.model = {.seed = 3, .growth_rate = 5}, .threads = 2}).steps);
    EXPECT_EQ(once.steps, history({.model = {.seed = 3, .growth_rate = 5}, .threads = 7}).steps);
    EXPECT_EQ(
        once.steps,
        history({.model = {.seed = 3, .growth_rate = 5}, .threads = 2, .advance_s = 977}).steps);
    EXPECT_NE(once.steps, history({.model = {.seed = 4, .growth_rate = 5}}).steps);
}

TEST(Simulation, SessionsAreNumberedWithoutHolesAndTheirItemsGoOn) {
    const History done = history({});
    struct Session {
        UserIndex user;
        std::uint32_t next_item;
    };
    std::map<std::uint64_t, Session> sessions;
    for (const Seen& step : done.steps) {
        const auto [found, is_new] = sessions.try_emplace(step.session, step.user, step.item);
        ASSERT_EQ(found->second.user, step.user);
        ASSERT_EQ(found->second.next_item, step.item);
        ++found->second.next_item;
    }
    std::uint64_t expected = 0;
    for (const auto& [id, session] : sessions) ASSERT_EQ(id, ++expected);
}

TEST(Simulation, EventsOfAUserKeepTheirMillisecondsAndThoseOfTheOriginalTheStarts) {
    const History fixed = history({});
    std::map<UserIndex, std::set<std::int64_t>> phases;
    std::set<std::int64_t> all;
    for (const Seen& step : fixed.steps) {
        phases[step.user].insert(step.ts_ms % kMillisecond);
        all.insert(step.ts_ms % kMillisecond);
    }
    for (const auto& [user, own] : phases) EXPECT_EQ(own.size(), 1u);
    EXPECT_GT(all.size(), 200u);

    const History compat =
        history({.model = {.seed = 1, .compat = true}, .from_ms = kTestFromS * kMillisecond + 796});
    for (const Seen& step : compat.steps) ASSERT_EQ(step.ts_ms % kMillisecond, 796);
    EXPECT_GT(compat.steps.front().ts_ms, kTestFromS * kMillisecond + 796);
}

TEST(Simulation, UsersGrowExponentially) {
    const History done =
        history({.model = {.seed = 1, .growth_rate = 1}, .users = 1000, .days = 365});
    const double expected = 1000 * std::exp(365 / 365.25);
    EXPECT_NEAR(static_cast<double>(done.registrations.size()), expected, 4 * std::sqrt(expected));
}

// Sixteen thousand come within a day: the parts of seconds between them count.
TEST(Simulation, ManyUsersGrowNoFasterThanFew) {
    const History done =
        history({.model = {.seed = 1, .growth_rate = 365.25}, .users = 10'000, .days = 1});
    const double grown = std::exp(1);
    EXPECT_NEAR(static_cast<double>(done.registrations.size()), 10'000 * grown,
                4 * std::sqrt(10'000 * grown * (grown - 1)));
}

TEST(Simulation, AStopEndsTheArrivalOfNewcomersToo) {
    const Configuration configuration = load_configuration("stock").value();
    const Model model(configuration, test_catalogue(), {.seed = 1, .growth_rate = 1e6});
    Workers workers(1);
    Simulation simulation(model, {.users = 100, .from_ms = kTestFromS * kMillisecond}, workers);
    Recorder recorder(1);
    std::stop_source source;
    source.request_stop();
    const std::int64_t end = kTestFromS + kDaySeconds;
    ASSERT_TRUE(simulation.advance_slice(end, recorder, source.get_token()).has_value());
    EXPECT_EQ(simulation.now_s(), kTestFromS);
    EXPECT_EQ(simulation.users().size(), 100u);
}

TEST(Simulation, NobodyIsSeenBeforeTheyRegisterExceptInTheOriginal) {
    const auto early = [](const History& done) {
        int count = 0;
        for (const Seen& step : done.steps) {
            if (step.ts_ms < (kTestFromS + done.registrations[step.user]) * kMillisecond) ++count;
        }
        return count;
    };
    EXPECT_EQ(early(history({.model = {.seed = 1, .growth_rate = 20}})), 0);
    EXPECT_GT(early(history({.model = {.seed = 1, .growth_rate = 20, .compat = true}})), 0);
}

TEST(Simulation, InitialUsersRegisteredUpToFiveYearsAgoByTheGrowthRate) {
    const std::vector<std::int32_t> none = history({.days = 0}).registrations;
    for (const std::int32_t registration : none) ASSERT_EQ(registration, 0);

    const History done =
        history({.model = {.seed = 1, .growth_rate = 1}, .users = 5000, .days = 0});
    constexpr double kYear = 31'557'600;
    double sum = 0;
    int capped = 0;
    for (const std::int32_t registration : done.registrations) {
        sum -= registration / kYear;
        if (registration == -static_cast<std::int32_t>(5 * kYear)) ++capped;
    }
    EXPECT_NEAR(sum / 5000, 1 - std::exp(-5), 0.06);
    EXPECT_NEAR(capped / 5000.0, std::exp(-5), 0.005);
}

TEST(Simulation, PacesOfUsersAreLognormalWithTheConfiguredMean) {
    const Configuration configuration = load_configuration("stock").value();
    const Model model(configuration, test_catalogue(), {.seed = 1});
    Workers workers(2);
    Population users(model, kTestFromS, -1);
    users.add_initial(40'000, workers);
    double sum = 0;
    int below_median = 0;
    for (UserIndex user = 0; user < users.size(); ++user) {
        sum += users.state(user).mean_gap_s;
        if (users.state(user).mean_gap_s < 90 / std::sqrt(std::exp(1.0))) ++below_median;
    }
    EXPECT_NEAR(sum / 40'000, 90, 90 * 4 * 1.311 / 200);
    EXPECT_NEAR(below_median / 40'000.0, 0.5, 0.01);
}

TEST(Simulation, TheOriginalWritesOneStepAtOrBeyondTheEnd) {
    const Configuration configuration = load_configuration("stock").value();
    const Model model(configuration, test_catalogue(), {.seed = 1, .compat = true});
    Workers workers(2);
    const std::int64_t end = kTestFromS + kDaySeconds;
    Simulation simulation(model, {.users = 300, .from_ms = kTestFromS * kMillisecond, .to_ms = 0},
                          workers);
    Recorder recorder(2);
    ASSERT_TRUE(simulation.advance(end, recorder).has_value());
    const std::size_t before = recorder.steps.size();
    ASSERT_TRUE(simulation.overshoot(recorder).has_value());
    ASSERT_EQ(recorder.steps.size(), before + 1);
    EXPECT_GE(recorder.steps.back().ts_ms, end * kMillisecond);
    EXPECT_GE(recorder.steps.back().session, 1u);
}

TEST(Simulation, StopsAtTheFirstErrorOfTheConsumer) {
    const Configuration configuration = load_configuration("stock").value();
    const Model model(configuration, test_catalogue(), {.seed = 1});
    Workers workers(2);
    Simulation simulation(model, {.users = 500, .from_ms = kTestFromS * kMillisecond}, workers);
    Recorder recorder(2);
    recorder.fails_ = true;
    const auto outcome = simulation.advance(kTestFromS + kDaySeconds, recorder);
    ASSERT_FALSE(outcome.has_value());
    EXPECT_EQ(outcome.error().message, "no room");
}

}  // namespace
}  // namespace bassline::simulator
