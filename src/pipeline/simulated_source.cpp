// SPDX-License-Identifier: Apache-2.0
#include "pipeline/simulated_source.hpp"

#include <algorithm>
#include <utility>

#include "base/log.hpp"
#include "lake/file_sources.hpp"
#include "simulator/catalogue.hpp"
#include "simulator/checkpoint.hpp"
#include "simulator/event_writer.hpp"
#include "simulator/pace.hpp"
#include "simulator/simulation.hpp"

namespace bassline::pipeline {
namespace {

using std::chrono::steady_clock;

constexpr std::string_view kLock = "_simulator/lock";
constexpr std::string_view kCheckpoint = "_simulator/checkpoint";
constexpr std::chrono::milliseconds kTick{100};
constexpr std::int64_t kRepeatStrideS = 60;
constexpr std::int64_t kMillisecond = 1000;

// How far the chain has read each segment, by number: the lake may have stood elsewhere then.
Result<std::map<std::uint64_t, std::uint64_t>> read_positions(const storage::FileSystem& files) {
    TRY_ASSIGN(const auto chain, lake::load_files_chain(files));
    std::map<std::uint64_t, std::uint64_t> positions;
    for (const auto& [path, known] : chain.sources.paths) {
        const auto number = segment_number(path);
        if (!number) continue;
        std::uint64_t& end = positions[*number];
        end = std::max(end, known.end);
    }
    return positions;
}

}  // namespace

struct SimulatedSource::Machine {
    Machine(const simulator::Configuration& with, simulator::Catalogue&& songs_and_people,
            const RunSettings& settings, simulator::Sink& sink, std::size_t threads)
        : catalogue(std::move(songs_and_people)),
          model(with, catalogue,
                {.seed = settings.seed, .growth_rate = with.growth_rate.value_or(0)}),
          workers(threads),
          simulation(model, {.users = settings.users, .from_ms = settings.from_s * kMillisecond},
                     workers),
          writer(model, {}, simulator::StreamLayout::together, sink, workers.count()) {}

