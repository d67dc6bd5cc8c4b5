// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstdint>
#include <functional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "lake/snapshot.hpp"
#include "models/bronze.hpp"
#include "storage/file_system.hpp"

// The SELECTs that stand for the lake's relations: Parquet files by explicit list, never by glob.
// Pure, but for the budget of kept rows.
namespace bassline::models {

/// Columns of the files as they are (`date=`, `hour=` and `event_date=` of the path add none).
/// `files` are absolute and not empty.
std::string select_files(const std::vector<std::string>& files);

/// Some of a bronze relation's files, by absolute path, and which of their rows count.
struct BronzePart {
    std::vector<std::string> paths;
    std::string condition;  // SQL; empty: all rows
};

/// A bronze relation's files that `is_wanted`, up to Bronze's positions; of them the rows that meet
/// the condition, empty for all. Parts without files are left out.
std::vector<BronzePart> bronze_parts(const storage::FileSystem& files, const Bronze& bronze,
                                     const std::string& relation,
                                     const std::function<bool(const BronzeFile&)>& is_wanted,
                                     const std::string& condition = "");

/// A topic's bronze, or `quarantine`; without parts a typed relation without rows.
std::string select_bronze(std::string_view topic, const std::vector<BronzePart>& parts);

/// Condition on bronze rows: those of entries before the positions.
std::string before(const Positions& positions);

/// The four topics' names and `quarantine`.
std::vector<std::string> bronze_relations();

/// Of Parquet files that a build reads.
struct FilesSize {
    std::uint64_t files = 0;
    std::uint64_t bytes = 0;

    void add(std::uint64_t file_bytes) {
        ++files;
        bytes += file_bytes;
    }

    /// Of bronze about two million records: a thread for each relation is quicker than several for
    /// one after the other.
    bool is_small() const { return bytes < std::uint64_t{128} << 20; }
    /// Little in many files: a dozen readers that each open all of them cost more than keeping
    /// their rows.
    bool is_in_small_files() const {
        return is_small() && bytes < files * (std::uint64_t{128} << 10);
    }
};

/// What a build may hold as rows of the files that it keeps, over all its tables: rows take some
/// twenty times as much memory as in their files, and beyond a few MiB gain nothing. One
/// thread at a time.
class KeptRowsBudget {
public:
    explicit KeptRowsBudget(std::uint64_t engine_memory_bytes)
        : bytes_left_(std::min(kBytesMax, engine_memory_bytes / kMemoryShare)) {}

    /// Whether a table's files are worth being rows and have room; if so, it is taken.
    bool take(const FilesSize& size) {
        if (!size.is_in_small_files() || size.bytes > bytes_left_) return false;
        bytes_left_ -= size.bytes;
        return true;
    }

private:
    static constexpr std::uint64_t kBytesMax = std::uint64_t{4} << 20;
    static constexpr std::uint64_t kMemoryShare = 100;
    std::uint64_t bytes_left_;
};

/// The bronze files of these event dates, quarantine aside.
FilesSize size_of(const Bronze& bronze, const std::set<std::string>& dates);

/// Absolute paths of a published table's files, without those of the dates in `except`.
std::vector<std::string> table_files(const storage::FileSystem& files, const lake::Table& table,
                                     const std::set<std::string>& except);

}  // namespace bassline::models
