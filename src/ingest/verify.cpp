// SPDX-License-Identifier: Apache-2.0
#include "ingest/verify.hpp"

#include <algorithm>
#include <set>

#include "base/log.hpp"
#include "duck/interrupter.hpp"
#include "ingest/compaction_check.hpp"
#include "ingest/file_check.hpp"
#include "ingest/input_file.hpp"
#include "ingest/read_chains.hpp"
#include "ingest/row_counts.hpp"
#include "ingest/source_ranges.hpp"
#include "lake/kafka_chain.hpp"
#include "lake/live_files.hpp"
#include "lake/names.hpp"
#include "lake/snapshot.hpp"

namespace bassline::ingest {
namespace {

using storage::FileSystem;

struct TopicFiles {
    std::vector<std::string> bronze;  // and beside it; absolute, as they stand now
    std::vector<std::string> quarantine;
};

class Verifier {
public:
    Verifier(const FileSystem& files, const VerifyOptions& options, RowCounter counter)
        : files_(files), options_(options), counter_(std::move(counter)) {}

    Result<VerifyReport> run() {
        TRY(check_logs());
        const duck::Interrupter interrupter(options_.stop,
                                            [this] { counter_.connection().interrupt(); });
        TRY(check_live_files());
        for (const auto& [topic, paths] : topics_) {
            check_rows(topic, paths);
            TRY(unless_stopped());
        }
        for (const std::string_view folder :
             {std::string_view("bronze"), std::string_view("_quarantine"),
              std::string_view("_late"), lake::kMergedDirectory}) {
            TRY(find_unnamed(std::string(folder)));
        }
        add_empty_partitions();
        TRY(report_unnamed());
        TRY(check_snapshots());
        if (options_.kafka) TRY(check_kafka(*options_.kafka));
        TRY(unless_stopped());
        return std::move(report_);
    }

private:
    template <class... Args>
    void find(fmt::format_string<Args...> format, Args&&... args) {
        report_.findings.push_back(fmt::format(format, std::forward<Args>(args)...));
    }

    // Asked after each file and chain: what a stop or too little memory broke off is no finding.
    Result<void> unless_stopped() const {
        if (counter_.shortage()) return *counter_.shortage();
        if (!options_.stop.stop_requested()) return {};
        return error(ErrorKind::cancelled, "interrupted: the lake was not checked to its end");
    }

    // The chain `compact` is read first and folded last: what it replaces, the others then name.
    Result<void> check_logs() {
        TRY_ASSIGN(const lake::Chain compact, load(std::string(lake::kCompactChain)));
        kafka_.note_expired(compact);
        TRY_ASSIGN(const auto names, lake::list_chains(files_));
        for (const std::string& name : names) {
            if (name == lake::kCompactChain) continue;
            TRY(unless_stopped());
            TRY_ASSIGN(const lake::Chain chain, load(name));
            check_chain(chain);
            if (auto noted = kafka_.add(chain); !noted) find("{}", noted.error().message);
        }
        CompactionCheck check(files_, live_, [this](std::string finding) {
            report_.findings.push_back(std::move(finding));
        });
        report_.entries += compact.entries.size();
        for (const lake::Entry& entry : compact.entries) name_files(entry);
        TRY_ASSIGN(const CompactionCounts counts, check.fold(compact));
        report_.rows_expired = counts.rows_expired;
        report_.files_expired = counts.files_expired;
        report_.files_awaiting = counts.files_awaiting;
        report_.retained_from = live_.retained_from;
        return {};
    }

    // A damaged chain is a finding and reads empty.
    Result<lake::Chain> load(const std::string& name) {
        auto loaded = lake::Chain::load(files_, name);
        if (loaded || loaded.error().kind == ErrorKind::io) return loaded;
        find("{}", loaded.error().message);
        chain_broken_ = true;
        return lake::Chain{.name = name};
    }

