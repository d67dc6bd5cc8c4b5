// SPDX-License-Identifier: Apache-2.0
#include "lake/chain_archive.hpp"

#include <algorithm>
#include <cstdlib>
#include <set>
#include <vector>

#include <zstd.h>

#include "base/failpoint.hpp"
#include "base/hash.hpp"
#include "lake/failpoints.hpp"
#include "lake/names.hpp"

namespace bassline::lake {
namespace {

using storage::FileSystem;

constexpr int kLevel = 9;  // entries resemble each other: 30 to 1
constexpr std::size_t kArchiveBytesMax = std::size_t{256} << 20;

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

std::uint64_t seq_in(std::string_view path) {
    return std::strtoull(std::string(path.substr(path.rfind('/') + 1)).c_str(), nullptr, 10);
}

class Archiver {
public:
    // `end`: of the chain.
    Archiver(FileSystem& files, std::string_view chain, std::uint64_t end, const CommitTime& time)
        : files_(files), chain_(chain), end_(end), time_(time) {}

    // False if these entries keep their files: too young or too large.
    Result<bool> write(std::uint64_t first) {
        EntryReader entries(files_, chain_);
        const std::uint64_t last = first + kEntriesAnArchive - 1;
        TRY_ASSIGN(const std::uint64_t old, committed_until(entries, last, end_, time_));
        if (old == last) return false;
        std::string content;
        std::string previous;
        for (std::uint64_t seq = first; seq < first + kEntriesAnArchive; ++seq) {
            TRY_ASSIGN(const ReadEntry read, entries.read(seq));
            if (!previous.empty() && read.entry.prev_sha256 != previous) {
                return error(ErrorKind::bad_data,
                             "chain entry {}: its prev_sha256 does not match entry {}",
                             files_.absolute(chain_entry_path(chain_, seq)), seq - 1);
            }
            previous = read.sha256;
            TRY_ASSIGN(const std::string bytes, entries.bytes(seq));
            content += bytes;
            if (content.size() > kArchiveBytesMax) return false;
        }
        TRY_ASSIGN(const std::string compressed, compress(content));
        const std::string path = chain_archive_path(chain_, first);
        const std::string staged = path + ".staged";
        TRY(files_.make_directories(chain_archive_directory(chain_)));
        TRY(files_.remove(staged));
        TRY(files_.write_durably(staged, compressed));
        TRY(failpoint(kArchiveBeforeRename));
        TRY(files_.rename_over(staged, path));
        return true;
    }

    // Own files of archived entries go once the archive is durable and holds the same bytes.
    Result<std::uint64_t> remove_own_files(std::uint64_t end) {
        TRY_ASSIGN(const auto own, own_files_before(end));
        if (own.empty()) return std::uint64_t{0};
        std::set<std::uint64_t> archives;
        for (const std::uint64_t seq : own) archives.insert(first_of_archive(seq));
        for (const std::uint64_t first : archives) {
            TRY_ASSIGN(const bool stands, files_.exists(chain_archive_path(chain_, first)));
            if (stands) continue;  // lost since, and its entries given back
            TRY_ASSIGN(const bool written, write(first));
            if (!written) return std::uint64_t{0};
        }
        TRY(files_.sync_directory(chain_archive_directory(chain_)));
        TRY(files_.sync_directory(chain_directory(chain_)));
        TRY_ASSIGN(const bool is_claimed, has_staged_before(end));
        if (is_claimed) return std::uint64_t{0};
        EntryReader archived(files_, chain_);
        for (const std::uint64_t seq : own) TRY(remove_own_file(archived, seq));
        return own.size();
    }

private:
    // A writer that froze with a staged entry would take the name that a removal frees. It looks
    // for archives once it has staged, we for what is staged once we have archived: one of the two
    // sees the other.
    Result<bool> has_staged_before(std::uint64_t end) const {
        TRY_ASSIGN(const auto writers, list_if_present(chain_staging_directory(chain_)));
        for (const auto& writer : writers) {
            TRY_ASSIGN(const auto staged, list_if_present(writer.path));
            const auto is_old = [end](const auto& file) { return staged_seq(file.path) < end; };
            if (std::ranges::any_of(staged, is_old)) return true;
        }
        return false;
    }

    Result<std::vector<storage::FileInfo>> list_if_present(const std::string& path) const {
        auto listed = files_.list(path);
        if (listed || listed.error().kind != ErrorKind::not_found) return listed;
        return std::vector<storage::FileInfo>();
    }

    Result<std::vector<std::uint64_t>> own_files_before(std::uint64_t end) const {
        std::vector<std::uint64_t> own;
        TRY_ASSIGN(const auto listed, files_.list(chain_log_directory(chain_)));
        for (const auto& file : listed) {
            const std::uint64_t seq = seq_in(file.path);
            if (seq < end && file.path == chain_entry_path(chain_, seq)) own.push_back(seq);
        }
        return own;
    }

