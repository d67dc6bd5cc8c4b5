// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <span>
#include <stop_token>
#include <vector>

#include "base/result.hpp"
#include "simulator/model.hpp"
#include "simulator/population.hpp"
#include "simulator/step.hpp"
#include "simulator/workers.hpp"

// The simulation: users walk, their steps come out in order of (time, user).
//
// Time goes in slices of a bounded number of steps. In a slice
//   1. each worker walks its part of the users and drops their steps into bins of time;
//   2. workers put bins in order, a bin each;
//   3. one thread numbers the sessions that begin, in order (cheap: beginnings only);
//   4. workers prepare bins for writing, and commit them strictly in order.
// Steps, ids and their order depend on model, seed and users only: not on workers, slices or calls.
// Memory: the users, and one slice.
namespace bassline::simulator {

/// Consecutive steps in order, and what turns them into records.
struct StepRun {
    std::span<const Step> steps;
    std::span<const std::uint64_t> sessions;  // id by Step::session
    std::int64_t begin_ms;                    // epoch milliseconds of Step::at_ms 0
    const Population& users;
};

/// Takes steps. A run is prepared by any worker, then committed by the same one in its turn.
class StepConsumer {
public:
    virtual ~StepConsumer() = default;
    /// Several workers at once, each with its own number. The steps live until the commit returns.
    virtual void prepare(std::size_t worker, const StepRun& run) = 0;
    /// One at a time, in order of time. An error stops the simulation for good.
    virtual Result<void> commit(std::size_t worker) = 0;
};

struct SimulationOptions {
    std::size_t users = 0;
    std::int64_t from_ms = 0;  // epoch milliseconds; nothing before it is written
    /// Where the original's newcomers are known until; needed with `compat` and growth.
    std::int64_t to_ms = 0;
};

class Simulation {
public:
    /// Draws the initial users; the model outlives the simulation.
    Simulation(const Model& model, SimulationOptions options, Workers& workers);

    /// Hands on all steps before `until_s` (epoch seconds). Errors: the consumer's; `usage` if
    /// there would be too many users or years.
    Result<void> advance(std::int64_t until_s, StepConsumer& consumer);
    /// The same for one slice, which may end before, or not come about when asked to stop.
    Result<void> advance_slice(std::int64_t until_s, StepConsumer& consumer,
                               const std::stop_token& stop = {});

    /// The original's loop ends after the first step at or beyond the end: hands that one on.
    Result<void> overshoot(StepConsumer& consumer);

    /// All steps before this were handed on (epoch seconds).
    std::int64_t now_s() const { return users_.origin_s() + now_; }
    std::uint64_t step_count() const { return step_count_; }
    const Population& users() const { return users_; }

private:
    friend class Checkpoint;

    struct Slot {
        UserIndex user;
        std::uint64_t session;  // 0 where it begins in this slice
    };
    struct alignas(64) Shard {  // of one worker, on cache lines of its own
        std::vector<Slot> slots;
        std::vector<std::vector<Step>> bins;
        std::uint32_t first_slot = 0;
    };
    struct Bin {
        std::vector<Step> steps;
        std::vector<std::uint32_t> begins;  // slots of sessions that begin
        std::vector<Step> gathered;         // from all shards, not in order yet
        std::vector<std::uint64_t> order;   // (time, index into gathered)
    };

    std::int32_t slice_end(std::int32_t until) const;
    Result<void> run_slice(std::int32_t end, StepConsumer& consumer, const std::stop_token& stop);
    void walk(std::size_t worker, std::int32_t end);
    void walk_user(UserIndex user, std::int32_t end, Shard& shard);
    void put_in_order(std::size_t bin);
    void number_sessions();
    Result<void> hand_on(StepConsumer& consumer);

    const Model& model_;
    Workers& workers_;
    Population users_;
    Result<void> arrived_;  // the original's newcomers, who are all there from the start
    std::int32_t now_ = 0;  // s since the origin
    std::uint64_t step_count_ = 0;
    double steps_per_second_ = 0;  // of the last slice, for the length of the next

    std::vector<Shard> shards_;
    std::vector<Bin> bins_;
    std::vector<std::uint64_t> sessions_;
    std::uint32_t bin_ms_ = 1;
};

}  // namespace bassline::simulator
