// SPDX-License-Identifier: Apache-2.0
#include "lake/file_sources.hpp"

#include <nlohmann/json.hpp>

#include "base/failpoint.hpp"
#include "lake/failpoints.hpp"
#include "lake/names.hpp"

namespace bassline::lake {
namespace {

using nlohmann::json;
using storage::FileSystem;

constexpr const char* kPathRecord = "path";  // state of a range that says what a path held

// A checkpoint is stored as an entry whose ranges are the fold: what each path held, and what each
// source is. So one codec and one checksum serve both.
Entry fold_as_entry(std::uint64_t seq, const std::string& prev_sha256, const FileSources& fold) {
    Entry entry{.chain = std::string(kFilesChain), .seq = seq, .prev_sha256 = prev_sha256};
    for (const auto& [path, known] : fold.paths) {
        entry.ranges.push_back({.source = known.source,
                                .path = path,
                                .end = known.end,
                                .fingerprint = known.fingerprint,
                                .state = kPathRecord});
    }
    for (const auto& [number, source] : fold.sources) {
        entry.ranges.push_back({.source = number,
                                .path = source.path,
                                .encoding = source.encoding,
                                .end = source.end,
                                .fingerprint = source.fingerprint,
                                .state = source.state});
    }
    return entry;
}

FileSources unfold(const Entry& checkpoint) {
    FileSources fold;
    for (const FileRange& range : checkpoint.ranges) {
        if (range.state == kPathRecord) {
            fold.paths[range.path] = {range.source, range.end, range.fingerprint};
        } else {
            fold.sources[range.source] = {range.path, range.encoding, range.end, range.fingerprint,
                                          range.state};
        }
    }
    return fold;
}

std::string name_of(const storage::FileInfo& file) {
    return file.path.substr(file.path.rfind('/') + 1);
}

// The newest checkpoint that reads and that the log confirms, with the entries after it.
std::optional<FilesChain> load_from_checkpoint(const FileSystem& files) {
    const auto listed = files.list(chain_checkpoint_directory(kFilesChain));
    if (!listed) return std::nullopt;
    for (auto file = listed.value().rbegin(); file != listed.value().rend(); ++file) {
        const auto content = files.read(file->path);
        if (!content) continue;
        const auto checkpoint = entry_from_json(content.value());
        if (!checkpoint || checkpoint.value().chain != kFilesChain) continue;
        FilesChain loaded{.sources = unfold(checkpoint.value())};
        auto tail = Chain::load_after(files, kFilesChain, checkpoint.value().seq,
                                      checkpoint.value().prev_sha256);
        if (!tail || tail.value().entries.empty()) continue;
        loaded.tail = std::move(tail).value();
        return loaded;
    }
    return std::nullopt;
}

}  // namespace

void FileSources::apply(const Entry& entry) {
    for (const FileRange& range : entry.ranges) {
        if (range.path != "-") {
            KnownPath& known = paths[range.path];
            if (known.source != range.source || range.end >= known.end) {
                known = {range.source, range.end, range.fingerprint};
            }
        }
        FileSource& source = sources[range.source];
        if (range.end < source.end) continue;
        source = {range.path, range.encoding, range.end, range.fingerprint, range.state};
    }
}

Result<FilesChain> load_files_chain(const FileSystem& files) {
    FilesChain loaded;
    if (auto quick = load_from_checkpoint(files)) {
        loaded = std::move(*quick);
    } else {
        TRY_ASSIGN(loaded.tail, Chain::load(files, kFilesChain));
    }
    for (const Entry& entry : loaded.tail.entries) loaded.sources.apply(entry);
    return loaded;
}

Result<void> write_checkpoint(FileSystem& files, std::uint64_t seq, const std::string& prev_sha256,
                              const FileSources& sources) {
    const std::string path = chain_checkpoint_path(kFilesChain, seq);
    const std::string staged = path + ".staged";
    TRY(files.make_directories(chain_checkpoint_directory(kFilesChain)));
    TRY(files.remove(staged));
    TRY(files.write_durably(staged, to_json(fold_as_entry(seq, prev_sha256, sources))));
    TRY(failpoint(kCheckpointBeforeRename));
    TRY(files.rename_over(staged, path));
    TRY_ASSIGN(const auto listed, files.list(chain_checkpoint_directory(kFilesChain)));
    for (const auto& file : listed) {
        if (name_of(file) < name_of({.path = path})) TRY(files.remove(file.path));
    }
    return {};
}

}  // namespace bassline::lake
