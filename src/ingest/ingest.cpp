// SPDX-License-Identifier: Apache-2.0
#include "ingest/ingest.hpp"

#include <algorithm>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <span>
#include <utility>

#include "ingest/committer.hpp"
#include "ingest/follower.hpp"
#include "ingest/row_buffer.hpp"
#include "storage/open_file_limit.hpp"

namespace bassline::ingest {
namespace {

using std::chrono::steady_clock;

constexpr int kChangedInputRetries = 3;
constexpr std::chrono::milliseconds kCommitIntervalMin{1};
constexpr std::chrono::hours kCommitIntervalMax{24 * 365};
constexpr std::uint64_t kMemoryOutsideWriters = 96u
                                                << 20;  // libraries, readers, what the heap keeps
// Of the files that may be open; the others are staged or read.
constexpr std::size_t kHeldShare = 4;

struct Noted {
    std::string decision;
    std::size_t index = 0;  // in the summary
};

// What the notice says without the sizes, with which a refused file grows.
std::string decision_of(const Notice& notice) {
    std::string text = notice.text;
    if (notice.kind == NoticeKind::refused) {
        std::erase_if(text, [](char letter) { return letter >= '0' && letter <= '9'; });
    }
    return text;
}

class Ingest {
public:
    Ingest(storage::FileSystem& files, const IngestOptions& options, const std::stop_token& stop,
           Progress& progress, const std::function<void(const Notice&)>& on_notice,
           Committer& committer)
        : files_(files),
          options_(options),
          stop_(stop),
          progress_(progress),
          on_notice_(on_notice),
          committer_(committer) {}

    Result<IngestSummary> run() {
        if (options_.follow) {
            TRY(follow());
        } else {
            TRY(read_once());
        }
        for (const auto& [path, bytes] : pending_) summary_.pending_bytes += bytes;
        summary_.interrupted = stop_.stop_requested();
        return std::move(summary_);
    }

private:
    std::vector<InputPath> expand() {
        InputPaths expanded = expand_inputs(options_.inputs, files_.root());
        for (const std::string& lake : expanded.lakes) {
            note({NoticeKind::skipped, lake, "is a lake: a glob does not read its files as input"});
        }
        for (const Error& missing : expanded.missing) {
            note({NoticeKind::refused, "", missing.message});
        }
        return std::move(expanded.paths);
    }

    Result<void> read_once() {
        std::vector<InputPath> paths = expand();
        while (!paths.empty() && !stop_.stop_requested()) {
            TRY_ASSIGN(paths, pass_with_retries(paths));
        }
        return {};
    }

    Result<void> follow() {
        while (!stop_.stop_requested()) {
            const std::vector<InputPath> paths = expand();
            std::vector<InputPath> changed = follower_.changed(paths);
            do {
                TRY_ASSIGN(changed, pass_with_retries(changed));
            } while (!changed.empty() && !stop_.stop_requested());
            follower_.hold(committer_.sources());
            options_.pause(stop_, options_.commit_interval);
        }
        return {};
    }

    static bool has_stream(const std::vector<InputPath>& paths) {
        return std::ranges::any_of(paths, [](const InputPath& path) { return path.path == "-"; });
    }

    // An input that changed under the reader, or a seq that another writer took: nothing of the
    // batch happened, so it is looked at again; but what a pipe gave is gone. An input that cannot
    // be read, or changes each time, is left out.
    Result<std::vector<InputPath>> pass_with_retries(const std::vector<InputPath>& paths) {
        left_out_.clear();
        int retries = 0;
        while (true) {
            failed_.reset();
            auto deferred = pass(paths);
            if (deferred || deferred.error().kind != ErrorKind::conflict) return deferred;
            if (has_stream(paths)) {
                return error(ErrorKind::io,
                             "{}; what standard input delivered since the last commit was not "
                             "written and cannot be read again",
                             deferred.error().message);
            }
            const bool may_pass = !failed_ || failed_->why.kind == ErrorKind::conflict;
            if (may_pass && retries < kChangedInputRetries) {
                ++retries;
            } else if (failed_) {
                note({NoticeKind::refused, failed_->path, failed_->why.message});
                leave_out(failed_->path);
                retries = 0;
            } else {
                return deferred;
            }
            TRY(committer_.reload());
        }
    }