    void check_chain(const lake::Chain& chain) {
        for (const lake::Entry& entry : chain.entries) {
            ++report_.entries;
            check_ranges(entry, sources_[chain.name], report_.findings);
            check_counters(entry);
            name_files(entry);
            live_.apply(entry, "");
            if (entry.seq + 1 < chain.next_seq()) continue;
            for (const lake::Output& output : entry.outputs) {
                staged_name_[output.final] = output.staged;
            }
        }
    }

    void name_files(const lake::Entry& entry) {
        for (const lake::Output& output : entry.outputs) {
            named_.insert(output.final);
            named_.insert(lake::visible_path(output.final));
        }
    }

    Result<void> check_live_files() {
        for (const auto& [name, file] : live_.files) {
            check_file(file, topics_[file.output.topic]);
            TRY(unless_stopped());
        }
        return {};
    }

    void check_counters(const lake::Entry& entry) {
        std::map<std::string, lake::TopicCounters> held;
        for (const lake::Output& output : entry.outputs) {
            lake::TopicCounters& counters = held[output.topic];
            (output.has_events() ? counters.written : counters.quarantined) += output.rows;
            if (output.kind == lake::OutputKind::late) counters.late += output.rows;
        }
        for (const auto& [topic, counters] : entry.counters) {
            if (counters.consumed != counters.written + counters.quarantined) {
                find("entry {} of chain {} consumed {} {}, but {} were written and {} quarantined",
                     entry.seq, entry.chain, counters.consumed, topic, counters.written,
                     counters.quarantined);
            }
            if (counters.late != held[topic].late) {
                find("entry {} of chain {} counts {} late {}, its files hold {}", entry.seq,
                     entry.chain, counters.late, topic, held[topic].late);
            }
            if (counters.written != held[topic].written ||
                counters.quarantined != held[topic].quarantined) {
                find(
                    "entry {} of chain {} counts {} written and {} quarantined {}, its files hold "
                    "{} and {}",
                    entry.seq, entry.chain, counters.written, counters.quarantined, topic,
                    held[topic].written, held[topic].quarantined);
            }
        }
    }

    // Where the file stands: under its final name or, of a newest entry, still staged.
    std::string standing_path(const lake::Output& output) const {
        const auto staged = staged_name_.find(output.final);
        if (staged == staged_name_.end()) return output.final;
        const auto final_stands = files_.exists(output.final);
        if (final_stands && final_stands.value()) return output.final;
        const auto staged_stands = files_.exists(staged->second);
        return staged_stands && staged_stands.value() ? staged->second : output.final;
    }

    void check_file(const lake::LiveFile& file, TopicFiles& topic) {
        const lake::Output& output = file.output;
        ++report_.files;
        const std::string named_by = fmt::format("entry {} of chain {}", file.seq, file.chain);
        const std::size_t findings = report_.findings.size();
        std::string path = standing_path(output);
        const auto look = [&] {
            return is_whole(named_by, {path, output.bytes, output.rows, output.xxh64});
        };
        bool whole = look();
        if (!whole && path != output.final) {  // published while it was looked at?
            report_.findings.resize(findings);
            path = standing_path(output);
            whole = look();
        }
        if (path != output.final) staged_[files_.absolute(path)] = files_.absolute(output.final);
        // A damaged file too, if it can be read: which rows are wrong is worth knowing.
        if (options_.kafka && options_.full && counter_.rows_of(files_.absolute(path))) {
            kafka_.add_file(file, files_.absolute(path));
        }
        if (!whole) return;
        report_.rows += output.rows;
        if (output.kind == lake::OutputKind::late) report_.rows_late += output.rows;
        (output.has_events() ? topic.bronze : topic.quarantine).push_back(files_.absolute(path));
    }

    bool is_whole(const std::string& named_by, const NamedFile& file) {
        const auto wrong = what_is_wrong(files_, counter_, file, options_.full);
        if (wrong) find("{} names {}", named_by, *wrong);
        return !wrong;
    }

