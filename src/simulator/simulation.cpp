// SPDX-License-Identifier: Apache-2.0
#include "simulator/simulation.hpp"

#include <algorithm>
#include <atomic>
#include <limits>
#include <utility>

#include "simulator/units.hpp"
#include "simulator/walk.hpp"

namespace bassline::simulator {
namespace {

constexpr std::size_t kBins = 128;
constexpr std::size_t kSliceSteps = std::size_t{1}
                                    << 18;     // threads wait for each other between slices
constexpr std::size_t kUsersPerSliceStep = 8;  // with many users, so that looking for work is cheap
constexpr double kFirstSliceSeconds = 60;
constexpr double kSliceGrowth = 4;  // a slice is at most so many times as long as the one before
constexpr double kSliceSecondsMax = 7 * 86'400;

// Whole seconds at or after the start, since a step is at a second plus its user's milliseconds;
// the original counts from the start itself.
std::int64_t origin_of(const Model& model, const SimulationOptions& options) {
    const std::int64_t slack = model.options.compat ? 0 : kMillisecond - 1;
    return (options.from_ms + slack) / kMillisecond;
}

int phase_of(const Model& model, const SimulationOptions& options) {
    return model.options.compat ? static_cast<int>(options.from_ms % kMillisecond) : -1;
}

}  // namespace

Simulation::Simulation(const Model& model, SimulationOptions options, Workers& workers)
    : model_(model),
      workers_(workers),
      users_(model, origin_of(model, options), phase_of(model, options)),
      shards_(workers.count()),
      bins_(kBins) {
    for (Shard& shard : shards_) shard.bins.resize(kBins);
    users_.add_initial(options.users, workers);
    if (model.options.compat) {
        arrived_ = users_.add_newcomers(
            static_cast<std::int32_t>(options.to_ms / kMillisecond - users_.origin_s()));
    }
}

Result<void> Simulation::advance(std::int64_t until_s, StepConsumer& consumer) {
    while (now_s() < until_s) TRY(advance_slice(until_s, consumer));
    return {};
}

Result<void> Simulation::advance_slice(std::int64_t until_s, StepConsumer& consumer,
                                       const std::stop_token& stop) {
    if (!arrived_) return arrived_;
    const auto until =
        static_cast<std::int32_t>(std::min<std::int64_t>(until_s - users_.origin_s(), kNever - 1));
    if (now_ < until) return run_slice(slice_end(until), consumer, stop);
    if (now_s() >= until_s) return {};
    return error(ErrorKind::usage, "a simulation spans at most 68 years, and this one is that old");
}

// Until the slice holds about as many steps as it should, by the rate of the last.
std::int32_t Simulation::slice_end(std::int32_t until) const {
    const double wanted =
        static_cast<double>(std::max(kSliceSteps, users_.size() / kUsersPerSliceStep));
    const double seconds = steps_per_second_ > 0 ? wanted / steps_per_second_ : kFirstSliceSeconds;
    const double left = until - now_;
    return now_ +
           static_cast<std::int32_t>(std::clamp(seconds, 1.0, std::min(left, kSliceSecondsMax)));
}

Result<void> Simulation::run_slice(std::int32_t end, StepConsumer& consumer,
                                   const std::stop_token& stop) {
    if (!model_.options.compat) TRY(users_.add_newcomers(end, stop));
    if (stop.stop_requested()) return {};
    const std::int64_t length_ms = (end - now_) * kMillisecond;
    bin_ms_ = static_cast<std::uint32_t>((length_ms + kBins - 1) / kBins);
    workers_.run([this, end](std::size_t worker) { walk(worker, end); });
    std::uint32_t first_slot = 0;
    for (Shard& shard : shards_) {
        shard.first_slot =
            std::exchange(first_slot, first_slot + static_cast<std::uint32_t>(shard.slots.size()));
    }
    std::atomic<std::size_t> next_bin = 0;
    workers_.run([&](std::size_t) {
        for (std::size_t bin = next_bin++; bin < kBins; bin = next_bin++) put_in_order(bin);
    });
    number_sessions();
    TRY(hand_on(consumer));

    std::size_t steps = 0;
    for (const Bin& bin : bins_) steps += bin.steps.size();
    step_count_ += steps;
    const double rate = static_cast<double>(steps + 1) / (end - now_);
    steps_per_second_ =
        steps_per_second_ > 0 ? std::max(rate, steps_per_second_ / kSliceGrowth) : rate;
    now_ = end;
    return {};
}

void Simulation::walk(std::size_t worker, std::int32_t end) {
    Shard& shard = shards_[worker];
    shard.slots.clear();
    for (auto& bin : shard.bins) bin.clear();
    const Workers::Range part = workers_.part_of(users_.size(), worker);
    const std::vector<std::int32_t>& nexts = users_.nexts();
    for (std::size_t user = part.begin; user < part.end; ++user) {
        if (nexts[user] < end) walk_user(static_cast<UserIndex>(user), end, shard);
    }
}

void Simulation::walk_user(UserIndex user, std::int32_t end, Shard& shard) {
    UserState& state = users_.state(user);
    Walk walk(model_, users_.origin_s(), user, state, users_.next(user));
    if (!walk.is_first()) shard.slots.push_back({user, state.session});
    const std::uint16_t phase_ms = users_.person(user).phase_ms;
    while (walk.next() < end) {
        if (walk.is_first()) shard.slots.push_back({user, 0});
        const auto at_ms =
            static_cast<std::uint32_t>((walk.next() - now_) * kMillisecond + phase_ms);
        shard.bins[at_ms / bin_ms_].push_back(
            {.at_ms = at_ms,
             .user = user,
             .item = state.item,
             .song = state.song,
             .session = static_cast<std::uint32_t>(shard.slots.size() - 1),
             .draw = walk.draw(),
             .state = state.state,
             .previous_level = state.previous_level,
             .starts_session = walk.is_first(),
             .after_login = state.after_login});
        walk.take_step();
    }
}

// Shards follow one another by user, and a user's steps by time: the index breaks ties rightly.
void Simulation::put_in_order(std::size_t bin_index) {
    Bin& bin = bins_[bin_index];
    bin.gathered.clear();
    bin.order.clear();
    bin.steps.clear();
    bin.begins.clear();
    for (const Shard& shard : shards_) {
        for (Step step : shard.bins[bin_index]) {
            step.session += shard.first_slot;
            bin.order.push_back(std::uint64_t{step.at_ms} << 32 | bin.gathered.size());
            bin.gathered.push_back(step);
        }
    }
    std::sort(bin.order.begin(), bin.order.end());
    for (const std::uint64_t key : bin.order) {
        const Step& step = bin.gathered[static_cast<std::uint32_t>(key)];
        bin.steps.push_back(step);
        if (step.starts_session) bin.begins.push_back(step.session);
    }
}

void Simulation::number_sessions() {
    sessions_.clear();
    for (const Shard& shard : shards_) {
        for (const Slot& slot : shard.slots) sessions_.push_back(slot.session);
    }
    for (const Bin& bin : bins_) {
        for (const std::uint32_t slot : bin.begins) sessions_[slot] = users_.take_session_id();
    }
    std::size_t at = 0;
    for (const Shard& shard : shards_) {
        for (const Slot& slot : shard.slots) users_.state(slot.user).session = sessions_[at++];
    }
}

// Any worker prepares the next bin; its turn to commit comes when all before it are committed.
Result<void> Simulation::hand_on(StepConsumer& consumer) {
    std::atomic<std::size_t> next_bin = 0;
    std::atomic<std::size_t> turn = 0;
    Result<void> outcome;  // written in turn only
    const std::int64_t begin_ms = (users_.origin_s() + now_) * kMillisecond;
    workers_.run([&](std::size_t worker) {
        for (std::size_t bin = next_bin++; bin < kBins; bin = next_bin++) {
            const bool has_steps = !bins_[bin].steps.empty();
            if (has_steps)
                consumer.prepare(worker, {bins_[bin].steps, sessions_, begin_ms, users_});
            for (std::size_t now = turn; now != bin; now = turn) turn.wait(now);
            if (has_steps && outcome) outcome = consumer.commit(worker);
            turn = bin + 1;
            turn.notify_all();
        }
    });
    return outcome;
}

Result<void> Simulation::overshoot(StepConsumer& consumer) {
    const std::vector<std::int32_t>& nexts = users_.nexts();
    const auto first = std::min_element(nexts.begin(), nexts.end());
    if (first == nexts.end() || *first == kNever) return {};
    const auto user = static_cast<UserIndex>(first - nexts.begin());
    for (Shard& shard : shards_) {
        shard.slots.clear();
        for (auto& bin : shard.bins) bin.clear();
    }
    now_ = *first;
    bin_ms_ = std::numeric_limits<std::uint32_t>::max();  // all in the first bin
    walk_user(user, now_ + 1, shards_.front());
    std::vector<Step>& steps = shards_.front().bins.front();
    steps.resize(1);
    for (std::size_t bin = 0; bin < kBins; ++bin) put_in_order(bin);
    number_sessions();
    ++step_count_;
    return hand_on(consumer);
}

}  // namespace bassline::simulator
