// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "base/hash.hpp"
#include "base/result.hpp"
#include "ingest/batch_writer.hpp"
#include "ingest/byte_stream.hpp"
#include "ingest/fingerprint.hpp"

// Cuts a byte stream into blocks of whole lines, in bounded memory whatever the lines are.
//
// A line over kLineBytesMax never lies in a block: it is handed out alone, with its prefix, once
// its end has passed. What follows the last newline is not a line yet; the caller decides.
// One reader belongs to one thread at a time.
namespace bassline::ingest {

class LineReader {
public:
    enum class Next {
        block,     // block() holds whole lines, valid until the next call
        oversize,  // refused() holds a line that is too long
        idle,      // nothing came for a moment
        ended,     // the stream is at its end, tail() holds what has no newline
        damaged,   // the rest cannot be read, damage() says why; tail() as above
    };

    /// Lines from the stream's next byte on, which has this offset in the source. At most
    /// `bytes_max` come; a small file then needs a small buffer.
    LineReader(std::unique_ptr<ByteStream> stream, std::uint32_t source, std::uint64_t offset,
               std::uint64_t bytes_max = UINT64_MAX);

    /// Reads past bytes that were consumed before. Returns false if the stream ends before
    /// `offset`.
    Result<bool> skip_to(std::uint64_t offset);

    /// Errors: `io`.
    Result<Next> next();
    LineBlock block() const;
    RefusedLine refused() const;
    const Error& damage() const { return damage_; }

    /// Bytes after the last newline, at the end; for a line over kLineBytesMax its prefix.
    std::string_view tail() const;
    /// Their number.
    std::uint64_t tail_bytes() const;
    /// Makes the tail a block of its own, without newline.
    LineBlock take_tail();
    /// Makes the tail a refused line: cut short, or over kLineBytesMax.
    RefusedLine refuse_tail(std::string_view detail);

    /// True between the first bytes of a line over kLineBytesMax and its end.
    bool inside_long_line() const { return long_bytes_ > 0 && !long_ended_; }

    /// Position after the last line handed out; what follows speaks of the bytes before it.
    std::uint64_t consumed() const { return consumed_; }
    /// Lines handed out since start_range, and the hash of their bytes.
    std::uint64_t lines() const { return lines_; }
    std::string hash() const { return hashes_.range.hex(); }
    /// Starts counting lines and hash anew at consumed().
    void start_range();
    /// Only true to the source if the reader has seen it from its first byte on.
    lake::Fingerprint fingerprint() const { return hashes_.source.value(); }
    std::uint64_t input_bytes() const { return stream_->input_bytes(); }
    Encoding encoding() const { return stream_->encoding(); }
    /// What the stream holds to decompress.
    std::size_t stream_memory_bytes() const { return stream_->memory_bytes(); }

private:
    struct Hashes {
        Xxh64 range;
        FingerprintBuilder source;

        void update(std::string_view bytes) {
            range.update(bytes);
            source.update(bytes);
        }
    };

    Result<ByteStream::Read> fill();
    Next hand_out(std::size_t bytes);
    void begin_long_line();
    bool continue_long_line();
    void end_long_line(std::uint64_t newline_bytes);

    std::unique_ptr<ByteStream> stream_;
    std::uint32_t source_;
    std::size_t capacity_;
    std::unique_ptr<char[]> buffer_;  // capacity_ and kLinePadding
    std::size_t begin_ = 0;           // of the bytes not handed out yet
    std::size_t filled_ = 0;
    std::size_t scanned_ = 0;  // no newline in [begin_, scanned_)
    std::string_view block_;
    std::uint64_t block_offset_ = 0;
    std::string long_prefix_;
    std::uint64_t long_bytes_ = 0;  // of the long line so far; 0: not inside one
    bool long_ended_ = false;
    std::string long_detail_;
    Error damage_{};
    std::uint64_t consumed_;
    std::uint64_t lines_ = 0;
    Hashes hashes_;
    Hashes hashes_with_long_;  // with what has passed by of the long line
};

}  // namespace bassline::ingest