    Result<void> check_kafka(const KafkaVerifyOptions& kafka) {
        std::vector<ReadChain> chains = kafka_.take(live_.retained_from);
        if (chains.empty()) {
            log_warn("the lake has no Kafka chain: the brokers were not asked");
            return {};
        }
        for (ReadChain& chain : chains) {
            for (RowFile& file : chain.files) file.path = published_path(file.path);
        }
        auto states = verify_kafka(kafka, options_.full, chains, counter_.connection(),
                                   report_.findings, options_.stop);
        TRY(unless_stopped());  // whatever the stop made of it
        TRY_ASSIGN(report_.brokers, std::move(states));
        return {};
    }

    // Where a file stands that was staged when it was looked at, and may be published by now.
    std::string published_path(const std::string& path) const {
        const auto moved = staged_.find(path);
        return moved != staged_.end() && InputFile::open(moved->second) ? moved->second : path;
    }

    void follow_publication(std::vector<std::string>& paths) const {
        for (std::string& path : paths) path = published_path(path);
    }

    void check_rows(const std::string& topic, TopicFiles paths) {
        auto counted = counter_.by_source(paths.bronze, paths.quarantine);
        if (!counted) {
            for (auto* const each : {&paths.bronze, &paths.quarantine}) follow_publication(*each);
            counted = counter_.by_source(paths.bronze, paths.quarantine);
        }
        if (!counted)
            return find("the files of {} cannot be read: {}", topic, counted.error().message);
        for (const auto& [source, rows] : counted.value()) {
            VerifiedPartition partition{.chain = source.first,
                                        .topic = topic,
                                        .partition = source.second,
                                        .rows = rows.bronze,
                                        .quarantined = rows.quarantined,
                                        .duplicate = rows.duplicate};
            check_partition(partition, rows, sources_[source.first]);
            report_.partitions.push_back(std::move(partition));
        }
    }

    static void take_ranges(VerifiedPartition& partition, const SourceRanges& ranges) {
        partition.source = ranges.path;
        partition.start = ranges.start;
        partition.end = ranges.end;
        partition.missing = ranges.missing;
        partition.lost = ranges.lost;
        partition.chain_ok = ranges.ok;
    }

    // A Kafka partition is worth telling of even if nothing was in it.
    void add_empty_partitions() {
        for (const auto& [chain, sources] : sources_) {
            if (!lake::is_kafka_chain(chain)) continue;
            for (const auto& [number, ranges] : sources) {
                const auto told =
                    std::ranges::find(report_.partitions, chain, &VerifiedPartition::chain);
                if (told != report_.partitions.end()) continue;
                VerifiedPartition partition{
                    .chain = chain, .topic = ranges.topic, .partition = number};
                take_ranges(partition, ranges);
                report_.partitions.push_back(std::move(partition));
            }
        }
    }

    void check_partition(VerifiedPartition& partition, const SourceRows& rows,
                         const SourceRangesByNumber& sources) {
        if (rows.duplicate > 0) {
            find("{} of source {} in chain {} holds {} rows twice", partition.topic,
                 partition.partition, partition.chain, rows.duplicate);
        }
        const auto source = sources.find(partition.partition);
        if (source == sources.end()) {
            find("{} holds rows of source {}, which no entry of chain {} read", partition.topic,
                 partition.partition, partition.chain);
            partition.chain_ok = false;
            return;
        }
        take_ranges(partition, source->second);
        const bool inside = rows.first_offset >= static_cast<std::int64_t>(partition.start) &&
                            static_cast<std::uint64_t>(rows.last_offset) < partition.end;
        if (inside) return;
        find("{} of source {} in chain {} holds offsets {} to {}, outside what was read ({} to {})",
             partition.topic, partition.partition, partition.chain, rows.first_offset,
             rows.last_offset, partition.start, partition.end);
    }

