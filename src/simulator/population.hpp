// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <stop_token>
#include <vector>

#include "base/result.hpp"
#include "simulator/model.hpp"
#include "simulator/user.hpp"
#include "simulator/workers.hpp"

// All users, by columns, so that looking for those with something to do reads four bytes a user.
// A user is made from seed and index alone; nothing depends on who else there is.
namespace bassline::simulator {

class Population {
public:
    /// `origin_s`: epoch seconds where time 0 is. `phase_ms`: milliseconds of every event, or
    /// negative: each user has their own.
    Population(const Model& model, std::int64_t origin_s, int phase_ms)
        : model_(&model), origin_s_(origin_s), phase_ms_(phase_ms) {}

    std::size_t size() const { return next_.size(); }
    std::int64_t origin_s() const { return origin_s_; }

    /// Those who are there at the origin, already in the middle of their lives.
    void add_initial(std::size_t count, Workers& workers);
    /// Those who arrive before a moment, by the growth rate; fewer if asked to stop: another call
    /// adds the rest. Errors: `usage` if they would be more than kUsersMax.
    Result<void> add_newcomers(std::int32_t before, const std::stop_token& stop = {});

    std::int32_t& next(UserIndex user) { return next_[user]; }
    UserState& state(UserIndex user) { return states_[user]; }
    const Person& person(UserIndex user) const { return persons_[user]; }
    std::vector<std::int32_t>& nexts() { return next_; }

    /// Sessions that were open when their user came into view have had the ids 1 to this.
    std::uint64_t session_count() const { return session_count_; }
    std::uint64_t take_session_id() { return ++session_count_; }

private:
    friend class Checkpoint;

    void resize(std::size_t count);
    void make(UserIndex user, bool is_newcomer, std::int32_t arrival);
    void number_open_sessions(std::size_t begin);
    std::int64_t arrival_gap_ns(double uniform) const;

    const Model* model_;
    std::int64_t origin_s_;
    int phase_ms_;
    std::vector<std::int32_t> next_;  // when the pending step happens
    std::vector<UserState> states_;
    std::vector<Person> persons_;
    std::uint64_t session_count_ = 0;
    std::int64_t last_arrival_ns_ = 0;      // since the origin
    std::int64_t pending_arrival_ns_ = -1;  // -1: not drawn yet
    std::uint32_t arrival_draw_ = 0;
};

}  // namespace bassline::simulator
