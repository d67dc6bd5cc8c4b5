// SPDX-License-Identifier: Apache-2.0
#include "models/build.hpp"

#include <algorithm>
#include <chrono>
#include <map>
#include <mutex>

#include "base/failpoint.hpp"
#include "base/log.hpp"
#include "duck/interrupter.hpp"
#include "lake/projection.hpp"
#include "lake/snapshot.hpp"
#include "models/bronze.hpp"
#include "models/export.hpp"
#include "models/plan.hpp"
#include "models/relation_maker.hpp"
#include "models/relations.hpp"
#include "models/scope.hpp"
#include "models/scratch.hpp"
#include "models/task_graph.hpp"
#include "models/test_run.hpp"
#include "storage/process_lock.hpp"

namespace bassline::models {
namespace {

using storage::FileSystem;

constexpr std::string_view kEventDate = "event_date";
constexpr std::string_view kBuildLock = "_snapshots/lock";

std::uint64_t memory_of(const BuildOptions& options) {
    return options.memory_bytes != 0 ? options.memory_bytes : default_memory_bytes();
}

// One run of the planned tasks over a scratch database. The workers share `results_` and `exports_`
// under a mutex.
class Run {
public:
    Run(FileSystem& files, const Manifest& manifest, const std::optional<lake::Snapshot>& previous,
        const BuildOptions& options, const Clock& clock)
        : files_(files),
          manifest_(manifest),
          previous_(previous),
          options_(options),
          clock_(clock),
          kept_rows_(memory_of(options)) {}

    Result<void> execute(Scratch& scratch, const Plan& plan, const Bronze& bronze,
                         const std::stop_token& stop) {
        retained_from_ = bronze.retained_from;
        TRY_ASSIGN(scope_, create_sources(scratch.connection(0), {.files = files_,
                                                                  .manifest = manifest_,
                                                                  .previous = previous_,
                                                                  .bronze = bronze,
                                                                  .is_full = plan.is_full}));
        TRY(create_published_views(scratch.connection(0), plan));
        const FilesSize size = size_of(bronze, scope_.written);
        if (size.is_small()) TRY(scratch.use_one_thread_a_query());
        graph_ = make_task_graph(manifest_, plan.built, plan.standing,
                                 size.is_in_small_files() ? Staging::table : Staging::view);
        const duck::Interrupter interrupter(stop, [&scratch] { scratch.interrupt(); });
        TRY_ASSIGN(const auto outcomes, run_jobs(
                                            graph_.jobs, scratch.workers(),
                                            [&](std::size_t job, std::size_t worker) {
                                                return run_task(scratch, graph_.tasks[job], worker);
                                            },
                                            stop));
        add_skipped(outcomes);
        return {};
    }

    const Scope& scope() const { return scope_; }
    std::vector<NodeResult> take_results() { return std::move(results_); }
    const std::vector<ExportedTable>& exports() const { return exports_; }

private:
    // Tables that this build does not make stand as they were published.
    Result<void> create_published_views(duck::Connection& connection, const Plan& plan) {
        for (const std::string& id : plan.standing) {
            const Node& node = *manifest_.find(id);
            TRY(create_published_view(connection, files_, node, previous_->tables.at(node.name)));
        }
        return {};
    }

    Result<JobOutcome> run_task(Scratch& scratch, const Task& task, std::size_t worker) {
        TRY(failpoint("models.task"));
        NodeResult result{
            .node = task.node, .status = "success", .thread = worker, .started = clock_.now()};
        const auto done = perform(scratch, task, worker, result);
        result.completed = clock_.now();
        if (!done && done.error().kind == ErrorKind::cancelled) return done.error();
        if (!done) {
            result.status = "error";
            result.message = done.error().message;
        }
        const bool has_failed = result.status == "error" || result.status == "fail";
        const bool is_error =
            has_failed && (task.kind != TaskKind::test || task.node->test.is_error_severity);
        if (task.kind != TaskKind::export_table || has_failed) add(std::move(result));
        return is_error ? JobOutcome::failed : JobOutcome::succeeded;
    }

