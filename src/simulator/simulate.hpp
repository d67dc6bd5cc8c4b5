// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <optional>
#include <stop_token>
#include <string>

#include "base/clock.hpp"
#include "base/result.hpp"
#include "simulator/compressor.hpp"
#include "simulator/event_writer.hpp"
#include "simulator/faults.hpp"
#include "simulator/kafka_sink.hpp"

// The stage behind `bassline simulate`: a configuration becomes events at a destination.
namespace bassline::simulator {

struct SimulateOptions {
    std::string config = "stock";      // a packaged one or a file
    std::string out;                   // a folder, a file ending in .ndjson or .json, or -
    std::optional<KafkaOutput> kafka;  // the four topics of a broker, in place of `out`
    Compression compression = Compression::none;  // of files in a folder
    std::string listen_counts;  // EventSim's own file of songs; empty: the catalogue's

    // What is not given comes from the configuration, then has a default.
    std::optional<std::uint64_t> users;
    std::optional<std::uint64_t> first_user_id;
    std::optional<std::uint64_t> seed;
    std::optional<double> growth_rate;  // a year
    std::optional<std::string> tag;
    std::optional<std::int64_t> from_ms;
    std::optional<std::int64_t> to_ms;
    double attrition_rate = 0;  // a year

    OutputFormat format = OutputFormat::topics;
    bool extended = false;
    bool compat = false;
    std::size_t threads = 1;

    bool is_live = false;        // goes on against the clock, after what lies in the past
    double speed = 1;            // of the simulated clock, live
    std::optional<double> rate;  // records a second to aim at, live, instead of a speed
    FaultRates faults;           // what to do wrong on purpose
    std::string answer_key;      // a file for what a pipeline must find; empty: none
    std::string checkpoint;      // a file to keep the state in, and to go on from if it is there
};

/// Read by whoever shows progress, while the simulation runs.
struct SimulateProgress {
    std::atomic<std::uint64_t> steps = 0;
    std::atomic<std::int64_t> from_s = 0;  // epoch seconds; 0: users are being made
    std::atomic<std::int64_t> now_s = 0;
    std::atomic<std::int64_t> to_s = 0;  // 0: no end
};

struct SimulateSummary {
    std::uint64_t steps = 0;
    TopicCounts counts;
    std::uint64_t users = 0;     // at the end, newcomers included
    std::uint64_t sessions = 0;  // seen
    std::int64_t from_ms = 0;
    std::int64_t to_ms = 0;  // where it stopped
    bool interrupted = false;
    std::optional<kafka::DeliveryLedger> deliveries;  // to Kafka
    std::optional<Error> failure;  // what ended a run to Kafka early; the deliveries say the rest
    bool resumed = false;
    double seconds = 0;
};

/// Runs to the end or until asked to stop; then everything simulated so far is written.
///
/// A live run without an end goes on until it is stopped. With a checkpoint file, a run that is
/// stopped is gone on with by the next one with the same settings: same events, same ids, the
/// output files continued.
///
/// A run to Kafka that a broker did not take to its end is a summary with its failure, once all
/// that was under way is settled.
///
/// Errors: `usage`, `config` before anything is made; `conflict`, `io` from the destination, which
/// then holds nothing of this run.
Result<SimulateSummary> simulate(SimulateOptions options, const Clock& clock,
                                 const std::stop_token& stop, SimulateProgress& progress,
                                 const std::function<void(const std::string&)>& warn);

}  // namespace bassline::simulator
