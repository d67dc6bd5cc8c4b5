// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.hpp"
#include "base/result.hpp"

// The one door to the files of a lake, local today and WebHDFS later.
//
// Paths are relative to the root the FileSystem was made for, with `/` between parts. The rules
// that the lake's protocols rest on (docs/formats/lake.md):
//   - a name is created by `create` (never over an existing one) and its bytes are durable once
//   `close_durably`
//     returned; a file whose write, sync or close failed is abandoned: its name is never used
//     again;
//   - `rename_no_replace` is the only commit: it refuses an existing target with `conflict`;
//   - a new or renamed name survives a power cut once its directory was synced.
// Safe to use from several threads. Every call passes a failpoint named after it
// (`storage.rename_no_replace`, ...).
namespace bassline::storage {

struct FileInfo {
    std::string path;  // relative to the root
    std::uint64_t bytes = 0;
    bool is_directory = false;
    Timestamp modified_at;  // by the file system's own clock
};

/// What was written: checked again by `verify`.
struct FileDigest {
    std::uint64_t bytes = 0;
    std::string xxh64;  // of the whole content, 16 lower-case hex digits
};

/// A file being written front to back by one thread. Dropped without `close_durably`, it is
/// removed.
class WritableFile {
public:
    virtual ~WritableFile() = default;
    /// Appends all bytes or fails (`io`; the file is then abandoned).
    virtual Result<void> append(std::string_view bytes) = 0;
    /// Bytes appended so far.
    virtual std::uint64_t size() const = 0;
    /// The content is complete: the disk may begin with it. So many files cost little more to close
    /// durably than one, if all are told so before the first is closed.
    virtual void start_writing_back() {}
    /// Syncs content and closes. The name itself is durable only after `sync_directory` of its
    /// parent.
    virtual Result<FileDigest> close_durably() = 0;
};

/// What becomes of the names of new directories.
enum class NewNames { durable, synced_by_caller };

class FileSystem {
public:
    virtual ~FileSystem() = default;

    /// Where the root is, for people: an absolute path or a URI.
    virtual const std::string& root() const = 0;
    /// A path that an engine in this process (DuckDB) may open for reading; local lakes only for
    /// now.
    virtual std::string absolute(std::string_view path) const = 0;

    /// Creates the directory and its parents; each new directory's name is made durable, unless
    /// the caller syncs all parents itself, once for many. Existing is fine.
    virtual Result<void> make_directories(std::string_view path,
                                          NewNames names = NewNames::durable) = 0;
    /// Entries of one directory, sorted by name. Errors: `not_found`.
    virtual Result<std::vector<FileInfo>> list(std::string_view path) const = 0;
    /// Errors: `not_found`.
    virtual Result<FileInfo> stat(std::string_view path) const = 0;
    /// A whole small file (control files). Errors: `not_found`, `io`.
    virtual Result<std::string> read(std::string_view path) const = 0;
    /// Errors: `conflict` if the name exists; `io`.
    virtual Result<std::unique_ptr<WritableFile>> create(std::string_view path) = 0;
    /// Renames a file onto a name that must not exist; atomic. Errors: `conflict`, `not_found`,
    /// `io`.
    virtual Result<void> rename_no_replace(std::string_view from, std::string_view to) = 0;
    /// Renames a file over another name, replacing it whole; atomic. Only for projections and
    /// hints, never a commit.
    virtual Result<void> rename_over(std::string_view from, std::string_view to) = 0;
    /// A second name for the same immutable content. Errors: `conflict`, `not_found`, `io`.
    virtual Result<void> link(std::string_view from, std::string_view to) = 0;
    /// Makes the names inside the directory durable.
    virtual Result<void> sync_directory(std::string_view path) = 0;
    /// Removes a file or an empty directory; missing is fine.
    virtual Result<void> remove(std::string_view path) = 0;
    /// Removes a directory and all below it; missing is fine.
    virtual Result<void> remove_all(std::string_view path) = 0;

    /// True if something stands at the path.
    Result<bool> exists(std::string_view path) const;
    /// create + append + close_durably + sync_directory of the parent.
    Result<FileDigest> write_durably(std::string_view path, std::string_view bytes);
};

/// Syncs the directories of these files and all directories above them, each once.
Result<void> sync_directories_of(FileSystem& files, const std::vector<std::string>& paths);

/// The parent of a relative path; "" for a name in the root.
std::string_view parent_path(std::string_view path);

}  // namespace bassline::storage