    Result<void> perform(Scratch& scratch, const Task& task, std::size_t worker,
                         NodeResult& result) {
        duck::Connection& connection = scratch.connection(worker);
        switch (task.kind) {
            case TaskKind::make_relation: {
                TRY_ASSIGN(const MadeRelation made,
                           make_relation(connection, manifest_, task, kept(*task.node)));
                result.rows = made.rows;
                const std::lock_guard lock(mutex_);
                computed_[task.node] = made.computed;
                return {};
            }
            case TaskKind::test: {
                TRY_ASSIGN(const TestResult test, run_test(connection, *task.node));
                result.failures = test.failures;
                result.status = test.verdict == Verdict::pass   ? "pass"
                                : test.verdict == Verdict::warn ? "warn"
                                                                : "fail";
                if (test.verdict != Verdict::pass) {
                    result.message = fmt::format("got {} failing rows", test.failures);
                }
                return {};
            }
            case TaskKind::export_table:
                return export_node(connection, *task.node, scratch.folder());
        }
        return {};
    }

    Result<void> export_node(duck::Connection& connection, const Node& node,
                             const std::string& folder) {
        const bool by_date =
            node.partition_by == kEventDate || node.materialized == Materialized::incremental;
        std::string computed;
        {
            const std::lock_guard lock(mutex_);
            computed = computed_.at(&node);
        }
        TRY_ASSIGN(ExportedTable table,
                   export_table(connection, computed, node.name, folder, by_date));
        if (table.files.empty() &&
            kept_table_files(node).empty()) {  // readers need the columns even without rows
            TRY_ASSIGN(table, export_table(connection, computed, node.name, folder, false));
        }
        const std::lock_guard lock(mutex_);
        exports_.push_back(std::move(table));
        return {};
    }

public:
    // The published files of an incremental table that stay as they are.
    std::vector<lake::TableFile> kept_table_files(const Node& node) const {
        std::vector<lake::TableFile> kept;
        if (node.materialized != Materialized::incremental || !previous_) return kept;
        const auto table = previous_->tables.find(node.name);
        if (table == previous_->tables.end()) return kept;
        std::ranges::copy_if(
            table->second.files, std::back_inserter(kept), [this](const lake::TableFile& file) {
                return !file.event_date.empty() && file.event_date >= retained_from_ &&
                       !scope_.written.contains(file.event_date);
            });
        return kept;
    }

private:
    KeptFiles kept(const Node& node) {
        KeptFiles kept;
        FilesSize size;
        for (const lake::TableFile& file : kept_table_files(node)) {
            kept.paths.push_back(files_.absolute(file.path));
            size.add(file.bytes);
        }
        const std::lock_guard lock(mutex_);
        kept.as_rows = kept_rows_.take(size);
        return kept;
    }

    void add(NodeResult result) {
        const std::lock_guard lock(mutex_);
        if (options_.on_result) options_.on_result(result);
        results_.push_back(std::move(result));
    }

    void add_skipped(const std::vector<JobOutcome>& outcomes) {
        const Timestamp now = clock_.now();
        for (std::size_t job = 0; job < outcomes.size(); ++job) {
            const Task& task = graph_.tasks[job];
            if (outcomes[job] != JobOutcome::skipped || task.kind == TaskKind::export_table)
                continue;
            add({.node = task.node, .status = "skipped", .started = now, .completed = now});
        }
        std::ranges::sort(results_, {},
                          [](const NodeResult& result) { return result.node->unique_id; });
    }

