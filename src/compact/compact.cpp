// SPDX-License-Identifier: Apache-2.0
#include "compact/compact.hpp"

#include <algorithm>
#include <random>
#include <set>

#include <unistd.h>

#include "base/failpoint.hpp"
#include "base/hash.hpp"
#include "base/log.hpp"
#include "compact/failpoints.hpp"
#include "compact/merge.hpp"
#include "compact/sweep.hpp"
#include "lake/chain.hpp"
#include "lake/chain_archive.hpp"
#include "lake/failpoints.hpp"
#include "lake/names.hpp"

namespace bassline::compact {
namespace {

using lake::Entry;
using storage::FileSystem;

// Never the same twice: a writer's staged files must not meet another's.
std::string new_writer() {
    std::random_device random;
    return fmt::format("{}-{:08x}{:08x}", ::getpid(), random(), random());
}

class Compaction {
public:
    Compaction(FileSystem& files, const CompactOptions& options, const Clock& clock)
        : files_(files), options_(options), clock_(clock), writer_(new_writer()) {}

    Result<CompactSummary> run(const std::stop_token& stop) {
        const Timestamp started = clock_.now();
        TRY_ASSIGN(const auto lock, lake::lock_chain(files_, lake::kCompactChain));
        TRY(finish_what_others_left());
        TRY(failpoint(kClaimed));
        TRY(sweep_past_grace());
        if (options_.retain_days) TRY(expire());
        TRY(merge_closed_hours(stop));
        TRY(sweep_past_grace());
        TRY(lake::keep_checkpoint(files_, log_, lake::kCompactChain));
        if (!summary_.interrupted) archive_old_entries(stop);
        summary_.retained_from = log_.live.retained_from;
        summary_.seconds = std::chrono::duration<double>(clock_.now() - started).count();
        return std::move(summary_);
    }

private:
    Result<void> finish_what_others_left() {
        TRY_ASSIGN(log_, lake::load_log(files_));
        for (const auto& [chain, entry] : log_.newest) TRY(lake::publish(files_, entry));
        TRY(failpoint(lake::kRecoverBeforeJanitor));
        TRY(lake::remove_staging(files_, lake::kCompactChain));
        const auto newest = log_.newest.find(std::string(lake::kCompactChain));
        if (newest != log_.newest.end() && newest->second.seq == next_seq()) {
            TRY_ASSIGN(log_, lake::load_log(files_));  // it counts now
        }
        return lake::keep_checkpoint(files_, log_, lake::kCompactChain);
    }

    Result<void> sweep_past_grace() {
        TRY_ASSIGN(const SweepResult swept,
                   sweep(files_, next_seq(), clock_.now(), options_.grace));
        summary_.files_removed += swept.removed;
        summary_.files_awaiting = swept.awaiting;
        return {};
    }

    Result<void> expire() {
        TRY_ASSIGN(const lake::LiveFiles settled, settled_files());
        const Expiry expiry = plan_expiry(settled, *options_.retain_days, today());
        if (expiry.files.empty()) return {};
        Entry entry = next_entry();
        if (entry.seq == 0) TRY(write_genesis(entry));
        entry.retained_from = expiry.retained_from;
        for (const lake::LiveFile& file : expiry.files) {
            entry.replaced.push_back(replaced(file));
            summary_.rows_expired += file.output.rows;
        }
        summary_.files_expired += expiry.files.size();
        return commit(entry);
    }

    Result<void> merge_closed_hours(const std::stop_token& stop) {
        TRY_ASSIGN(const lake::LiveFiles settled, settled_files());
        const Timestamp before = options_.before.value_or(closed_before(log_.live.watermark_ms));
        auto entries =
            in_entries(plan_merges(settled, before, today(), options_.limits), options_.limits);
        for (const std::vector<Merge>& merges : entries) {
            summary_.interrupted = stop.stop_requested();
            if (summary_.interrupted) return {};
            TRY(merge(merges));
        }
        return {};
    }

    Result<void> merge(const std::vector<Merge>& merges) {
        Entry entry = next_entry();
        if (entry.seq == 0) TRY(write_genesis(entry));
        const std::string staging = lake::staging_directory(lake::kCompactChain, writer_);
        TRY(files_.make_directories(staging));
        for (const Merge& one : merges) {
            const std::string staged =
                fmt::format("{}/{}-{}.staged", staging, entry.seq, entry.outputs.size());
            TRY_ASSIGN(lake::Output output, merge_files(files_, one, staged, entry.seq));
            TRY(failpoint(kMerged));
            for (const lake::LiveFile& file : one.inputs) entry.replaced.push_back(replaced(file));
            entry.outputs.push_back(std::move(output));
        }
        lake::name_outputs(entry.outputs, entry.chain, entry.seq);
        for (lake::Output& output : entry.outputs) output.final = lake::merged_path(output.final);
        TRY(files_.sync_directory(staging));
        TRY(failpoint(kSealed));
        TRY(commit(entry));
        count(merges, entry);
        return {};
    }

