// SPDX-License-Identifier: Apache-2.0
#include "simulator/simulate.hpp"

#include <chrono>

#include "simulator/catalogue.hpp"
#include "simulator/destination.hpp"
#include "simulator/run_plan.hpp"
#include "simulator/simulation.hpp"

namespace bassline::simulator {
namespace {

constexpr std::int64_t kMillisecond = 1000;

Result<Catalogue> load_catalogue(const SimulateOptions& options) {
    TRY_ASSIGN(Catalogue catalogue, Catalogue::embedded());
    if (!options.listen_counts.empty()) TRY(catalogue.replace_songs(options.listen_counts));
    return catalogue;
}

// The last step of a run that ends: whole seconds, so that no event is at or beyond it.
std::int64_t end_second(const RunPlan& plan) {
    const std::int64_t slack = plan.model.compat ? kMillisecond - 1 : 0;
    const std::int64_t phase = plan.model.compat ? plan.simulation.from_ms % kMillisecond : 0;
    return (plan.simulation.to_ms - phase + slack) / kMillisecond;
}

Result<void> run_to_end(Simulation& simulation, const RunPlan& plan, StepConsumer& writer,
                        const std::stop_token& stop, SimulateProgress& progress) {
    progress.from_s = simulation.now_s();
    progress.to_s = end_second(plan);
    while (simulation.now_s() < progress.to_s && !stop.stop_requested()) {
        TRY(simulation.advance_slice(progress.to_s, writer));
        progress.steps = simulation.step_count();
        progress.now_s = simulation.now_s();
    }
    if (plan.model.compat && !stop.stop_requested()) TRY(simulation.overshoot(writer));
    return {};
}

}  // namespace

Result<SimulateSummary> simulate(const SimulateOptions& options, const Clock& clock,
                                 const std::stop_token& stop, SimulateProgress& progress,
                                 const std::function<void(const std::string&)>& warn) {
    const auto began = std::chrono::steady_clock::now();
    TRY_ASSIGN(const Configuration configuration,
               load_configuration(options.config, {.compat = options.compat}));
    for (const std::string& warning : configuration.warnings) warn(warning);
    TRY_ASSIGN(const RunPlan plan, plan_run(options, configuration, clock.now()));
    TRY_ASSIGN(const Catalogue catalogue, load_catalogue(options));
    TRY_ASSIGN(const Destination destination, open_destination({.out = options.out,
                                                                .compression = options.compression,
                                                                .format = options.format}));

    const Model model(configuration, catalogue, plan.model);
    Workers workers(options.threads);
    Simulation simulation(model, plan.simulation, workers);
    EventWriter writer(model, plan.output, destination.layout, *destination.sink, workers.count());
    TRY(run_to_end(simulation, plan, writer, stop, progress));
    TRY(destination.sink->finish());

    const std::chrono::duration<double> took = std::chrono::steady_clock::now() - began;
    return SimulateSummary{
        .steps = simulation.step_count(),
        .counts = writer.counts(),
        .users = simulation.users().size(),
        .sessions = simulation.users().session_count(),
        .from_ms = plan.simulation.from_ms,
        .to_ms = simulation.now_s() * kMillisecond,
        .interrupted = stop.stop_requested() && simulation.now_s() < progress.to_s,
        .seconds = took.count()};
}

}  // namespace bassline::simulator