    FileSystem& files_;
    const Manifest& manifest_;
    const std::optional<lake::Snapshot>& previous_;
    const BuildOptions& options_;
    const Clock& clock_;
    TaskGraph graph_;
    Scope scope_;
    std::string retained_from_;  // older dates are not kept
    std::mutex mutex_;           // guards what follows
    std::vector<NodeResult> results_;
    std::vector<ExportedTable> exports_;
    std::map<const Node*, std::string> computed_;
    KeptRowsBudget kept_rows_;
};

BuildOutcome outcome_of(const std::vector<NodeResult>& results) {
    const auto has = [&results](NodeType type, std::string_view status) {
        return std::ranges::any_of(results, [&](const NodeResult& result) {
            const bool is_test = result.node->type == NodeType::test;
            return is_test == (type == NodeType::test) && result.status == status &&
                   (!is_test || result.node->test.is_error_severity);
        });
    };
    if (has(NodeType::model, "error")) return BuildOutcome::model_failed;
    if (has(NodeType::test, "fail") || has(NodeType::test, "error"))
        return BuildOutcome::test_failed;
    return BuildOutcome::published;
}

// The tables of the next snapshot: built ones new, others as they were.
std::map<std::string, lake::Table> next_tables(
    const Manifest& manifest, const std::optional<lake::Snapshot>& previous, const Plan& plan,
    const Run& run, std::map<std::string, std::vector<lake::TableFile>> copied) {
    std::map<std::string, lake::Table> tables;
    for (const Node& node : manifest.nodes) {
        if (!is_published(node)) continue;
        if (!plan.built.contains(node.unique_id)) {
            if (plan.standing.contains(node.unique_id))
                tables[node.name] = previous->tables.at(node.name);
            continue;
        }
        lake::Table table{.layer = node.schema, .files = run.kept_table_files(node)};
        for (lake::TableFile& file : copied[node.name]) table.files.push_back(std::move(file));
        std::ranges::sort(table.files, {}, &lake::TableFile::event_date);
        tables[node.name] = std::move(table);
    }
    return tables;
}

class Build {
public:
    Build(FileSystem& files, const Manifest& manifest, const BuildOptions& options,
          const Clock& clock)
        : files_(files), manifest_(manifest), options_(options), clock_(clock) {}

    Result<BuildReport> run(const std::stop_token& stop) {
        const SteadyTime started = clock_.steady_now();
        TRY_ASSIGN(const auto lock, storage::ProcessLock::acquire(files_, kBuildLock, "building"));
        TRY(finish_what_others_left());
        TRY_ASSIGN(const bool is_needed, plan());
        if (!is_needed) return nothing_new();
        Run run(files_, manifest_, previous_, options_, clock_);
        const std::string id = lake::make_run_id(next_n(), clock_.now());
        TRY_ASSIGN(Scratch scratch,
                   Scratch::open({.parent = options_.scratch.empty() ? default_scratch_parent()
                                                                     : options_.scratch,
                                  .threads = options_.threads,
                                  .memory_bytes = memory_of(options_)},
                                 manifest_, id));
        TRY(run.execute(scratch, plan_, bronze_, stop));
        BuildReport report{.run = id,
                           .snapshot = previous_ ? previous_->n : 0,
                           .is_full = plan_.is_full,
                           .dates_written = run.scope().written.size(),
                           .results = run.take_results()};
        report.outcome = outcome_of(report.results);
        report.seconds = seconds_since(started, clock_);
        TRY(record(report));
        if (report.outcome == BuildOutcome::published)
            TRY(publish(run, report));
        else
            TRY(lake::prune_reports(files_));
        report.seconds = seconds_since(started, clock_);
        return report;
    }

private:
    std::uint64_t next_n() const { return previous_ ? previous_->n + 1 : 1; }

    Result<void> finish_what_others_left() {
        TRY_ASSIGN(previous_, lake::newest_snapshot(files_));
        TRY(lake::discard_unpublished(files_, previous_ ? previous_->n : 0));
        if (previous_) TRY(lake::project(files_, *previous_));
        TRY_ASSIGN(log_, lake::load_log(files_));
        TRY(finish_publications(files_, log_));
        return lake::keep_checkpoint(files_, log_, "build");
    }

