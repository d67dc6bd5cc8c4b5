// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <stop_token>
#include <string>

#include "base/result.hpp"

// Where events come from: files of the user and standard input, opened for reading only. They are
// no files of the lake, so they do not pass the storage room.
namespace bassline::ingest {

/// Which file a name stands for now; a renamed file keeps it.
struct FileIdentity {
    std::uint64_t device = 0;
    std::uint64_t inode = 0;
    friend bool operator==(const FileIdentity&, const FileIdentity&) = default;
};

struct FileStatus {
    FileIdentity identity;
    std::uint64_t bytes = 0;
    std::int64_t modified_ns = 0;  // since the epoch
};

/// An open input. `read_at` may be called from several threads.
class InputFile {
public:
    /// Errors: `not_found`; `usage` for what is no regular file; `io` if it cannot be read.
    static Result<std::shared_ptr<InputFile>> open(const std::string& path);
    /// Standard input, or any pipe of that descriptor in tests; it is not closed.
    static std::shared_ptr<InputFile> standard_input(int fd = 0);
    ~InputFile();
    InputFile(const InputFile&) = delete;
    InputFile& operator=(const InputFile&) = delete;

    /// The path it was opened at; "-" for standard input.
    const std::string& path() const { return path_; }
    bool is_stream() const { return path_ == "-"; }
    FileIdentity identity() const { return identity_; }
    /// Bytes it holds now. Errors: `io`.
    Result<std::uint64_t> size() const;
    /// Errors: `io`.
    Result<FileStatus> status() const;

    /// Fills `to` from an offset; less than asked only at the end of the file. Errors: `io`.
    Result<std::size_t> read_at(std::uint64_t offset, char* to, std::size_t bytes) const;

    struct StreamRead {
        std::size_t bytes = 0;
        bool ended = false;  // false and no bytes: nothing came for a tenth of a second
    };
    /// The next bytes of standard input. Errors: `io`.
    Result<StreamRead> read_stream(char* to, std::size_t bytes) const;

private:
    InputFile(std::string path, int fd) : path_(std::move(path)), fd_(fd) {}

    std::string path_;
    int fd_;
    FileIdentity identity_;
};

/// What stands under a path now. Errors: `not_found`, `io`.
Result<FileIdentity> identity_at(const std::string& path);

}  // namespace bassline::ingest
