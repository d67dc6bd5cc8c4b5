// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "base/result.hpp"
#include "ingest/row_buffer.hpp"

// Where rows wait while memory is short and their hour is too small for a row group of its own.
//
// A segment holds the rows of one buffer with the texts that they use, so that the interners may be
// emptied meanwhile. The file has no name: it vanishes with the process, and is no part of the
// lake. One thread.
namespace bassline::ingest {

struct Segment {
    std::uint64_t offset = 0;
    std::uint64_t bytes = 0;
    std::uint64_t rows = 0;
};

class SpillFile {
public:
    /// The file is made in `directory` (absolute) when it is first needed.
    explicit SpillFile(std::string directory);
    ~SpillFile();
    SpillFile(const SpillFile&) = delete;
    SpillFile& operator=(const SpillFile&) = delete;

    /// Writes the buffer's rows behind all others. Errors: `io`.
    Result<Segment> write(RowBuffer& buffer, const Interners& interners);

    /// Appends the segment's rows to a buffer of the same topic. Errors: `io`.
    Result<void> read(const Segment& segment, RowBuffer& buffer, Interners& interners);

private:
    Result<void> open();

    std::string directory_;
    int descriptor_ = -1;
    std::uint64_t end_ = 0;
};

}  // namespace bassline::ingest