    // Until the next pass; a follower looks at it again then, changed or not.
    void leave_out(const std::string& path) {
        left_out_.insert(path);
        follower_.forget(path);
    }

    // Everything that the paths hold now; returns those that are to be looked at afterwards.
    Result<std::vector<InputPath>> pass(const std::vector<InputPath>& paths) {
        std::vector<SourceToRead> renamed = follower_.renamed(committer_.sources());
        const std::vector<InputPath> looked_at = without_left_out(paths);
        for (const InputPath& path : looked_at) copies_.erase(path.path);
        Survey survey =
            survey_sources(looked_at, committer_.sources(), copies_,
                           {.drained = follower_.drained(), .window_max = worker_memory() / 2});
        copies_.merge(survey.copies);
        for (SourceToRead& source : renamed) {
            if (!left_out_.contains(source.path)) survey.sources.push_back(std::move(source));
        }
        for (const Notice& notice : survey.notices) note(notice);
        for (const SourceToRead& source : survey.sources) {
            progress_.input_bytes_total += source.input_bytes;
        }
        if (!survey.sources.empty()) TRY(read(survey.sources));
        return std::move(survey.deferred);
    }

    std::vector<InputPath> without_left_out(std::vector<InputPath> paths) const {
        std::erase_if(paths,
                      [this](const InputPath& path) { return left_out_.contains(path.path); });
        return paths;
    }

    Result<void> read(const std::vector<SourceToRead>& sources) {
        BatchFeed feed(sources, options_.threads, stop_);
        std::vector<std::shared_ptr<Interners>> interners(options_.threads);
        for (auto& of_worker : interners) of_worker = std::make_shared<Interners>();
        do {
            TRY(run_and_commit(feed, sources, interners));
        } while (!feed.exhausted() && !stop_.stop_requested());
        return {};
    }

    Result<void> run_and_commit(BatchFeed& feed, const std::vector<SourceToRead>& sources,
                                std::span<const std::shared_ptr<Interners>> interners) {
        TRY_ASSIGN(BatchOptions options, batch_options());
        options.interners = interners;
        feed.start_batch({.input_bytes = options_.batch_bytes,
                          .deadline = steady_clock::now() + options_.commit_interval});
        auto output = run_batch(files_, feed, sources, options, progress_);
        if (!output) {
            committer_.discard();
            failed_ = feed.failed();
            if (!failed_) return std::move(output).error();
            return error(ErrorKind::conflict, "{}", failed_->why.message);
        }
        for (const Notice& notice : feed.take_refused()) {
            note(notice);
            leave_out(notice.path);
        }
        BatchOutput& batch = output.value();
        for (const lake::FileRange& range : batch.ranges) pending_.erase(range.path);
        for (const Notice& notice : batch.notices) note(notice);
        if (batch.ranges.empty()) {
            committer_.discard();
            return {};
        }
        auto entry = committer_.commit(std::move(batch), options.context);
        if (!entry) {
            if (entry.error().kind == ErrorKind::conflict) committer_.discard();
            return std::move(entry).error();
        }
        add_to_summary(entry.value(), summary_);
        if (options_.on_commit) options_.on_commit(entry.value());
        return {};
    }

    Result<BatchOptions> batch_options() {
        BatchOptions options{.threads = options_.threads};
        TRY_ASSIGN(options.context, committer_.begin());
        options.context.producer = options_.producer;
        options.context.ahead_max = options_.ahead_max;
        options.context.memory_bytes = worker_memory();
        return options;
    }

    std::size_t worker_memory() const {
        const std::uint64_t for_writers =
            options_.memory_bytes - std::min(options_.memory_bytes / 2, kMemoryOutsideWriters);
        return static_cast<std::size_t>(for_writers / options_.threads);
    }