    const simulator::Catalogue catalogue;
    const simulator::Model model;
    simulator::Workers workers;
    simulator::Simulation simulation;
    simulator::EventWriter writer;
};

SimulatedSource::SimulatedSource(storage::FileSystem& files, const RunSettings& settings,
                                 const SourceLimits& limits)
    : files_(files), settings_(settings), limits_(limits), segment_began_(steady_clock::now()) {}
SimulatedSource::~SimulatedSource() = default;

Result<std::unique_ptr<SimulatedSource>> SimulatedSource::open(storage::FileSystem& files,
                                                               const RunSettings& settings,
                                                               std::size_t threads,
                                                               const SourceLimits& limits) {
    std::unique_ptr<SimulatedSource> source(new SimulatedSource(files, settings, limits));
    TRY(source->start(threads));
    return source;
}

std::string SimulatedSource::folder() const {
    return files_.absolute(kSegmentsFolder);
}

Result<void> SimulatedSource::start(std::size_t threads) {
    TRY(files_.make_directories(kSegmentsFolder));
    TRY_ASSIGN(lock_, storage::ProcessLock::acquire(files_, kLock, "simulating into"));
    TRY_ASSIGN(const auto configuration,
               settings_.configuration.empty()
                   ? simulator::load_configuration(settings_.config)
                   : simulator::parse_configuration(settings_.configuration, settings_.config));
    TRY_ASSIGN(simulator::Catalogue catalogue, simulator::Catalogue::embedded());
    const std::string checkpoint = files_.absolute(kCheckpoint);
    TRY_ASSIGN(const auto kept, simulator::read_checkpoint_header(checkpoint));
    const std::uint64_t number = kept ? kept->settings.value("segment", std::uint64_t{1}) : 1;
    TRY_ASSIGN(segment_, SegmentWriter::open(folder(), number));
    machine_ = std::make_unique<Machine>(configuration, std::move(catalogue), settings_, *segment_,
                                         threads);
    if (kept) TRY(simulator::read_checkpoint(checkpoint, machine_->simulation));
    TRY_ASSIGN(const auto positions, read_positions(files_));
    TRY(remove_spent_segments(positions));
    const auto read = positions.find(number);
    return repeat_open_segment(read == positions.end() ? 0 : read->second);
}

// What a process that ended had appended is written again, and thereby compared. After a power cut
// the chain may have read more than stands: that is written before ingest looks at the segment.
Result<void> SimulatedSource::repeat_open_segment(std::uint64_t bytes_read) {
    while (segment_->bytes_to_repeat() > 0 || segment_->bytes() < bytes_read) {
        simulator::Simulation& simulation = machine_->simulation;
        TRY(simulation.advance(simulation.now_s() + kRepeatStrideS, machine_->writer));
    }
    return append();
}

Result<void> SimulatedSource::remove_spent_segments(const Positions& positions) {
    TRY_ASSIGN(const auto standing, files_.list(kSegmentsFolder));
    for (const storage::FileInfo& file : standing) {
        const auto number = segment_number(file.path);
        if (!number || *number > segment_->number()) continue;
        const auto known = positions.find(*number);
        const std::uint64_t read = known == positions.end() ? 0 : known->second;
        if (*number == segment_->number()) {
            bytes_read_ += read;
        } else if (read == file.bytes) {
            TRY(files_.remove(file.path));
        } else {
            const std::lock_guard lock(mutex_);
            closed_[files_.absolute(file.path)] = file.bytes;
            bytes_closed_ += file.bytes;
            bytes_read_ += read;
        }
    }
    return {};
}

Result<void> SimulatedSource::append() {
    TRY(segment_->flush());
    now_s_ = machine_->simulation.now_s();
    const auto& records = machine_->writer.counts().records;
    std::uint64_t sum = 0;
    for (const std::uint64_t count : records) sum += count;
    records_ = sum;
    bytes_ = bytes_closed_ + segment_->bytes();
    const bool is_due =
        segment_->bytes() >= limits_.segment_bytes ||
        (segment_->bytes() > 0 && steady_clock::now() - segment_began_ >= limits_.segment_age);
    return is_due ? rotate() : Result<void>();
}

Result<void> SimulatedSource::rotate() {
    bytes_closed_ += segment_->bytes();
    TRY(segment_->finish());
    TRY(files_.sync_directory(kSegmentsFolder));  // past the checkpoint nobody writes it again
    TRY(simulator::write_checkpoint(files_.absolute(kCheckpoint),
                                    {.settings = {{"segment", segment_->number() + 1}}},
                                    machine_->simulation));
    {  // not before: until the checkpoint stands, a restart writes this segment again
        const std::lock_guard lock(mutex_);
        closed_[folder() + "/" + segment_name(segment_->number())] = segment_->bytes();
        remove_read_segments();
    }
    TRY(segment_->rotate());
    segment_began_ = steady_clock::now();
    return {};
}

Result<void> SimulatedSource::back_fill(std::int64_t until_s, const std::stop_token& stop) {
    simulator::Simulation& simulation = machine_->simulation;
    while (simulation.now_s() < until_s && !stop.stop_requested()) {
        TRY(simulation.advance_slice(until_s, machine_->writer));
        TRY(append());
    }
    return {};
}

Result<void> SimulatedSource::advance_to(std::int64_t due_s, const std::stop_token& stop) {
    simulator::Simulation& simulation = machine_->simulation;
    while (simulation.now_s() < due_s && !stop.stop_requested() && !is_too_far_ahead()) {
        TRY(simulation.advance_slice(due_s, machine_->writer));
        TRY(append());
    }
    return append();
}

Result<void> SimulatedSource::live(const Pace& pace, const Clock& clock,
                                   const std::stop_token& stop,
                                   const std::function<void(std::int64_t)>& on_append) {
    const simulator::Simulation& simulation = machine_->simulation;
    const SteadyTime began = clock.steady_now();
    const simulator::ClockPace by_clock(clock.now(), simulation.now_s());
    simulator::SpeedPace by_speed(began, simulation.now_s(), pace.speed);
    simulator::RatePace by_rate(began, pace.rate.value_or(0), simulation.now_s(), records_);
    const auto due_s = [&] {
        const SteadyTime now = clock.steady_now();
        if (pace.rate) return by_rate.due_s(now, simulation.now_s(), records_);
        return pace.speed == 1 ? by_clock.due_s(clock.now()) : by_speed.due_s(now);
    };
    bool has_waited = false;
    while (!stop.stop_requested()) {
        if (is_too_far_ahead()) {
            if (!std::exchange(has_waited, true)) {
                log_warn("more events than ingest takes: the simulated clock waits for it");
            }
            sleep_unless_stopped(stop, kTick);
            continue;
        }
        const std::uint64_t before = records_;
        TRY(advance_to(due_s(), stop));
        if (records_ > before) on_append(segment_->newest_event_ms());
        sleep_unless_stopped(stop, kTick);
    }
    return {};
}

bool SimulatedSource::is_too_far_ahead() const {
    return bytes_ > bytes_read_ + limits_.unread_bytes;
}

void SimulatedSource::ingested(const lake::Entry& entry) {
    const std::lock_guard lock(mutex_);
    for (const lake::FileRange& range : entry.ranges) {
        if (range.start == range.end) continue;  // says only that the file has gone
        std::uint64_t& read = read_[range.path];
        bytes_read_ += range.end - range.start;
        read = std::max(read, range.end);
    }
    remove_read_segments();
}

void SimulatedSource::remove_read_segments() {
    std::erase_if(closed_, [this](const auto& closed) {
        const auto read = read_.find(closed.first);
        if (read == read_.end() || read->second < closed.second) return false;
        const std::string name = segment_name(segment_number(closed.first).value_or(0));
        const auto removed = files_.remove(fmt::format("{}/{}", kSegmentsFolder, name));
        if (!removed) log_warn("a segment that was read stays: {}", removed.error().message);
        read_.erase(read);
        return true;
    });
}

std::uint64_t SimulatedSource::segments() const {
    const std::lock_guard lock(mutex_);
    return closed_.size() + 1;
}

}  // namespace bassline::pipeline
