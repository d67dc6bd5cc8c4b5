// SPDX-License-Identifier: Apache-2.0
#include "models/export.hpp"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <utility>

#include "base/failpoint.hpp"
#include "duck/sql_text.hpp"
#include "lake/names.hpp"

namespace bassline::models {
namespace {

constexpr std::size_t kOpenCopiesMax = 256;  // closed durably together
constexpr std::size_t kCopyBytes = std::size_t{1} << 20;
constexpr std::string_view kDatePrefix = "event_date=";

// The date of `.../event_date=2025-03-14/x.parquet`; empty if the path has none.
std::string date_in(std::string_view path) {
    const std::size_t found = path.rfind(kDatePrefix);
    if (found == std::string_view::npos) return {};
    return std::string(
        path.substr(found + kDatePrefix.size(), std::string_view("2025-03-14").size()));
}

// zstd's first level, as in bronze, takes half the time of the third for files a twentieth larger;
// nobody looks up one key, for which the engine would write Bloom filters. It stays Parquet 1,
// since the engine's Parquet 2 has encodings that Spark does not read.
std::string copy_sql(const std::string& relation, const std::string& target, bool by_date) {
    return fmt::format(
        "copy (select * from {}) to {} (format parquet, compression zstd, "
        "compression_level 1, write_bloom_filter false, return_stats{})",
        relation, duck::quote_text(target),
        by_date ? ", partition_by (event_date), write_partition_columns" : "");
}

// The copy is complete, not durable.
Result<std::unique_ptr<storage::WritableFile>> copy_file(storage::FileSystem& files,
                                                         const std::string& from,
                                                         const std::string& to) {
    std::ifstream source(from, std::ios::binary);
    if (!source) return error(ErrorKind::io, "cannot read {}", from);
    TRY_ASSIGN(auto target, files.create(to));
    std::string buffer(kCopyBytes, '\0');
    while (source) {
        source.read(buffer.data(), static_cast<std::streamsize>(buffer.size()));
        if (source.bad()) return error(ErrorKind::io, "cannot read {}", from);
        TRY(target->append(
            std::string_view(buffer).substr(0, static_cast<std::size_t>(source.gcount()))));
    }
    target->start_writing_back();
    return target;
}

// Copies files into the lake. Bytes and hashes go into the targets.
class Copier {
public:
    explicit Copier(storage::FileSystem& files) : files_(files) {}

    Result<void> copy(const ExportedFile& source, lake::TableFile& target) {
        TRY(failpoint("models.copy_version"));
        TRY(files_.make_directories(storage::parent_path(target.path),
                                    storage::NewNames::synced_by_caller));
        TRY_ASSIGN(auto file, copy_file(files_, source.scratch_path, target.path));
        paths_.push_back(target.path);
        open_.emplace_back(std::move(file), &target);
        return open_.size() < kOpenCopiesMax ? Result<void>() : close_open();
    }

    /// Makes all of them durable.
    Result<void> finish() {
        TRY(close_open());
        return storage::sync_directories_of(files_, paths_);
    }

private:
    Result<void> close_open() {
        for (auto& [file, target] : open_) {
            TRY_ASSIGN(const storage::FileDigest digest, file->close_durably());
            target->bytes = digest.bytes;
            target->xxh64 = digest.xxh64;
        }
        open_.clear();
        return {};
    }

    storage::FileSystem& files_;
    std::vector<std::pair<std::unique_ptr<storage::WritableFile>, lake::TableFile*>> open_;
    std::vector<std::string> paths_;
};

}  // namespace

Result<ExportedTable> export_table(duck::Connection& connection, const std::string& relation,
                                   const std::string& name, const std::string& scratch_folder,
                                   bool by_date) {
    const std::string target =
        fmt::format("{}/{}{}", scratch_folder, name, by_date ? "" : ".parquet");
    TRY_ASSIGN(duck::Rows written, connection.query(copy_sql(relation, target, by_date)));
    ExportedTable table{.name = name};
    while (written.next()) {
        const std::string path(written.text(0));
        table.files.push_back({.event_date = by_date ? date_in(path) : "",
                               .scratch_path = path,
                               .rows = static_cast<std::uint64_t>(written.int64(1))});
    }
    std::ranges::sort(table.files, {}, &ExportedFile::event_date);
    const auto twin = std::ranges::adjacent_find(table.files, {}, &ExportedFile::event_date);
    if (twin != table.files.end()) {
        return error(ErrorKind::sql, "{} was written as two files for one date: {}", name,
                     twin->scratch_path);
    }
    return table;
}

Result<std::map<std::string, std::vector<lake::TableFile>>> copy_into_lake(
    storage::FileSystem& files, const std::string& run, const std::vector<ExportedTable>& tables) {
    std::map<std::string, std::vector<lake::TableFile>> copied;
    Copier copier(files);
    for (const ExportedTable& table : tables) {
        auto& targets = copied[table.name];
        targets.resize(table.files.size());
        for (std::size_t index = 0; index < table.files.size(); ++index) {
            const ExportedFile& file = table.files[index];
            targets[index] = {.event_date = file.event_date,
                              .path = lake::version_path(run, table.name, file.event_date),
                              .rows = file.rows};
            TRY(copier.copy(file, targets[index]));
        }
    }
    TRY(copier.finish());
    return copied;
}

}  // namespace bassline::models
