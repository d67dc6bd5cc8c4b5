// SPDX-License-Identifier: Apache-2.0
#include "simulator/generator.hpp"

namespace bassline::simulator {
namespace {

// Hands steps to two consumers.
class Both : public StepConsumer {
public:
    Both(StepConsumer& first, StepConsumer& second) : first_(first), second_(second) {}

    void prepare(std::size_t worker, const StepRun& run) override {
        first_.prepare(worker, run);
        second_.prepare(worker, run);
    }
    Result<void> commit(std::size_t worker) override {
        TRY(first_.commit(worker));
        return second_.commit(worker);
    }

private:
    StepConsumer& first_;
    StepConsumer& second_;
};

}  // namespace

Generator::Generator(const Configuration& configuration, const Catalogue& catalogue,
                     const RunPlan& plan, GeneratorOptions options, Sink& sink)
    : model_(configuration, catalogue, plan.model),
      workers_(options.threads),
      simulation_(model_, plan.simulation, workers_),
      writer_(model_, plan.output, options.layout, sink, options.threads),
      consumer_(&writer_) {}

void Generator::observe(StepConsumer& observer) {
    observed_ = std::make_unique<Both>(observer, writer_);
    consumer_ = observed_.get();
}

Result<void> Generator::advance(std::int64_t until_s, const std::stop_token& stop) {
    while (now_s() < until_s && !stop.stop_requested()) {
        TRY(simulation_.advance_slice(until_s, *consumer_, stop));
        TRY(after_slice());
    }
    return {};
}

Result<void> Generator::overshoot() {
    return simulation_.overshoot(*consumer_);
}

Result<void> Generator::save(const std::string& file, const CheckpointHeader& header) const {
    return write_checkpoint(file, header, simulation_);
}

Result<void> Generator::restore(const std::string& file) {
    return read_checkpoint(file, simulation_);
}

}  // namespace bassline::simulator
