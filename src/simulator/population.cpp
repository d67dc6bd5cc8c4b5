// SPDX-License-Identifier: Apache-2.0
#include "simulator/population.hpp"

#include <algorithm>
#include <cmath>

#include "simulator/units.hpp"
#include "simulator/walk.hpp"

namespace bassline::simulator {
namespace {

constexpr std::int64_t kNanosecond = 1'000'000'000;  // of a second
constexpr double kMembershipMaxYears = 5;

// Lognormal with mean 1: how much slower or rarer than the average a user is.
float individual(double mean, Uniforms draw) {
    return static_cast<float>(mean * std::exp(standard_normal(draw) - 0.5));
}

std::int32_t registration_before_origin(double growth_rate, double uniform) {
    const double ago = std::floor(exponential(growth_rate * kYearSeconds, uniform));
    return -static_cast<std::int32_t>(std::min(ago, kMembershipMaxYears * kYearSeconds));
}

}  // namespace

void Population::resize(std::size_t count) {
    next_.resize(count, kNever);
    states_.resize(count);
    persons_.resize(count);
}

void Population::add_initial(std::size_t count, Workers& workers) {
    resize(count);
    workers.run([&](std::size_t worker) {
        const Workers::Range part = workers.part_of(count, worker);
        for (std::size_t user = part.begin; user < part.end; ++user) {
            make(static_cast<UserIndex>(user), false, 0);
        }
    });
    number_open_sessions(0);
}

// Whole nanoseconds: thousands may arrive in a second. The original cuts the gap to whole seconds,
// and so its users grow the faster the more they are.
std::int64_t Population::arrival_gap_ns(double uniform) const {
    const double mean_s =
        kYearSeconds / (static_cast<double>(size()) * model_->options.growth_rate);
    const double gap_s = std::min(exponential(mean_s, uniform), static_cast<double>(kNever));
    if (model_->options.compat) return static_cast<std::int64_t>(gap_s) * kNanosecond;
    return static_cast<std::int64_t>(gap_s * kNanosecond);
}

Result<void> Population::add_newcomers(std::int32_t before, const std::stop_token& stop) {
    const std::size_t first = size();
    if (model_->options.growth_rate <= 0 || first == 0) return {};
    RandomStream random(model_->options.seed, StreamPurpose::arrivals, 0, arrival_draw_);
    while (!stop.stop_requested()) {
        if (pending_arrival_ns_ < 0) {
            pending_arrival_ns_ = last_arrival_ns_ + arrival_gap_ns(random.next().u);
        }
        if (pending_arrival_ns_ >= before * kNanosecond) break;
        if (size() >= kUsersMax) {
            return error(ErrorKind::usage, "the growth rate brings more than {} users", kUsersMax);
        }
        last_arrival_ns_ = std::exchange(pending_arrival_ns_, -1);
        resize(size() + 1);
        make(static_cast<UserIndex>(size() - 1), true,
             static_cast<std::int32_t>(last_arrival_ns_ / kNanosecond));
    }
    arrival_draw_ = random.draw();
    number_open_sessions(first);
    return {};
}

// Draws a person and walks to the first step in view.
void Population::make(UserIndex user, bool is_newcomer, std::int32_t arrival) {
    const Catalogue& catalogue = model_->catalogue;
    RandomStream random(model_->options.seed, StreamPurpose::person, user);
    UserState& state = states_[user];
    state = {};
    state.mean_gap_s = individual(model_->alpha, random.next());
    state.mean_absence_s = individual(model_->beta, random.next());
    if (OddUsers(model_->options.seed, model_->options.faults).is_bot(user)) {
        state.mean_gap_s = kBotGapSeconds;
        state.mean_absence_s = kBotAbsenceSeconds;
    }
    Uniforms draw = random.next();
    std::uint16_t standing = model_->initial_standing(draw.u, draw.v);
    if (is_newcomer) standing = model_->newcomer_standing;

    Person& person = persons_[user];
    draw = random.next();
    person.is_female = draw.u < catalogue.female_share();
    const auto own_phase = static_cast<std::uint16_t>(draw.v * kMillisecond);
    person.phase_ms = phase_ms_ < 0 ? own_phase : static_cast<std::uint16_t>(phase_ms_);
    draw = random.next();
    person.first_name =
        static_cast<std::uint16_t>(person.is_female ? catalogue.draw_female_name(draw.u, draw.v)
                                                    : catalogue.draw_male_name(draw.u, draw.v));
    draw = random.next();
    person.last_name = catalogue.draw_last_name(draw.u, draw.v);
    draw = random.next();
    person.place = catalogue.draw_place(draw.u, draw.v);
    draw = random.next();
    person.user_agent = static_cast<std::uint16_t>(catalogue.draw_user_agent(draw.u, draw.v));
    draw = random.next();
    person.registration =
        is_newcomer ? arrival : registration_before_origin(model_->options.growth_rate, draw.u);

    // The original lets newcomers begin before they arrive, and writes what is after the start
    // only.
    const bool compat = model_->options.compat;
    const std::int64_t since = origin_s_ + arrival;
    const auto absence = static_cast<std::int64_t>(state.mean_absence_s);
    Walk walk(*model_, origin_s_, user, state, next_[user]);
    walk.begin(standing, since, is_newcomer && !compat ? since : since - absence);
    const std::int32_t first_seen = compat ? 1 : 0;
    while (walk.next() < first_seen) walk.take_step();
}

void Population::number_open_sessions(std::size_t begin) {
    for (std::size_t user = begin; user < size(); ++user) {
        if (next_[user] != kNever && states_[user].item > 0) {
            states_[user].session = take_session_id();
        }
    }
}

}  // namespace bassline::simulator
