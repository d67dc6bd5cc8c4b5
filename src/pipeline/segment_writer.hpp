// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.hpp"
#include "simulator/sink.hpp"

// Records to files that ingest follows: numbered segments of one folder, one written at a time.
//
// The simulation is deterministic, so a segment that a dead process left is written again from its
// first byte: what stands there is compared, not rewritten, and what is missing is appended. A
// reader of the segment sees it grow and nothing else. One thread.
namespace bassline::pipeline {

/// In the lake: where simulated events stand until they are ingested.
inline constexpr std::string_view kSegmentsFolder = "_simulator/segments";

class SegmentWriter final : public simulator::Sink {
public:
    /// Goes on with that segment, or begins it. The folder exists. Errors: `io`.
    static Result<std::unique_ptr<SegmentWriter>> open(std::string folder, std::uint64_t number);
    ~SegmentWriter() override;

    bool wants_marks() const override { return true; }
    Result<void> write(std::size_t stream, const simulator::Lines& lines) override;
    /// Errors: `io`; `conflict` if the segment holds other bytes than those written again.
    Result<void> flush() override;
    /// Flushes and syncs.
    Result<void> finish() override;

    /// Finishes the segment and begins the next.
    Result<void> rotate();

    std::uint64_t number() const { return number_; }
    /// Of the current segment: written, buffered included.
    std::uint64_t bytes() const { return position_ + buffer_.size(); }
    /// What stood in the segment and was not written again yet.
    std::uint64_t bytes_to_repeat() const { return existing_ > bytes() ? existing_ - bytes() : 0; }
    /// Milliseconds since the epoch; of all segments, 0 before the first event.
    std::int64_t newest_event_ms() const { return newest_event_ms_; }

private:
    SegmentWriter(std::string folder, std::uint64_t number);
    Result<void> open_file();
    Result<void> compare(std::string_view bytes) const;
    Error failed(std::string_view what) const;

    std::string folder_;
    std::uint64_t number_;
    std::string path_;
    int descriptor_ = -1;
    std::uint64_t existing_ = 0;  // bytes that stood there when it was opened
    std::uint64_t position_ = 0;  // bytes flushed
    std::string buffer_;
    std::int64_t newest_event_ms_ = 0;
};

/// "00000017.ndjson".
std::string segment_name(std::uint64_t number);

/// The number of a segment by its path, wherever its lake stands or stood; none if the path is not
/// `.../_simulator/segments/<segment_name>`.
std::optional<std::uint64_t> segment_number(std::string_view path);

}  // namespace bassline::pipeline
