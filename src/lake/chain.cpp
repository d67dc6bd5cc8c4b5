// SPDX-License-Identifier: Apache-2.0
#include "lake/chain.hpp"

#include <algorithm>
#include <cstdlib>
#include <tuple>

#include "base/failpoint.hpp"
#include "base/hash.hpp"
#include "lake/chain_archive.hpp"
#include "lake/failpoints.hpp"
#include "lake/live_files.hpp"
#include "lake/names.hpp"

namespace bassline::lake {
namespace {

using storage::FileSystem;

// Appends an entry that was read, if it continues the chain.
Result<void> append_entry(const FileSystem& files, Chain& chain, ReadEntry read) {
    const std::uint64_t seq = read.entry.seq;
    if (read.entry.prev_sha256 != chain.head_sha256) {
        return error(ErrorKind::bad_data,
                     "chain entry {}: its prev_sha256 does not match entry {}, one of the two was "
                     "changed",
                     files.absolute(chain_entry_path(chain.name, seq)), seq - 1);
    }
    chain.entries.push_back(std::move(read.entry));
    chain.head_sha256 = std::move(read.sha256);
    return {};
}

// After a rename whose reply is an error: what stands under the name decides.
Result<void> settle_commit(const FileSystem& files, const Entry& entry, const std::string& content,
                           Error failure) {
    const std::string path = chain_entry_path(entry.chain, entry.seq);
    const auto standing = files.read(path);
    if (standing && standing.value() == content) return {};  // ours: only the reply was lost
    if (!standing) return failure;
    const auto other = entry_from_json(standing.value());
    return error(ErrorKind::conflict, "entry {} of chain {} was committed by another writer ({})",
                 entry.seq, entry.chain, other ? other.value().writer : "unreadable");
}

// Of an archived entry the name may be free again, its number is not.
Result<void> refuse_archived(const FileSystem& files, const Entry& entry) {
    TRY_ASSIGN(const std::uint64_t archived, archived_end(files, entry.chain));
    if (entry.seq >= archived) return {};
    return error(ErrorKind::conflict, "entry {} of chain {} was committed and archived long ago",
                 entry.seq, entry.chain);
}

// After a pause in which the number was archived the rename finds a free name. Such a win is none,
// unless the archive holds our own bytes.
Result<void> withdraw_if_archived(FileSystem& files, const Entry& entry,
                                  const std::string& content) {
    auto refused = refuse_archived(files, entry);
    if (refused) return {};
    TRY_ASSIGN(const std::string archived,
               EntryReader(files, entry.chain).archived_bytes(entry.seq));
    if (archived == content) return {};
    TRY(files.remove(chain_entry_path(entry.chain, entry.seq)));
    return refused;
}

// True if the final file stands with the entry's size.
Result<bool> is_final(const FileSystem& files, const Entry& entry, const Output& output) {
    const auto info = files.stat(output.final);
    if (!info && info.error().kind == ErrorKind::not_found) return false;
    if (!info) return info.error();
    if (info.value().bytes == output.bytes) return true;
    return error(ErrorKind::bad_data, "{} has {} bytes, but entry {} of chain {} says {}",
                 files.absolute(output.final), info.value().bytes, entry.seq, entry.chain,
                 output.bytes);
}

// True if another finished the publication of this entry: its staging is gone, or the file was
// merged or expired since.
Result<bool> has_left(const FileSystem& files, const Entry& entry, const Output& output) {
    TRY_ASSIGN(const bool staging_stands,
               files.exists(staging_directory(entry.chain, entry.writer)));
    if (!staging_stands) return true;
    TRY_ASSIGN(const LakeLog log, load_log(files));
    const auto head = log.live.heads.find(entry.chain);
    const bool folded = head != log.live.heads.end() && head->second.next_seq > entry.seq;
    return folded && !log.live.files.contains(output.final);
}

Result<void> publish_output(FileSystem& files, const Entry& entry, const Output& output) {
    TRY(failpoint(kPublishBeforeFile));
    auto renamed = files.rename_no_replace(output.staged, output.final);
    if (!renamed && renamed.error().kind == ErrorKind::not_found) {
        // Once more, should a folder that had become empty have been removed in between.
        TRY(files.make_directories(storage::parent_path(output.final)));
        renamed = files.rename_no_replace(output.staged, output.final);
    }
    if (renamed) return {};
    TRY_ASSIGN(const bool stands, is_final(files, entry, output));
    // Published meanwhile. A staged name that is left is the janitor's.
    if (stands) return {};
    if (renamed.error().kind != ErrorKind::not_found) return renamed.error();
    TRY_ASSIGN(const bool left, has_left(files, entry, output));
    if (left) return {};
    return error(ErrorKind::bad_data,
                 "entry {} of chain {} names {}, which is neither staged nor published; stopped "
                 "before anything is lost track of",
                 entry.seq, entry.chain, files.absolute(output.final));
}

// Every directory on the way to the final names, so that new ones survive a power cut too.
Result<void> sync_final_directories(FileSystem& files, const Entry& entry) {
    std::vector<std::string> paths;
    for (const Output& output : entry.outputs) paths.push_back(output.final);
    return storage::sync_directories_of(files, paths);
}

}  // namespace

// Anything else in the folders is not ours to judge here.
Result<std::uint64_t> end_of_chain(const FileSystem& files, std::string_view name) {
    TRY_ASSIGN(std::uint64_t end, archived_end(files, name));
    const auto listed = files.list(chain_log_directory(name));
    if (!listed && listed.error().kind == ErrorKind::not_found) return end;
    if (!listed) return listed.error();
    for (const auto& file : listed.value()) {
        const std::string base = file.path.substr(file.path.rfind('/') + 1);
        const std::uint64_t seq = std::strtoull(base.c_str(), nullptr, 10);
        if (file.path == chain_entry_path(name, seq)) end = std::max(end, seq + 1);
    }
    return end;
}

Result<Chain> Chain::load(const FileSystem& files, std::string_view name) {
    return load_after(files, name, 0, "");
}

Result<Chain> Chain::load_after(const FileSystem& files, std::string_view name,
                                std::uint64_t first_seq, std::string head_sha256) {
    Chain chain{
        .name = std::string(name), .first_seq = first_seq, .head_sha256 = std::move(head_sha256)};
    TRY_ASSIGN(const std::uint64_t end, end_of_chain(files, name));
    EntryReader entries(files, name);
    while (chain.next_seq() < end) {
        auto read = entries.read(chain.next_seq());
        if (!read && read.error().kind == ErrorKind::not_found) {
            return error(ErrorKind::bad_data,
                         "chain {} lacks entry {}: {} is missing, yet {} stands", name,
                         chain.next_seq(), files.absolute(chain_entry_path(name, chain.next_seq())),
                         end - 1);
        }
        if (!read) return std::move(read).error();
        TRY(append_entry(files, chain, std::move(read).value()));
    }
    return chain;
}

Result<Chain> Chain::follow(const FileSystem& files, std::string_view name, std::uint64_t first_seq,
                            std::string head_sha256) {
    Chain chain{
        .name = std::string(name), .first_seq = first_seq, .head_sha256 = std::move(head_sha256)};
    EntryReader entries(files, name);
    for (;;) {
        auto read = entries.read(chain.next_seq());
        if (!read && read.error().kind == ErrorKind::not_found) return chain;
        if (!read) return std::move(read).error();
        TRY(append_entry(files, chain, std::move(read).value()));
    }
}

Result<ReadEntry> read_entry(const FileSystem& files, std::string_view chain, std::uint64_t seq) {
    return EntryReader(files, chain).read(seq);
}

Result<std::unique_ptr<storage::ProcessLock>> lock_chain(storage::FileSystem& files,
                                                         std::string_view chain) {
    return storage::ProcessLock::acquire(files, chain_lock_path(chain), "writing to");
}

Result<std::vector<std::string>> list_chains(const FileSystem& files) {
    std::vector<std::string> names;
    const auto listed = files.list("_ingest");
    if (!listed && listed.error().kind == ErrorKind::not_found) return names;
    if (!listed) return listed.error();
    for (const auto& entry : listed.value()) {
        std::string name = entry.path.substr(entry.path.rfind('/') + 1);
        if (entry.is_directory && name != kSchemasFolder) names.push_back(std::move(name));
    }
    return names;
}

void name_outputs(std::vector<Output>& outputs, std::string_view chain, std::uint64_t seq) {
    std::ranges::stable_sort(outputs, {}, [](const Output& output) {
        return std::tuple(output.kind, output.topic, output.date, output.hour);
    });
    for (std::size_t at = 0; at < outputs.size(); ++at) {
        Output& output = outputs[at];
        const auto& [topic, date, hour] = std::tie(output.topic, output.date, output.hour);
        switch (output.kind) {
            case OutputKind::bronze:
                output.final = bronze_path(topic, date, hour, chain, seq, at + 1, outputs.size());
                break;
            case OutputKind::quarantine:
                output.final = quarantine_path(topic, date, chain, seq, at + 1, outputs.size());
                break;
            case OutputKind::late:
                output.final = late_path(topic, date, hour, chain, seq, at + 1, outputs.size());
                break;
        }
    }
}

Result<void> commit(FileSystem& files, const Entry& entry) {
    const std::string content = to_json(entry);
    const std::string staging = staging_directory(entry.chain, entry.writer);
    const std::string staged = staged_entry_path(entry.chain, entry.writer, entry.seq);
    // Without a lock a staging folder that is gone was taken for dead, and its files with it.
    if (entry.kafka_ranges.empty() || entry.outputs.empty()) TRY(files.make_directories(staging));
    TRY(files.make_directories(chain_log_directory(entry.chain)));
    TRY(failpoint(kCommitBeforeStaged));
    TRY(files.write_durably(staged, content));
    TRY(failpoint(kCommitBeforeRename));
    TRY(refuse_archived(files, entry));
    auto renamed = files.rename_no_replace(staged, chain_entry_path(entry.chain, entry.seq));
    if (!renamed) TRY(settle_commit(files, entry, content, std::move(renamed).error()));
    TRY(withdraw_if_archived(files, entry, content));
    TRY(failpoint(kCommitAfterRename));
    TRY(files.sync_directory(chain_log_directory(entry.chain)));
    return failpoint(kCommitAfterSync);
}

Result<void> publish(FileSystem& files, const Entry& entry) {
    TRY(files.sync_directory(chain_log_directory(entry.chain)));
    TRY_ASSIGN(const bool staging_stands,
               files.exists(staging_directory(entry.chain, entry.writer)));
    if (!staging_stands) return {};  // published, and its files may have been merged since
    for (const Output& output : entry.outputs) {
        TRY_ASSIGN(const bool done, is_final(files, entry, output));
        if (done) continue;
        TRY(files.make_directories(storage::parent_path(output.final),
                                   storage::NewNames::synced_by_caller));
        TRY(publish_output(files, entry, output));
    }
    TRY(failpoint(kPublishBeforeSync));
    TRY(sync_final_directories(files, entry));
    return failpoint(kPublishDone);
}

Result<void> recover(FileSystem& files, const Chain& chain) {
    if (!chain.entries.empty()) TRY(publish(files, chain.entries.back()));
    TRY(failpoint(kRecoverBeforeJanitor));
    return remove_staging(files, chain.name);
}

Result<void> remove_staging(FileSystem& files, std::string_view chain) {
    const auto listed = files.list(chain_staging_directory(chain));
    if (!listed && listed.error().kind == ErrorKind::not_found) return {};
    if (!listed) return listed.error();
    for (const auto& entry : listed.value()) TRY(files.remove_all(entry.path));
    return {};
}

}  // namespace bassline::lake
