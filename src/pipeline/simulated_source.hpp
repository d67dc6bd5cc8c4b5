// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <stop_token>
#include <string>

#include "base/clock.hpp"
#include "base/result.hpp"
#include "lake/chain.hpp"
#include "pipeline/run_settings.hpp"
#include "pipeline/segment_writer.hpp"
#include "storage/file_system.hpp"
#include "storage/process_lock.hpp"

// The simulated service as a source of events: history first, then live, without a seam.
//
//   simulation -> segments `_simulator/segments/<n>.ndjson` -> (ingest follows them) -> removed
//
// A segment is closed after so many bytes or minutes; then the simulation's state is kept in
// `_simulator/checkpoint`, from which the next process writes the open segment again
// (segment_writer.hpp). A closed segment is removed once the chain has read it to its end. So disk
// holds what ingest has not read, and one segment more.
//
// `back_fill` and `live` belong to one thread; `ingested` and the figures are for any.
namespace bassline::pipeline {

/// How simulated time goes in `live`.
struct Pace {
    double speed = 1;            // simulated seconds a second; at 1 by the clock of the wall
    std::optional<double> rate;  // records a second instead
};

struct SourceLimits {
    std::uint64_t segment_bytes = 64u << 20;  // then it is closed; a restart writes one again
    std::chrono::minutes segment_age{60};     // the same
    std::uint64_t unread_bytes = 256u << 20;  // then the live simulator waits for ingest
};

class SimulatedSource {
public:
    /// Goes on where the lake's simulation stands. Errors: `config` for a bad configuration; `io`;
    /// `bad_data` for a damaged checkpoint; `conflict` if another process simulates into this lake,
    /// or the open segment holds other events.
    static Result<std::unique_ptr<SimulatedSource>> open(storage::FileSystem& files,
                                                         const RunSettings& settings,
                                                         std::size_t threads,
                                                         const SourceLimits& limits = {});
    ~SimulatedSource();

    /// Where ingest finds the events.
    std::string folder() const;

    /// Simulates up to the second, as fast as it goes.
    Result<void> back_fill(std::int64_t until_s, const std::stop_token& stop);

    /// Simulates at that pace until stopped; `on_append` is told the newest event (epoch
    /// milliseconds) whenever a reader can see more. Waits while `ingested` is too far behind, so
    /// that the disk does not fill; the pace is then what ingest takes.
    Result<void> live(const Pace& pace, const Clock& clock, const std::stop_token& stop,
                      const std::function<void(std::int64_t newest_event_ms)>& on_append);

    /// A batch was committed: removes the segments that were read to their end.
    void ingested(const lake::Entry& entry);

    std::int64_t now_s() const { return now_s_; }             // simulated
    std::uint64_t records() const { return records_; }        // since start
    std::uint64_t bytes() const { return bytes_; }            // appended since start
    std::uint64_t bytes_read() const { return bytes_read_; }  // of these, committed by ingest
    std::uint64_t segments() const;                           // that stand

private:
    using Positions = std::map<std::uint64_t, std::uint64_t>;  // bytes read, by segment
    struct Machine;  // configuration, catalogue, model, simulation, writer

    SimulatedSource(storage::FileSystem& files, const RunSettings& settings,
                    const SourceLimits& limits);

    Result<void> start(std::size_t threads);
    Result<void> repeat_open_segment(std::uint64_t bytes_read);
    Result<void> remove_spent_segments(const Positions& positions);
    Result<void> append();
    Result<void> rotate();
    Result<void> advance_to(std::int64_t due_s, const std::stop_token& stop);
    bool is_too_far_ahead() const;
    void remove_read_segments();

    storage::FileSystem& files_;
    const RunSettings settings_;
    const SourceLimits limits_;
    std::unique_ptr<storage::ProcessLock> lock_;
    std::unique_ptr<SegmentWriter> segment_;
    std::unique_ptr<Machine> machine_;
    std::chrono::steady_clock::time_point segment_began_;

    std::atomic<std::int64_t> now_s_ = 0;
    std::atomic<std::uint64_t> records_ = 0;
    std::atomic<std::uint64_t> bytes_ = 0;
    std::atomic<std::uint64_t> bytes_read_ = 0;
    std::uint64_t bytes_closed_ = 0;
    mutable std::mutex mutex_;
    std::map<std::string, std::uint64_t> closed_;  // size by path; guarded by mutex_
    std::map<std::string, std::uint64_t> read_;    // end of what the chain has, by path; the same
};

}  // namespace bassline::pipeline
