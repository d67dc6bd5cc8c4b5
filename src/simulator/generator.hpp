// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <stop_token>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "simulator/catalogue.hpp"
#include "simulator/checkpoint.hpp"
#include "simulator/configuration.hpp"
#include "simulator/event_writer.hpp"
#include "simulator/run_plan.hpp"
#include "simulator/simulation.hpp"

// A simulation with all it needs, from configuration to sink: what a program embeds.
//
// It is advanced by whoever owns it, from one thread; what it writes depends on the plan only, not
// on how often and how far it is advanced. The sink outlives it.
namespace bassline::simulator {

struct GeneratorOptions {
    StreamLayout layout = StreamLayout::by_topic;
    std::size_t threads = 1;
};

class Generator {
public:
    /// Draws the users: about a microsecond each.
    Generator(const Configuration& configuration, const Catalogue& catalogue, const RunPlan& plan,
              GeneratorOptions options, Sink& sink);

    /// From now on the observer, which outlives the generator, sees every step before it is
    /// written.
    void observe(StepConsumer& observer);

    /// Writes all events before `until_s` (epoch seconds), or stops in between when asked to: then
    /// `now_s` is where it stands, at any rate with whole seconds written.
    /// Errors: the sink's, or what `after_slice` gives; the generator is then of no more use.
    Result<void> advance(std::int64_t until_s, const std::stop_token& stop = {});
    /// The original's last event, at or beyond the end.
    Result<void> overshoot();

    /// All events before this are written (epoch seconds).
    std::int64_t now_s() const { return simulation_.now_s(); }
    std::uint64_t step_count() const { return simulation_.step_count(); }
    std::uint64_t user_count() const { return simulation_.users().size(); }
    std::uint64_t session_count() const { return simulation_.users().session_count(); }
    const TopicCounts& counts() const { return writer_.counts(); }
    const Model& model() const { return model_; }

    /// Called after every slice; an error ends the advance.
    std::function<Result<void>()> after_slice = [] { return Result<void>(); };

    /// Keeps the state, to go on from with the same ids. Errors: `io`.
    Result<void> save(const std::string& file, const CheckpointHeader& header) const;
    /// Goes on from what `save` kept; the plan must be the same. Errors: as read_checkpoint.
    Result<void> restore(const std::string& file);

private:
    Model model_;
    Workers workers_;
    Simulation simulation_;
    EventWriter writer_;
    std::unique_ptr<StepConsumer> observed_;
    StepConsumer* consumer_;
};

}  // namespace bassline::simulator
