// SPDX-License-Identifier: Apache-2.0
#include "replay/replay.hpp"

#include <memory>
#include <vector>

#include "base/failpoint.hpp"
#include "compact/journal.hpp"
#include "lake/names.hpp"
#include "replay/failpoints.hpp"
#include "replay/rewrite.hpp"

namespace bassline::replay {
namespace {

using lake::LiveFile;
using storage::FileSystem;
using Portion = std::vector<LiveFile>;

std::vector<Portion> portions_of(const lake::LiveFiles& live, const ReplayOptions& options) {
    std::vector<Portion> portions;
    std::uint64_t bytes = 0;
    for (const auto& [name, file] : live.files) {
        if (file.output.kind != lake::OutputKind::quarantine) continue;
        bytes += file.output.bytes;
        if (portions.empty() || bytes > options.portion_bytes_max ||
            portions.back().size() >= options.portion_files_max) {
            portions.emplace_back();
            bytes = file.output.bytes;
        }
        portions.back().push_back(file);
    }
    return portions;
}

void count(const Judgement& judgement, ReplaySummary& summary) {
    ++summary.records;
    switch (judgement.verdict) {
        case Verdict::not_asked:
            ++summary.not_asked;
            return;
        case Verdict::cut:
            ++summary.skipped_cut;
            return;
        case Verdict::unframed:
            ++summary.skipped_framing;
            return;
        case Verdict::refused:
            ++summary.refused[std::string(to_string(judgement.retried.reason))];
            return;
        case Verdict::good:
            break;
    }
    ++summary.replayed;
    const event::Line& line = *judgement.retried.line;
    for (std::size_t at = 0; at < line.record_count; ++at) {
        if (!judgement.retried.is_ours[at] || line.records[at].refusal) continue;
        ++summary.written[std::string(to_string(line.records[at].topic))];
    }
}

std::int64_t ms_of(Timestamp time) {
    return std::chrono::floor<std::chrono::milliseconds>(time.time_since_epoch()).count();
}

class Judge {
public:
    Judge(const FileSystem& files, const ReplayOptions& options, const Clock& clock)
        : files_(files),
          registry_(make_registry(options)),
          trial_(options.reasons, ms_of(clock.now()) + options.ahead_max.count(), registry_.get()) {
    }

    Result<void> open(const ReplayOptions& options) {
        TRY_ASSIGN(auto rows, QuarantineRows::open(options.memory_bytes / 2, options.scratch));
        rows_ = std::make_unique<QuarantineRows>(std::move(rows));
        return {};
    }

    // Counts every record, and returns the files that have one which is good now.
    Result<Portion> judge(const Portion& portion, ReplaySummary& summary) {
        std::vector<std::string> paths;
        for (const LiveFile& file : portion) paths.push_back(files_.absolute(file.output.final));
        TRY(rows_->read(paths));
        std::set<std::string> good;
        for (;;) {
            TRY_ASSIGN(const QuarantineRow* row, rows_->next());
            if (row == nullptr) break;
            TRY_ASSIGN(const Judgement judgement, trial_.judge(row->record));
            count(judgement, summary);
            if (judgement.verdict == Verdict::good) good.insert(row->file);
        }
        Portion changed;
        for (std::size_t at = 0; at < portion.size(); ++at) {
            if (good.contains(paths[at])) changed.push_back(portion[at]);
        }
        return changed;
    }

    Trial& trial() { return trial_; }
    QuarantineRows& rows() { return *rows_; }

private:
    static std::unique_ptr<kafka::SchemaRegistry> make_registry(const ReplayOptions& options) {
        if (!options.registry) return nullptr;
        return std::make_unique<kafka::SchemaRegistry>(*options.registry);
    }

    const FileSystem& files_;
    std::unique_ptr<kafka::SchemaRegistry> registry_;
    Trial trial_;
    std::unique_ptr<QuarantineRows> rows_;
};

class Replay {
public:
    Replay(FileSystem& files, const ReplayOptions& options, const Clock& clock)
        : files_(files), options_(options), clock_(clock), judge_(files, options, clock) {}

    Result<ReplaySummary> run(const std::stop_token& stop) {
        const SteadyTime started = clock_.steady_now();
        TRY(judge_.open(options_));
        TRY_ASSIGN(journal_, compact::Journal::open(files_, clock_));
        TRY(sweep());
        TRY_ASSIGN(const lake::LiveFiles settled, journal_->settled_files());
        for (const Portion& portion : portions_of(settled, options_)) {
            summary_.interrupted = stop.stop_requested();
            if (summary_.interrupted) break;
            TRY_ASSIGN(const Portion changed, judge_.judge(portion, summary_));
            TRY(failpoint(kJudged));
            if (!changed.empty()) TRY(replace(changed));
        }
        TRY(sweep());
        TRY(journal_->keep_checkpoint());
        summary_.seconds = seconds_since(started, clock_);
        return std::move(summary_);
    }

private:
    Result<void> replace(const Portion& changed) {
        TRY_ASSIGN(lake::Entry entry, journal_->begin());
        TRY_ASSIGN(const std::string staging, journal_->make_staging());
        TRY_ASSIGN(lake::Entry made, rewrite(files_, changed, judge_.trial(), judge_.rows(),
                                             {.staging = staging,
                                              .seq = entry.seq,
                                              .memory_bytes = options_.memory_bytes / 2}));
        entry.outputs = std::move(made.outputs);
        entry.counters = std::move(made.counters);
        entry.dates_touched = std::move(made.dates_touched);
        entry.replaced = std::move(made.replaced);
        entry.rows_split = made.rows_split;
        TRY(journal_->commit(entry));
        ++summary_.entries;
        summary_.files_replaced += entry.replaced.size();
        summary_.files_written += entry.outputs.size();
        return failpoint(kCommitted);
    }

    Result<void> sweep() {
        TRY_ASSIGN(const compact::SweepResult swept, journal_->sweep(options_.grace));
        summary_.files_removed += swept.removed;
        summary_.files_awaiting = swept.awaiting;
        return {};
    }

    FileSystem& files_;
    const ReplayOptions& options_;
    const Clock& clock_;
    Judge judge_;
    std::unique_ptr<compact::Journal> journal_;
    ReplaySummary summary_;
};

}  // namespace

Result<ReplaySummary> replay(FileSystem& files, const ReplayOptions& options, const Clock& clock,
                             const std::stop_token& stop) {
    return Replay(files, options, clock).run(stop);
}

Result<ReplaySummary> rehearse(const FileSystem& files, const ReplayOptions& options,
                               const Clock& clock) {
    const SteadyTime started = clock.steady_now();
    ReplaySummary summary;
    Judge judge(files, options, clock);
    TRY(judge.open(options));
    TRY_ASSIGN(lake::LakeLog log, lake::load_log(files));
    std::erase_if(log.live.files, [&files](const auto& file) {
        const auto stands = files.exists(file.second.output.final);
        return !stands || !stands.value();
    });
    for (const Portion& portion : portions_of(log.live, options)) {
        TRY(judge.judge(portion, summary));
    }
    summary.seconds = seconds_since(started, clock);
    return summary;
}

}  // namespace bassline::replay
