// SPDX-License-Identifier: Apache-2.0
#include "compact/compact.hpp"

#include <set>

#include "base/failpoint.hpp"
#include "base/log.hpp"
#include "compact/failpoints.hpp"
#include "compact/journal.hpp"
#include "compact/merge.hpp"
#include "lake/chain_archive.hpp"
#include "lake/kafka_chain.hpp"
#include "lake/names.hpp"

namespace bassline::compact {
namespace {

using lake::Entry;
using storage::FileSystem;

class Compaction {
public:
    Compaction(FileSystem& files, const CompactOptions& options, const Clock& clock)
        : files_(files), options_(options), clock_(clock) {}

    Result<CompactSummary> run(const std::stop_token& stop) {
        const SteadyTime started = clock_.steady_now();
        TRY_ASSIGN(journal_, Journal::open(files_, clock_));
        TRY(failpoint(kClaimed));
        TRY(sweep_past_grace());
        if (options_.retain_days) TRY(expire());
        TRY(merge_closed_hours(stop));
        TRY(sweep_past_grace());
        TRY(journal_->keep_checkpoint());
        if (!summary_.interrupted) {
            TRY(finish_dead_batches());
            archive_old_entries(stop);
        }
        summary_.retained_from = journal_->live().retained_from;
        summary_.seconds = seconds_since(started, clock_);
        return std::move(summary_);
    }

private:
    Result<void> sweep_past_grace() {
        TRY_ASSIGN(const SweepResult swept, journal_->sweep(options_.grace));
        summary_.files_removed += swept.removed;
        summary_.files_awaiting = swept.awaiting;
        return {};
    }

    Result<void> expire() {
        TRY_ASSIGN(const lake::LiveFiles settled, journal_->settled_files());
        const Expiry expiry = plan_expiry(settled, *options_.retain_days, today());
        if (expiry.files.empty()) return {};
        TRY_ASSIGN(Entry entry, journal_->begin());
        entry.retained_from = expiry.retained_from;
        for (const lake::LiveFile& file : expiry.files) {
            entry.replaced.push_back(replaced_by(file));
            summary_.rows_expired += file.output.rows;
        }
        summary_.files_expired += expiry.files.size();
        return commit(entry);
    }

    Result<void> merge_closed_hours(const std::stop_token& stop) {
        TRY_ASSIGN(const lake::LiveFiles settled, journal_->settled_files());
        const Timestamp before =
            options_.before.value_or(closed_before(journal_->live().watermark_ms));
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
        TRY_ASSIGN(Entry entry, journal_->begin());
        TRY_ASSIGN(const std::string staging, journal_->make_staging());
        for (const Merge& one : merges) {
            const std::string staged =
                fmt::format("{}/{}-{}.staged", staging, entry.seq, entry.outputs.size());
            TRY_ASSIGN(lake::Output output, merge_files(files_, one, staged, entry.seq));
            TRY(failpoint(kMerged));
            for (const lake::LiveFile& file : one.inputs) {
                entry.replaced.push_back(replaced_by(file));
            }
            entry.outputs.push_back(std::move(output));
        }
        TRY(commit(entry));
        count(merges, entry);
        return {};
    }

    Result<void> commit(Entry& entry) {
        TRY(journal_->commit(entry));
        ++summary_.entries;
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

    // What killed writers of Kafka chains left would keep their entries from being archived.
    Result<void> finish_dead_batches() {
        const Timestamp dead = SystemClock().now() - lake::kStagingGrace;  // as files tell
        for (const auto& [chain, head] : journal_->live().heads) {
            if (lake::is_kafka_chain(chain)) TRY(lake::remove_dead_staging(files_, chain, dead));
        }
        return {};
    }

    // Housekeeping: what keeps it from being done undoes nothing of the compaction.
    void archive_old_entries(const std::stop_token& stop) {
        for (const auto& [chain, head] : journal_->live().heads) {
            const auto done = lake::archive_entries(files_, chain, head.next_seq, clock_.now(),
                                                    options_.archive, stop);
            if (done) continue;
            log_warn("old entries of {} stay as they are: {}", chain, done.error().message);
        }
    }

    Date today() const { return std::chrono::floor<std::chrono::days>(clock_.now()); }

    FileSystem& files_;
    const CompactOptions& options_;
    const Clock& clock_;
    std::unique_ptr<Journal> journal_;
    CompactSummary summary_;
};

}  // namespace

Result<CompactSummary> compact(FileSystem& files, const CompactOptions& options, const Clock& clock,
                               const std::stop_token& stop) {
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
