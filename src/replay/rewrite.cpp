// SPDX-License-Identifier: Apache-2.0
#include "replay/rewrite.hpp"

#include <map>
#include <memory>
#include <set>
#include <tuple>

#include "base/failpoint.hpp"
#include "compact/journal.hpp"
#include "compact/merge.hpp"
#include "ingest/batch_writer.hpp"
#include "replay/failpoints.hpp"

namespace bassline::replay {
namespace {

using lake::Output;

void add_counters(lake::TopicCounters& sum, const lake::TopicCounters& more) {
    sum.consumed += more.consumed;
    sum.written += more.written;
    sum.quarantined += more.quarantined;
    for (const auto& [reason, count] : more.by_reason) sum.by_reason[reason] += count;
}

// The columns that name an entry are the same in a whole file of a batch writer: one writer for
// each entry that records came with, and their files merged afterwards.
class Rewriter {
public:
    Rewriter(storage::FileSystem& files, Trial& trial, const RewriteOptions& options)
        : files_(files), trial_(trial), options_(options) {}

    Result<void> take(const QuarantineRow& row) {
        if (!writer_ || row.origin != origin_) {
            TRY(finish_origin());
            TRY(begin_origin(row.origin));
        }
        ++rows_;
        TRY_ASSIGN(const Judgement judgement, trial_.judge(row.record));
        return judgement.verdict == Verdict::good ? writer_->consume(row.record)
                                                  : writer_->keep(row.record);
    }

    Result<lake::Entry> finish(const std::vector<lake::LiveFile>& inputs) {
        TRY(finish_origin());
        std::uint64_t rows_in = 0;
        for (const lake::LiveFile& input : inputs) {
            rows_in += input.output.rows;
            entry_.replaced.push_back(compact::replaced_by(input));
        }
        if (rows_in != rows_) {
            return error(ErrorKind::bad_data,
                         "{} quarantine files from {} on hold {} rows, their entries say {}",
                         inputs.size(), inputs.front().output.final, rows_, rows_in);
        }
        TRY(merge_pieces());
        std::uint64_t rows_out = 0;
        for (const Output& output : entry_.outputs) rows_out += output.rows;
        entry_.rows_split = rows_out - rows_in;
        entry_.dates_touched.assign(dates_.begin(), dates_.end());
        return std::move(entry_);
    }

private:
    using Place = std::tuple<lake::OutputKind, std::string, std::string, int>;

    // As it would have been written when it came, but for what is judged by the clock.
    Result<void> begin_origin(const Origin& origin) {
        origin_ = origin;
        const auto ingested_ms =
            std::chrono::floor<std::chrono::milliseconds>(origin.ingested_at.time_since_epoch());
        ingest::BatchContext context{
            .chain = origin.chain,
            .seq = origin.seq,
            .producer = origin.producer,
            .source = origin.source,
            .staging_directory = options_.staging,
            .worker = origins_++,
            .ingested_at = origin.ingested_at,
            .ahead_max = std::chrono::milliseconds(trial_.event_ms_max()) - ingested_ms,
            .memory_bytes = options_.memory_bytes,
            .schemas = &trial_.schemas()};
        TRY_ASSIGN(writer_, ingest::BatchWriter::make(files_, std::move(context)));
        return {};
    }

    Result<void> finish_origin() {
        if (!writer_) return {};
        TRY_ASSIGN(ingest::BatchResult result, writer_->finish());
        writer_.reset();
        for (Output& output : result.outputs) {
            if (output.kind == lake::OutputKind::bronze) dates_.insert(output.date);
            Place place(output.kind, output.topic, output.date, output.hour);
            output.final = output.staged;
            pieces_[std::move(place)].push_back(
                {.output = std::move(output), .chain = "replay", .seq = options_.seq});
        }
        for (const auto& [topic, counters] : result.counters) {
            add_counters(entry_.counters[topic], counters);
        }
        return failpoint(kRewritten);
    }

    Result<void> merge_pieces() {
        for (auto& [place, pieces] : pieces_) {
            const std::string staged = fmt::format("{}/{}-{}.staged", options_.staging,
                                                   options_.seq, entry_.outputs.size());
            TRY_ASSIGN(Output output, compact::merge_files(files_, {.inputs = std::move(pieces)},
                                                           staged, options_.seq));
            TRY(failpoint(kMerged));
            entry_.outputs.push_back(std::move(output));
        }
        return {};
    }

    storage::FileSystem& files_;
    Trial& trial_;
    const RewriteOptions& options_;
    std::unique_ptr<ingest::BatchWriter> writer_;
    Origin origin_;
    std::size_t origins_ = 0;
    std::uint64_t rows_ = 0;
    std::map<Place, std::vector<lake::LiveFile>> pieces_;
    std::set<std::string> dates_;
    lake::Entry entry_;
};

}  // namespace

Result<lake::Entry> rewrite(storage::FileSystem& files, const std::vector<lake::LiveFile>& inputs,
                            Trial& trial, QuarantineRows& rows, const RewriteOptions& options) {
    std::vector<std::string> paths;
    for (const lake::LiveFile& input : inputs) {
        TRY(compact::read_checked(files, input));
        paths.push_back(files.absolute(input.output.final));
    }
    TRY(rows.read(paths));
    Rewriter rewriter(files, trial, options);
    for (;;) {
        TRY_ASSIGN(const QuarantineRow* row, rows.next());
        if (row == nullptr) return rewriter.finish(inputs);
        TRY(rewriter.take(*row));
    }
}

}  // namespace bassline::replay
