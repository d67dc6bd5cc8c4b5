// SPDX-License-Identifier: Apache-2.0
#include "ingest/compaction_check.hpp"

#include "lake/names.hpp"

namespace bassline::ingest {
namespace {

bool stands(const storage::FileSystem& files, const std::string& path) {
    const auto found = files.exists(path);
    return found && found.value();
}

}  // namespace

Result<CompactionCounts> CompactionCheck::fold(const lake::Chain& compact) {
    TRY_ASSIGN(swept_, lake::swept_entries(files_));
    CompactionCounts counts;
    for (const lake::Entry& entry : compact.entries) {
        if (entry.seq + 1 == compact.next_seq()) {
            TRY_ASSIGN(const bool is_published, lake::is_published(files_, entry));
            if (!is_published) {
                check_unpublished(entry);
                break;
            }
        }
        for (std::string& problem : live_.problems_of(entry)) find_(std::move(problem));
        live_.apply(entry, "");
        if (!entry.retained_from.empty()) {
            for (const lake::Replaced& file : entry.replaced) counts.rows_expired += file.rows;
            counts.files_expired += entry.replaced.size();
        }
        if (entry.seq < swept_) {
            check_swept(entry);
        } else {
            counts.files_awaiting += entry.replaced.size();
        }
    }
    for (const auto& [name, file] : live_.late) counts.rows_expired += file.output.rows;
    counts.files_expired += live_.late.size();
    check_shown();
    return counts;
}

// Its inputs still count; but its files must be somewhere.
void CompactionCheck::check_unpublished(const lake::Entry& entry) {
    for (const lake::Output& output : entry.outputs) {
        if (stands(files_, output.staged) || stands(files_, output.final)) continue;
        find_(fmt::format("entry {} of chain {} names {}, which is missing", entry.seq, entry.chain,
                          files_.absolute(output.final)));
    }
}

void CompactionCheck::check_swept(const lake::Entry& entry) {
    for (const lake::Replaced& replaced : entry.replaced) {
        for (const std::string& path : {replaced.final, lake::visible_path(replaced.final)}) {
            if (!stands(files_, path)) continue;
            find_(fmt::format("{} stands again, though entry {} of chain {} replaced it",
                              files_.absolute(path), entry.seq, entry.chain));
            break;
        }
    }
}

// Swept merged files have a second name.
void CompactionCheck::check_shown() {
    for (const auto& [name, file] : live_.files) {
        if (file.chain != lake::kCompactChain || file.seq >= swept_) continue;
        const std::string visible = lake::visible_path(name);
        const auto info = files_.stat(visible);
        if (info && info.value().bytes == file.output.bytes) continue;
        find_(fmt::format("entry {} of chain {} names {}, which is {}", file.seq, file.chain,
                          files_.absolute(visible),
                          info ? "of another size" : "missing from its folder"));
    }
}

Result<CompactionProgress> compaction_progress(const storage::FileSystem& files) {
    CompactionProgress progress;
    TRY_ASSIGN(progress.swept, lake::swept_entries(files));
    TRY_ASSIGN(progress.entries, lake::end_of_chain(files, lake::kCompactChain));
    return progress;
}

}  // namespace bassline::ingest
