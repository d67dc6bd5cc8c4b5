// SPDX-License-Identifier: Apache-2.0
#include "lake/chain_archive.hpp"

#include <algorithm>

#include <zstd.h>

#include "base/failpoint.hpp"
#include "lake/failpoints.hpp"
#include "lake/names.hpp"

namespace bassline::lake {
namespace {

using storage::FileSystem;

constexpr int kLevel = 9;  // entries resemble each other: 30 to 1
constexpr unsigned long long kArchiveBytesMax = 1ull << 30;

Result<std::string> compress(std::string_view content) {
    std::string compressed(ZSTD_compressBound(content.size()), '\0');
    const std::size_t size =
        ZSTD_compress(compressed.data(), compressed.size(), content.data(), content.size(), kLevel);
    if (ZSTD_isError(size) != 0) {
        return error(ErrorKind::io, "zstd failed: {}", ZSTD_getErrorName(size));
    }
    compressed.resize(size);
    return compressed;
}

Result<std::string> decompress(std::string_view compressed) {
    const auto size = ZSTD_getFrameContentSize(compressed.data(), compressed.size());
    if (size == ZSTD_CONTENTSIZE_ERROR || size == ZSTD_CONTENTSIZE_UNKNOWN ||
        size > kArchiveBytesMax) {
        return error(ErrorKind::bad_data, "not an archive of entries");
    }
    std::string content(size, '\0');
    const std::size_t got =
        ZSTD_decompress(content.data(), content.size(), compressed.data(), compressed.size());
    if (got != size) return error(ErrorKind::bad_data, "the archive is damaged");
    return content;
}

std::uint64_t first_of_archive(std::uint64_t seq) {
    return seq / kEntriesAnArchive * kEntriesAnArchive;
}

// Readers find every entry in the archive before its own name goes.
Result<void> write_archive(FileSystem& files, std::string_view chain, std::uint64_t first) {
    EntryBytes entries(files, chain);
    std::string content;
    for (std::uint64_t seq = first; seq < first + kEntriesAnArchive; ++seq) {
        TRY_ASSIGN(const std::string entry, entries.read(seq));
        if (entry.empty() || entry.find('\n') != entry.size() - 1) {
            return error(ErrorKind::bad_data, "chain entry {} is not one line",
                         files.absolute(chain_entry_path(chain, seq)));
        }
        content += entry;
    }
    TRY_ASSIGN(const std::string compressed, compress(content));
    const std::string path = chain_archive_path(chain, first);
    const std::string staged = path + ".staged";
    TRY(files.make_directories(chain_archive_directory(chain)));
    TRY(files.remove(staged));
    TRY(files.write_durably(staged, compressed));
    TRY(failpoint(kArchiveBeforeRename));
    TRY(files.rename_over(staged, path));
    return files.sync_directory(chain_archive_directory(chain));
}

Result<std::uint64_t> remove_archived(FileSystem& files, std::string_view chain,
                                      std::uint64_t end) {
    std::uint64_t removed = 0;
    TRY_ASSIGN(const auto listed, files.list(chain_log_directory(chain)));
    for (const auto& file : listed) {
        if (file.path >= chain_entry_path(chain, end)) break;
        TRY(failpoint(kArchiveBeforeRemove));
        TRY(files.remove(file.path));
        ++removed;
    }
    return removed;
}

}  // namespace

Result<std::uint64_t> archive_entries(FileSystem& files, std::string_view chain,
                                      std::uint64_t end) {
    TRY_ASSIGN(std::uint64_t archived, archived_end(files, chain));
    while (archived + kEntriesAnArchive <= end) {
        TRY(write_archive(files, chain, archived));
        archived += kEntriesAnArchive;
    }
    return archived == 0 ? std::uint64_t{0} : remove_archived(files, chain, archived);
}

Result<std::uint64_t> archived_end(const FileSystem& files, std::string_view chain) {
    const auto listed = files.list(chain_archive_directory(chain));
    if (!listed && listed.error().kind == ErrorKind::not_found) return std::uint64_t{0};
    if (!listed) return listed.error();
    std::uint64_t end = 0;
    for (const auto& file : listed.value()) {
        const std::string base = file.path.substr(file.path.rfind('/') + 1);
        const std::uint64_t first = std::strtoull(base.c_str(), nullptr, 10);
        if (file.path == chain_archive_path(chain, first)) {
            end = std::max(end, first + kEntriesAnArchive);
        }
    }
    return end;
}

bool EntryBytes::holds(std::uint64_t seq) const {
    return !lines_.empty() && seq >= first_ && seq < first_ + kEntriesAnArchive;
}

Result<std::string> EntryBytes::read(std::uint64_t seq) {
    if (!holds(seq)) {
        auto own = files_.read(chain_entry_path(chain_, seq));
        if (own || own.error().kind != ErrorKind::not_found) return own;
        TRY(open_archive(seq));
    }
    if (seq < next_) {
        at_ = 0;
        next_ = first_;
    }
    for (;; ++next_) {
        const std::size_t end = lines_.find('\n', at_);
        if (end == std::string::npos) {
            return error(ErrorKind::bad_data, "{} lacks entry {}",
                         files_.absolute(chain_archive_path(chain_, first_)), seq);
        }
        const std::size_t begin = at_;
        at_ = end + 1;
        if (next_ == seq) {
            ++next_;
            return lines_.substr(begin, at_ - begin);
        }
    }
}

Result<void> EntryBytes::open_archive(std::uint64_t seq) {
    const std::string path = chain_archive_path(chain_, first_of_archive(seq));
    TRY_ASSIGN(const std::string compressed, files_.read(path));
    auto lines = decompress(compressed);
    if (!lines) {
        return error(lines.error().kind, "{}: {}", files_.absolute(path), lines.error().message);
    }
    lines_ = std::move(lines).value();
    first_ = first_of_archive(seq);
    next_ = first_;
    at_ = 0;
    return {};
}

}  // namespace bassline::lake
