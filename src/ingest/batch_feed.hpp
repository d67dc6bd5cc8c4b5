// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "ingest/line_reader.hpp"
#include "ingest/source_survey.hpp"

// Hands the input to the workers of a batch, piece by piece, and decides when the batch is cut.
//
//   survey --> BatchFeed --take()--> worker 0..n      (one mutex, held for a look and a short read)
//                  ^------park()------'               (compressed inputs and streams go on next
//                  batch)
//
// A piece of a plain file ends at a newline. Pieces are handed out in order and every piece that
// was handed out is finished, so the ranges of a batch tile each source without a hole. They are
// large, so that most hours of a log are one worker's, and get smaller as the batch's bytes run
// out, so that the workers are done at the same time. A compressed input or stream is one piece,
// read by one worker at a time; it stops at a block's end when the batch is cut and keeps its
// reader for the next batch.
namespace bassline::ingest {

struct BatchLimits {
    std::uint64_t input_bytes = 1u << 30;
    std::chrono::steady_clock::time_point deadline = std::chrono::steady_clock::time_point::max();
};

/// An input that opened but could not be read to its end as the survey saw it.
struct FailedInput {
    std::string path;
    Error why;  // `conflict`: it changed, and may be read when it is looked at again
};

struct Piece {
    std::size_t source = 0;  // index into the survey's sources
    std::uint64_t start = 0;
    std::uint64_t end = kUnknownEnd;
    bool last = true;                    // of its source
    std::shared_ptr<InputFile> file;     // of a plain piece, or of a stream that begins
    std::unique_ptr<LineReader> reader;  // of a stream that goes on
};

class BatchFeed {
public:
    BatchFeed(const std::vector<SourceToRead>& sources, std::size_t threads, std::stop_token stop);

    void start_batch(const BatchLimits& limits);
    /// The next piece, or nothing if the batch is cut or the input at its end; at least one a
    /// batch, so that the smallest limits get on. An input that can no longer be opened is passed
    /// over (take_refused). Errors, which failed() tells: `conflict` if a file is another one than
    /// the survey saw; `io`.
    Result<std::optional<Piece>> take();
    /// A worker failed: the others get nothing more.
    void abort();
    /// True if the batch is to end: a limit is reached or a stop requested.
    bool is_cut() const;
    const std::stop_token& stop_token() const { return stop_; }
    /// A source of the batch could not be read: nothing of the batch is kept.
    void fail(std::size_t source, const Error& why);
    /// The first source that failed, if one did.
    std::optional<FailedInput> failed() const;
    /// A refusal for each input passed over since the last call.
    std::vector<Notice> take_refused();
    /// Counts bytes of a stream against the batch's limit.
    void count(std::uint64_t bytes);
    /// Takes back a stream that the cut interrupted.
    void park(Piece piece);
    /// Everything was handed out and nothing is parked.
    bool exhausted() const;

private:
    Result<std::optional<Piece>> take_next();
    Result<std::optional<Piece>> take_plain(const SourceToRead& source);
    void pass_over(const SourceToRead& source, const Error& why);
    void keep_first_failure(const SourceToRead& source, const Error& why);
    std::uint64_t piece_bytes() const;

    const std::vector<SourceToRead>& sources_;
    const std::size_t threads_;
    const std::stop_token stop_;
    mutable std::mutex mutex_;  // guards what follows
    BatchLimits limits_;
    std::uint64_t taken_bytes_ = 0;
    std::uint64_t plain_bytes_ = 0;  // of plain sources, not handed out
    bool handed_out_ = false;        // something in this batch
    bool aborted_ = false;
    std::size_t next_ = 0;  // source to hand out
    std::uint64_t cursor_ = 0;
    std::shared_ptr<InputFile> file_;  // of a plain source partly handed out
    std::deque<Piece> parked_;
    std::vector<Notice> refused_;
    std::optional<FailedInput> failed_;
};

/// Where the piece of a plain file that begins at `start` ends: after the first newline from the
/// piece's length on, or at `end`. Errors: `io`.
Result<std::uint64_t> piece_end(const InputFile& file, std::uint64_t start, std::uint64_t end,
                                std::uint64_t piece_bytes);

}  // namespace bassline::ingest
