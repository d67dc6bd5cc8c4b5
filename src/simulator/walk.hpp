// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <vector>

#include "simulator/model.hpp"
#include "simulator/random_stream.hpp"
#include "simulator/step.hpp"
#include "simulator/user.hpp"

// One user's way through pages and sessions, step by step.
namespace bassline::simulator {

/// A user in motion: state and pending time, loaded for a walk and stored after it.
class Walk {
public:
    /// `origin_s`: epoch seconds of relative time 0.
    Walk(const Model& model, std::int64_t origin_s, UserIndex user, UserState& state,
         std::int32_t& next)
        : model_(model),
          origin_s_(origin_s),
          state_(state),
          next_(next),
          random_(model.options.seed, StreamPurpose::behaviour, user, state.draw) {}
    ~Walk() { state_.draw = random_.draw(); }
    Walk(const Walk&) = delete;
    Walk& operator=(const Walk&) = delete;

    /// When the pending step happens; kNever if the user is gone.
    std::int32_t next() const { return next_; }
    /// The pending step's identity within the user.
    std::uint32_t draw() const { return random_.draw(); }
    /// Whether the pending step is the first of its session.
    bool is_first() const { return state_.item == 0; }

    /// Places a new user: the first session at or after `earliest`, of one who has been there since
    /// two mean absences before `since`.
    void begin(std::uint16_t standing, std::int64_t since, std::int64_t earliest);

    /// Takes the pending step; another is pending after it, or the user is gone.
    void take_step();

private:
    void open_session(std::uint16_t standing, std::int64_t start_s);
    void end_session();
    bool leaves_before(std::int64_t start_s);
    void play(std::uint32_t song);
    std::int64_t whole_gap(double uniform) const;
    std::int32_t relative(std::int64_t epoch_s) const;

    const Model& model_;
    std::int64_t origin_s_;
    UserState& state_;
    std::int32_t& next_;
    RandomStream random_;
};

}  // namespace bassline::simulator