    Result<void> remove_own_file(EntryReader& archived, std::uint64_t seq) {
        const std::string path = chain_entry_path(chain_, seq);
        TRY_ASSIGN(const std::string own, files_.read(path));
        TRY_ASSIGN(const std::string kept, archived.archived_bytes(seq));
        if (own != kept) {
            return error(ErrorKind::bad_data, "chain entry {} differs from the one in {}",
                         files_.absolute(path),
                         files_.absolute(chain_archive_path(chain_, first_of_archive(seq))));
        }
        TRY(failpoint(kArchiveBeforeRemove));
        return files_.remove(path);
    }

    FileSystem& files_;
    const std::string chain_;
    const std::uint64_t end_;
    const CommitTime time_;
};

}  // namespace

Result<std::uint64_t> archive_entries(FileSystem& files, std::string_view chain, std::uint64_t end,
                                      Timestamp now, const ArchiveRule& rule,
                                      const std::stop_token& stop) {
    Archiver archiver(files, chain, end, {.by = now - rule.age, .now = now});
    end -= std::min(end, rule.newest);
    TRY_ASSIGN(std::uint64_t archived, archived_end(files, chain));
    while (archived + kEntriesAnArchive <= end && !stop.stop_requested()) {
        TRY_ASSIGN(const bool written, archiver.write(archived));
        if (!written) break;
        archived += kEntriesAnArchive;
    }
    return archived == 0 ? std::uint64_t{0} : archiver.remove_own_files(archived);
}

Result<std::uint64_t> committed_until(EntryReader& entries, std::uint64_t seq, std::uint64_t end,
                                      const CommitTime& time) {
    for (std::uint64_t later = seq; later < end; ++later) {
        TRY_ASSIGN(const ReadEntry read, entries.read(later));
        if (read.entry.committed_at <= time.by) return later + 1;
        if (read.entry.committed_at <= time.now) return seq;
    }
    return seq;
}

Result<std::uint64_t> archived_end(const FileSystem& files, std::string_view chain) {
    const auto listed = files.list(chain_archive_directory(chain));
    if (!listed && listed.error().kind == ErrorKind::not_found) return std::uint64_t{0};
    if (!listed) return listed.error();
    std::uint64_t end = 0;
    for (const auto& file : listed.value()) {
        const std::uint64_t first = seq_in(file.path);
        if (file.path == chain_archive_path(chain, first)) {
            end = std::max(end, first + kEntriesAnArchive);
        }
    }
    return end;
}

bool EntryReader::holds(std::uint64_t seq) const {
    return !lines_.empty() && seq >= first_ && seq < first_ + kEntriesAnArchive;
}

Result<ReadEntry> EntryReader::read(std::uint64_t seq) {
    TRY_ASSIGN(const std::string content, bytes(seq));
    auto parsed = entry_from_json(content);
    if (!parsed) {
        return error(parsed.error().kind, "chain entry {}: {}", files_.absolute(path_),
                     parsed.error().message);
    }
    Entry entry = std::move(parsed).value();
    if (entry.seq != seq || entry.chain != chain_) {
        return error(ErrorKind::bad_data, "chain entry {}: says it is entry {} of chain {}",
                     files_.absolute(path_), entry.seq, entry.chain);
    }
    return ReadEntry{.entry = std::move(entry), .sha256 = sha256_hex(content)};
}

Result<std::string> EntryReader::bytes(std::uint64_t seq) {
    if (holds(seq)) return archived_bytes(seq);
    path_ = chain_entry_path(chain_, seq);
    auto own = files_.read(path_);
    if (own || own.error().kind != ErrorKind::not_found) return own;
    auto archived = archived_bytes(seq);
    if (!archived && archived.error().kind == ErrorKind::not_found) return own;
    return archived;
}

Result<std::string> EntryReader::archived_bytes(std::uint64_t seq) {
    if (!holds(seq)) TRY(open_archive(seq));
    path_ = chain_archive_path(chain_, first_);
    if (seq < next_) {
        at_ = 0;
        next_ = first_;
    }
    for (;; ++next_) {
        const std::size_t end = lines_.find('\n', at_);
        if (end == std::string::npos) {
            return error(ErrorKind::bad_data, "{} lacks entry {}", files_.absolute(path_), seq);
        }
        const std::size_t begin = at_;
        at_ = end + 1;
        if (next_ == seq) {
            ++next_;
            return lines_.substr(begin, at_ - begin);
        }
    }
}

Result<void> EntryReader::open_archive(std::uint64_t seq) {
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