    Result<bool> plan() {
        TRY_ASSIGN(auto selected, select_tables(manifest_, options_.select));
        const bool is_selection = !options_.select.empty();
        if (is_selection && previous_) TRY(check_unchanged_since(log_.live, *previous_));
        const Positions before = previous_ ? previous_->bronze : Positions{};
        bronze_ = bronze_of(log_.live, before,
                            is_selection && previous_ ? std::optional(before) : std::nullopt);
        if (is_selection && previous_) bronze_.watermark_ms = previous_->watermark_ms;
        if (!is_selection && previous_) expire(bronze_, *previous_);
        if (bronze_.dates.empty() && bronze_.quarantine.empty() && !previous_) return false;
        TRY_ASSIGN(plan_, make_plan(manifest_, previous_, bronze_,
                                    {.full_refresh = options_.full_refresh,
                                     .is_selection = is_selection,
                                     .selected = std::move(selected)}));
        return plan_.is_needed;
    }

    BuildReport nothing_new() const {
        return {.outcome = BuildOutcome::nothing_new,
                .run = previous_ ? previous_->run : "",
                .snapshot = previous_ ? previous_->n : 0};
    }

    Result<void> publish(const Run& run, BuildReport& report) {
        TRY_ASSIGN(auto copied, copy_into_lake(files_, report.run, run.exports()));
        const lake::Snapshot snapshot{
            .n = next_n(),
            .prev_sha256 = previous_ ? lake::sha256_of(*previous_) : "",
            .run = report.run,
            .committed_at = clock_.now(),
            .models_sha256 = models_sha256(plan_.fingerprints),
            .models = plan_.fingerprints,
            .engine = "duckdb",
            .bronze = bronze_.positions,
            .watermark_ms = bronze_.watermark_ms,
            .retained_from = bronze_.retained_from,
            .tables = next_tables(manifest_, previous_, plan_, run, std::move(copied))};
        TRY(lake::commit(files_, snapshot));
        report.snapshot = snapshot.n;
        tidy_after(snapshot);
        return {};
    }

    // The commit is the publication: what fails after it is made good by the next build.
    void tidy_after(const lake::Snapshot& snapshot) {
        if (const auto projected = lake::project(files_, snapshot); !projected) {
            log_warn(
                "snapshot {} is published, but its files under silver/ and gold/ are not all "
                "replaced; the next build does that: {}",
                snapshot.n, projected.error().message);
            return;  // older files may still be what silver/ and gold/ show
        }
        if (const auto pruned = lake::prune(files_, clock_.now()); !pruned) {
            log_warn("snapshot {} is published, but old snapshots were not all removed: {}",
                     snapshot.n, pruned.error().message);
        }
    }

    Result<void> record(const BuildReport& report) {
        const std::string results = run_results_json(manifest_, report.results,
                                                     {.select = options_.select,
                                                      .full_refresh = options_.full_refresh,
                                                      .threads = options_.threads},
                                                     clock_.now(), report.seconds);
        return write_run(files_, report.run, previous_ ? previous_->run : "", manifest_, results);
    }

    FileSystem& files_;
    const Manifest& manifest_;
    const BuildOptions& options_;
    const Clock& clock_;
    std::optional<lake::Snapshot> previous_;
    lake::LakeLog log_;
    Bronze bronze_;
    Plan plan_;
};

}  // namespace

std::size_t BuildReport::count(NodeType type, std::string_view status) const {
    return static_cast<std::size_t>(std::ranges::count_if(results, [&](const NodeResult& result) {
        return result.node->type == type && result.status == status;
    }));
}

Result<BuildReport> build(FileSystem& files, const Manifest& manifest, const BuildOptions& options,
                          const Clock& clock, const std::stop_token& stop) {
    return Build(files, manifest, options, clock).run(stop);
}

}  // namespace bassline::models
