// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <string_view>

#include "base/result.hpp"
#include "ingest/input_file.hpp"

// The decompressed bytes of an input, front to back: plain, gzip (any number of members) or zstd
// (any number of frames), told apart by their first bytes. Owned and used by one thread.
namespace bassline::ingest {

enum class Encoding { plain, gzip, zstd };

std::string_view to_string(Encoding encoding);

/// By the magic number of the first bytes.
Encoding detect_encoding(std::string_view first_bytes);

class ByteStream {
public:
    struct Read {
        std::size_t bytes = 0;
        bool ended = false;  // false and no bytes: standard input is idle
    };

    virtual ~ByteStream() = default;
    virtual Encoding encoding() const = 0;
    /// The next decompressed bytes.
    /// Errors: `bad_data` if the rest is damaged, cut short or needs too much memory (all bytes
    /// before it were delivered); `io`.
    virtual Result<Read> read(char* to, std::size_t bytes) = 0;
    /// Bytes of the input taken so far, as they lie in the file.
    virtual std::uint64_t input_bytes() const = 0;
    /// Memory that decompression holds, in bytes: most of it the window of a zstd frame.
    virtual std::size_t memory_bytes() const { return 0; }
    /// Whether the error that read() gave is that the rest needs too much memory.
    virtual bool lacks_memory() const { return false; }
};

/// The largest window of a zstd frame that is read (`zstd --long`, `zstd --ultra -22`), in bytes.
inline constexpr std::uint64_t kZstdWindowMax = 128u << 20;

/// Opens an input at its front. For standard input this waits for the first bytes, or for `stop`.
/// A zstd frame whose window is larger than `window_max` bytes is an error when it is read.
/// Errors: `io`.
Result<std::unique_ptr<ByteStream>> open_byte_stream(std::shared_ptr<InputFile> file,
                                                     const std::stop_token& stop = {},
                                                     std::uint64_t window_max = kZstdWindowMax);

/// A piece [start, end) of a plain file.
std::unique_ptr<ByteStream> open_plain_piece(std::shared_ptr<InputFile> file, std::uint64_t start,
                                             std::uint64_t end);

}  // namespace bassline::ingest