    // With a chain that does not read, nobody knows which files it names.
    Result<void> find_unnamed(const std::string& directory) {
        if (chain_broken_) return {};
        const auto listed = files_.list(directory);
        if (!listed && listed.error().kind == ErrorKind::not_found) return {};
        if (!listed) return listed.error();
        for (const auto& file : listed.value()) {
            if (file.is_directory) {
                TRY(find_unnamed(file.path));
            } else if (!named_.contains(file.path) &&
                       !(lake::is_complete_mark(file.path) && file.bytes == 0)) {
                unnamed_.push_back(file.path);
            }
        }
        return {};
    }

    // What was published since the chains were read is named by their newer entries.
    Result<void> report_unnamed() {
        if (unnamed_.empty()) return {};
        TRY_ASSIGN(const auto chains, lake::list_chains(files_));
        for (const std::string& name : chains) {
            TRY(unless_stopped());
            TRY_ASSIGN(const lake::Chain chain, lake::Chain::load(files_, name));
            for (const lake::Entry& entry : chain.entries) name_files(entry);
        }
        for (const std::string& path : unnamed_) {
            if (named_.contains(path)) continue;
            find("{} is named by no entry of any chain", files_.absolute(path));
        }
        return {};
    }

    Result<void> check_snapshots() {
        const auto newest = check_chain_of_snapshots();
        if (!newest) return {};
        for (const auto& [name, table] : newest->tables) {
            for (const lake::TableFile& file : table.files) {
                ++report_.files;
                (void)is_whole(fmt::format("snapshot {}", newest->n),
                               {file.path, file.bytes, file.rows, file.xxh64});
                TRY(unless_stopped());
            }
        }
        return {};
    }

    // The newest snapshot, unless there is none or one cannot be read.
    std::optional<lake::Snapshot> check_chain_of_snapshots() {
        const auto numbers = lake::list_snapshots(files_);
        if (!numbers) {
            find("{}", numbers.error().message);
            return std::nullopt;
        }
        std::optional<lake::Snapshot> previous;
        for (const std::uint64_t number : numbers.value()) {
            auto read = lake::read_snapshot(files_, number);
            if (!read) {
                find("{}", read.error().message);
                return std::nullopt;
            }
            lake::Snapshot snapshot = std::move(read).value();
            if (previous && (previous->n + 1 != snapshot.n ||
                             snapshot.prev_sha256 != lake::sha256_of(*previous))) {
                find("snapshot {} does not follow snapshot {}: one of the two was changed",
                     snapshot.n, previous->n);
            }
            ++report_.snapshots;
            previous = std::move(snapshot);
        }
        return previous;
    }

    const FileSystem& files_;
    const VerifyOptions& options_;
    RowCounter counter_;
    VerifyReport report_;
    lake::LiveFiles live_;
    std::map<std::string, SourceRangesByNumber> sources_;  // by chain
    std::map<std::string, TopicFiles> topics_;
    ReadChains kafka_;
    std::set<std::string> named_;
    std::map<std::string, std::string> staged_name_;  // of newest entries: by final name
    std::vector<std::string> unnamed_;                // when the folders were listed
    std::map<std::string, std::string> staged_;       // absolute: staged to final
    bool chain_broken_ = false;
};

}  // namespace

// A compaction that went on meanwhile may have removed what the logs named when they were read.
Result<VerifyReport> verify(const FileSystem& files, const VerifyOptions& options) {
    constexpr int kAttempts = 3;
    for (int attempt = 1;; ++attempt) {
        TRY_ASSIGN(const CompactionProgress before, compaction_progress(files));
        TRY_ASSIGN(RowCounter counter,
                   RowCounter::open(options.threads, options.memory_bytes, options.scratch));
        auto report = Verifier(files, options, std::move(counter)).run();
        if (!report || report.value().ok() || attempt == kAttempts) return report;
        TRY_ASSIGN(const CompactionProgress after, compaction_progress(files));
        if (after == before) return report;
    }
}

}  // namespace bassline::ingest
