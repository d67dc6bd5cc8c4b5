// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "simulator/compressor.hpp"
#include "simulator/sink.hpp"

// Records to files.
//
// A run that ends writes under hidden names and gives all files their own names at the end, once
// they are on disk: whoever finds a file finds it whole; one that cannot be named stays, and the
// error says where. A live run is read while it writes, so its files have their names at once. An
// existing file is never touched, except by the run that goes on with it.
namespace bassline::simulator {

struct FileOutput {
    std::string folder;
    std::vector<std::string> names;  // by stream, without the compression's suffix
    Compression compression = Compression::none;
    bool is_live = false;
    /// Bytes of each file that belong to the run that goes on; what is behind them is cut off.
    /// Empty for a new run.
    std::vector<std::uint64_t> resume_at;
};

class FileSink : public Sink {
public:
    /// Opens all files. Errors: `conflict` if one exists or is being written by another run; `io`.
    static Result<std::unique_ptr<FileSink>> open(const FileOutput& output);

    ~FileSink() override;
    Result<void> write(std::size_t stream, const Lines& lines) override;
    Result<void> flush() override;
    Result<void> finish() override;
    /// Flushes, and returns once what was written so far, and the files' names, are on disk: a
    /// power cut then takes none of it. Errors: `io`.
    Result<void> sync();

    /// Bytes of each file once flushed.
    std::vector<std::uint64_t> sizes() const;

private:
    struct File;
    FileSink();

    std::string folder_;
    std::vector<std::unique_ptr<File>> files_;
    bool folder_is_synced_ = false;  // since the files were made
};

/// Records to standard output, all in one stream.
std::unique_ptr<Sink> make_stdout_sink();

}  // namespace bassline::simulator