    // Following looks at the same paths again and again; a decision about one is worth saying once,
    // and the last of a kind is kept.
    void note(const Notice& notice) {
        if (notice.kind == NoticeKind::already_ingested) pending_.erase(notice.path);
        if (notice.kind == NoticeKind::pending) pending_[notice.path] = notice.pending_bytes;
        const std::string& about = notice.path.empty() ? notice.text : notice.path;
        const std::string decision = decision_of(notice);
        const auto [noted, first] = noted_.try_emplace(std::pair(about, notice.kind));
        if (!first && noted->second.decision == decision) return;
        if (first) {
            noted->second.index = summary_.notices.size();
            summary_.notices.push_back(notice);
        } else {
            summary_.notices[noted->second.index] = notice;
        }
        noted->second.decision = decision;
        on_notice_(notice);
    }

    storage::FileSystem& files_;
    const IngestOptions& options_;
    const std::stop_token stop_;
    Progress& progress_;
    const std::function<void(const Notice&)>& on_notice_;
    Committer& committer_;
    Follower follower_{storage::open_file_limit() / kHeldShare};
    std::optional<FailedInput> failed_;  // by the batch that was just dropped
    std::set<std::string> left_out_;     // paths, of this pass
    std::map<std::pair<std::string, NoticeKind>, Noted> noted_;  // by path and kind
    std::map<std::string, std::uint64_t> pending_;               // bytes that wait, by path
    CopiesByPath copies_;                                        // that were not recorded
    IngestSummary summary_;
};

Result<void> check(const IngestOptions& options) {
    if (options.threads == 0) return error(ErrorKind::usage, "--threads must be at least 1");
    if (options.batch_bytes == 0) return error(ErrorKind::usage, "--file-bytes must be at least 1");
    if (options.commit_interval < kCommitIntervalMin ||
        options.commit_interval > kCommitIntervalMax) {
        return error(ErrorKind::usage, "--commit-interval must be from 1ms to {}h",
                     kCommitIntervalMax.count());
    }
    if (options.follow && options.inputs.size() > 1 &&
        std::ranges::find(options.inputs, "-") != options.inputs.end()) {
        return error(ErrorKind::usage,
                     "--follow reads standard input (-) alone: a pipe that stays open would keep "
                     "the other inputs waiting");
    }
    const std::uint64_t least = kThreadMemoryMin * options.threads;
    if (options.memory_bytes < least) {
        return error(ErrorKind::usage, "--memory must be at least {} MiB for {} threads",
                     least >> 20, options.threads);
    }
    return {};
}

}  // namespace

void add_to_summary(const lake::Entry& entry, IngestSummary& summary) {
    ++summary.entries;
    for (const auto& [topic, counted] : entry.counters) {
        lake::TopicCounters& sum = summary.topics[topic].counters;
        sum.consumed += counted.consumed;
        sum.written += counted.written;
        sum.late += counted.late;
        sum.quarantined += counted.quarantined;
        for (const auto& [reason, count] : counted.by_reason) sum.by_reason[reason] += count;
    }
    for (const lake::Output& output : entry.outputs) {
        ++summary.topics[output.topic].files;
        summary.bytes += output.bytes;
    }
}

bool IngestSummary::refused() const {
    return std::ranges::any_of(
        notices, [](const Notice& notice) { return notice.kind == NoticeKind::refused; });
}

Result<IngestSummary> ingest(storage::FileSystem& files, const IngestOptions& options,
                             const Clock& clock, const std::stop_token& stop, Progress& progress,
                             const std::function<void(const Notice&)>& on_notice) {
    TRY(check(options));
    storage::raise_open_file_limit();
    const auto began = steady_clock::now();
    TRY_ASSIGN(const auto committer, Committer::open(files, clock));
    TRY_ASSIGN(IngestSummary summary,
               Ingest(files, options, stop, progress, on_notice, *committer).run());
    summary.seconds = std::chrono::duration<double>(steady_clock::now() - began).count();
    return summary;
}

}  // namespace bassline::ingest
