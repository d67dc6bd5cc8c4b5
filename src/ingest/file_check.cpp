// SPDX-License-Identifier: Apache-2.0
#include "ingest/file_check.hpp"

#include <fmt/format.h>

#include "ingest/fingerprint.hpp"
#include "ingest/input_file.hpp"

namespace bassline::ingest {
namespace {

bool has_hash(const std::string& path, const std::string& xxh64) {
    const auto file = InputFile::open(path);
    if (!file) return false;
    const auto bytes = file.value()->size();
    if (!bytes) return false;
    const auto hash = hash_of_range(*file.value(), 0, bytes.value());
    return hash && hash.value() == xxh64;
}

}  // namespace

std::optional<std::string> what_is_wrong(const storage::FileSystem& files, RowCounter& counter,
                                         const NamedFile& file, bool full) {
    const std::string path = files.absolute(file.path);
    const auto info = files.stat(file.path);
    if (!info) return path + ", which is missing";
    if (info.value().bytes != file.bytes) {
        return fmt::format("{} with {} bytes, it has {}", path, file.bytes, info.value().bytes);
    }
    if (full && !has_hash(path, file.xxh64)) {
        return fmt::format("{} with hash {}, its content was changed", path, file.xxh64);
    }
    const auto counted = counter.rows_of(path);
    if (counted && counted.value() == file.rows) return std::nullopt;
    return fmt::format(
        "{} with {} rows, {}", path, file.rows,
        counted ? fmt::format("it has {}", counted.value()) : counted.error().message);
}

}  // namespace bassline::ingest