    void count(const std::vector<Merge>& merges, const Entry& entry) {
        std::set<std::string> folders;
        for (const Merge& one : merges) summary_.bytes_before += one.bytes();
        for (const lake::Output& output : entry.outputs) {
            folders.emplace(storage::parent_path(output.final));
            summary_.bytes_after += output.bytes;
            summary_.rows += output.rows;
        }
        summary_.hours += folders.size();
        summary_.files_merged += entry.replaced.size();
        summary_.files_written += entry.outputs.size();
    }

    // Housekeeping: what keeps it from being done undoes nothing of the compaction.
    void archive_old_entries(const std::stop_token& stop) {
        for (const std::string_view chain : {lake::kFilesChain, lake::kCompactChain}) {
            const auto head = log_.live.heads.find(std::string(chain));
            if (head == log_.live.heads.end()) continue;
            const auto done = lake::archive_entries(files_, chain, head->second.next_seq,
                                                    clock_.now(), options_.archive, stop);
            if (!done) log_warn("old chain entries stay as they are: {}", done.error().message);
        }
    }

    static lake::Replaced replaced(const lake::LiveFile& file) {
        return {.chain = file.chain,
                .seq = file.seq,
                .final = file.output.final,
                .rows = file.output.rows};
    }

    std::uint64_t next_seq() const {
        const auto head = log_.live.heads.find(std::string(lake::kCompactChain));
        return head == log_.live.heads.end() ? 0 : head->second.next_seq;
    }

    Date today() const { return std::chrono::floor<std::chrono::days>(clock_.now()); }

    Entry next_entry() const {
        const auto head = log_.live.heads.find(std::string(lake::kCompactChain));
        Entry entry{.chain = std::string(lake::kCompactChain),
                    .seq = next_seq(),
                    .writer = writer_,
                    .committed_at = clock_.now()};
        if (head != log_.live.heads.end()) entry.prev_sha256 = head->second.sha256;
        return entry;
    }

    // The live files without those that their writer may yet look for: of a chain's newest entry,
    // until its staging is gone.
    Result<lake::LiveFiles> settled_files() const {
        lake::LiveFiles settled = log_.live;
        for (const auto& [chain, entry] : log_.newest) {
            TRY_ASSIGN(const bool may_recover,
                       files_.exists(lake::staging_directory(chain, entry.writer)));
            if (!may_recover) continue;
            for (const lake::Output& output : entry.outputs) {
                settled.files.erase(output.final);
                settled.late.erase(output.final);
            }
        }
        return settled;
    }

    // Makes `entry` the one after the genesis.
    Result<void> write_genesis(Entry& entry) {
        entry.identity = {{"kind", "compact"}};
        TRY(commit(entry));
        entry = next_entry();
        return {};
    }

    Result<void> commit(const Entry& entry) {
        TRY(lake::commit(files_, entry));
        TRY(lake::publish(files_, entry));
        TRY(failpoint(kPublished));
        log_.live.apply(entry, sha256_hex(lake::to_json(entry)));
        if (entry.seq == 0) return {};  // what is staged belongs to the next one
        TRY(lake::remove_staging(files_, lake::kCompactChain));
        ++summary_.entries;
        log_.entries_folded += 1 + entry.replaced.size();
        return {};
    }

    FileSystem& files_;
    const CompactOptions& options_;
    const Clock& clock_;
    const std::string writer_;
    lake::LakeLog log_;
    CompactSummary summary_;
};

}  // namespace

Result<CompactSummary> compact(FileSystem& files, const CompactOptions& options, const Clock& clock,
                               std::stop_token stop) {
    if (options.retain_days && *options.retain_days < 1) {
        return error(ErrorKind::usage, "at least one day must be retained, not {}",
                     *options.retain_days);
    }
    if (options.limits.files_min < 2) {
        return error(ErrorKind::usage, "one file alone cannot be merged: files_min is {}",
                     options.limits.files_min);
    }
    return Compaction(files, options, clock).run(stop);
}

}  // namespace bassline::compact
