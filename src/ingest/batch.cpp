// SPDX-License-Identifier: Apache-2.0
#include "ingest/batch.hpp"

#include <algorithm>
#include <cassert>
#include <chrono>
#include <cstdio>
#include <iterator>
#include <set>
#include <thread>
#include <tuple>
#include <utility>

#include "base/failpoint.hpp"
#include "ingest/failpoints.hpp"
#include "ingest/source_decision.hpp"
#include "ingest/source_probe.hpp"
#include "lake/names.hpp"

namespace bassline::ingest {
namespace {

// What one worker contributes.
struct WorkerOutput {
    std::vector<lake::FileRange> ranges;
    std::vector<Notice> notices;
    BatchResult result;
};

class Worker {
public:
    Worker(storage::FileSystem& files, BatchFeed& feed, const std::vector<SourceToRead>& sources,
           BatchContext context, Progress& progress)
        : files_(files),
          feed_(feed),
          sources_(sources),
          context_(std::move(context)),
          progress_(progress) {}

    Result<WorkerOutput> run() {
        while (true) {
            TRY_ASSIGN(std::optional<Piece> piece, feed_.take());
            if (!piece) break;
            if (!writer_) {
                TRY_ASSIGN(writer_, BatchWriter::make(files_, context_));
            }
            TRY(read(std::move(*piece)));
        }
        if (writer_) {
            TRY_ASSIGN(output_.result, writer_->finish());
        }
        TRY(failpoint(kWorkerDone));
        return std::move(output_);
    }

private:
    const SourceToRead& source_of(const Piece& piece) const { return sources_[piece.source]; }
    static bool is_plain_piece(const Piece& piece) { return piece.end != kUnknownEnd; }

    // Tells the input's failures from the lake's: the batch can be read again without an input.
    template <class T>
    Result<T> of_input(const Piece& piece, Result<T> result) {
        if (!result) feed_.fail(piece.source, result.error());
        return result;
    }

    Result<void> open(Piece& piece) {
        const SourceToRead& source = source_of(piece);
        const auto number = static_cast<std::uint32_t>(source.number);
        if (is_plain_piece(piece)) {
            const std::pair place(piece.source, piece.start);
            if (piece.start > source.start && place != after_last_piece_) writer_->jump();
            after_last_piece_ = {piece.source, piece.end};
            piece.reader =
                std::make_unique<LineReader>(open_plain_piece(piece.file, piece.start, piece.end),
                                             number, piece.start, piece.end - piece.start);
            return {};
        }
        TRY_ASSIGN(auto stream,
                   open_byte_stream(piece.file, feed_.stop_token(), context_.memory_bytes / 2));
        piece.reader = std::make_unique<LineReader>(std::move(stream), number, 0);
        TRY_ASSIGN(const bool reached, piece.reader->skip_to(piece.start));
        if (reached) return {};
        return error(ErrorKind::conflict, "{} became shorter while it was about to be read",
                     source.path);
    }

    Result<void> read(Piece piece) {
        if (!piece.reader) TRY(of_input(piece, open(piece)));
        LineReader& reader = *piece.reader;
        reader.start_range();
        piece.start = reader.consumed();
        while (true) {
            const std::uint64_t before = reader.consumed();
            const std::uint64_t input_before = reader.input_bytes();
            const std::uint64_t lines_before = reader.lines();
            TRY_ASSIGN(const LineReader::Next next, of_input(piece, reader.next()));
            writer_->leave_to_reader(reader.stream_memory_bytes());
            if (next == LineReader::Next::block) TRY(writer_->consume(reader.block()));
            if (next == LineReader::Next::oversize) TRY(writer_->quarantine(reader.refused()));
            progress_.input_bytes += reader.input_bytes() - input_before;
            progress_.lines += reader.lines() - lines_before;
            TRY(failpoint(kBlockConsumed));
            if (next == LineReader::Next::ended || next == LineReader::Next::damaged) {
                return finish(piece, next == LineReader::Next::damaged);
            }
            if (is_plain_piece(piece)) continue;
            feed_.count(reader.consumed() - before);
            if (!feed_.is_cut()) continue;
            // A cut waits for the end of a long line, a stop gives the line back.
            if (reader.inside_long_line() && !feed_.stop_token().stop_requested()) continue;
            return interrupt(std::move(piece));
        }
    }

    // The cut of the batch stops a stream at the end of a block; it goes on with the next batch.
    Result<void> interrupt(Piece piece) {
        TRY(add_range(piece));
        feed_.park(std::move(piece));
        return {};
    }

    Result<void> finish(const Piece& piece, bool damaged) {
        LineReader& reader = *piece.reader;
        const bool plain = is_plain_piece(piece);
        const std::uint64_t read_to = reader.consumed() + reader.tail_bytes();
        if ((plain && read_to != piece.end) || (!piece.last && reader.tail_bytes() > 0)) {
            return of_input(piece,
                            Result<void>(error(ErrorKind::conflict, "{} changed while it was read",
                                               source_of(piece).path)));
        }
        if (damaged)
            note(NoticeKind::refused, piece,
                 reader.damage().message + "; the lines before it went in");
        TRY(finish_tail(piece, decide_tail({.empty = reader.tail_bytes() == 0,
                                            .complete_object = !reader.inside_long_line() &&
                                                               is_complete_object(reader.tail()),
                                            .may_grow = plain,
                                            .damaged = damaged})));
        return add_range(piece);
    }

    Result<void> finish_tail(const Piece& piece, TailKind kind) {
        LineReader& reader = *piece.reader;
        switch (kind) {
            case TailKind::nothing:
                return {};
            case TailKind::record:
                ++progress_.lines;
                return writer_->consume(reader.take_tail());
            case TailKind::quarantine:
                return refuse_tail(reader);
            case TailKind::pending:
                note(NoticeKind::pending, piece, "ends in the middle of a line",
                     reader.tail_bytes());
                return {};
            case TailKind::unread:
                return {};
        }
        return {};
    }

    Result<void> refuse_tail(LineReader& reader) {
        ++progress_.lines;
        return writer_->quarantine(
            reader.refuse_tail("cut short: the input ends inside this line"));
    }

    void note(NoticeKind kind, const Piece& piece, std::string text,
              std::uint64_t pending_bytes = 0) {
        output_.notices.push_back({kind, source_of(piece).path, std::move(text), pending_bytes});
    }

    // What was read of the piece, if anything, or if its source's new path or end is worth an
    // entry.
    Result<void> add_range(const Piece& piece) {
        const LineReader& reader = *piece.reader;
        const SourceToRead& source = source_of(piece);
        const bool recorded = piece.last && (source.moved || (source.closed && source.path != "-"));
        if (reader.consumed() == piece.start && !recorded) return {};
        lake::FileRange range{.source = source.number,
                              .path = source.path,
                              .encoding = std::string(to_string(reader.encoding())),
                              .start = piece.start,
                              .end = reader.consumed(),
                              .lines = reader.lines(),
                              .xxh64 = reader.hash(),
                              .fingerprint = reader.fingerprint(),
                              .state = source.closed ? "closed" : "open",
                              .producer = context_.producer.value_or("")};
        if (is_plain_piece(piece)) TRY(of_input(piece, complete_plain_range(piece, range)));
        output_.ranges.push_back(std::move(range));
        return {};
    }

    // The reader of a piece has not seen the source from its first byte on.
    Result<void> complete_plain_range(const Piece& piece, lake::FileRange& range) const {
        TRY_ASSIGN(const auto fingerprint, fingerprint_at(piece.file, Encoding::plain, range.end));
        if (!fingerprint) {
            return error(ErrorKind::conflict, "{} became shorter while it was read", range.path);
        }
        range.fingerprint = *fingerprint;
        return {};
    }

    storage::FileSystem& files_;
    BatchFeed& feed_;
    const std::vector<SourceToRead>& sources_;
    BatchContext context_;
    Progress& progress_;
    std::unique_ptr<BatchWriter> writer_;
    std::pair<std::size_t, std::uint64_t> after_last_piece_;  // source and place, of a plain one
    WorkerOutput output_;
};

void add_counters(const std::map<std::string, lake::TopicCounters>& from,
                  std::map<std::string, lake::TopicCounters>& to) {
    for (const auto& [topic, counted] : from) {
        lake::TopicCounters& sum = to[topic];
        sum.consumed += counted.consumed;
        sum.written += counted.written;
        sum.late += counted.late;
        sum.quarantined += counted.quarantined;
        for (const auto& [reason, count] : counted.by_reason) sum.by_reason[reason] += count;
    }
}

template <class T>
void move_all(std::vector<T>& from, std::vector<T>& to) {
    std::ranges::move(from, std::back_inserter(to));
}

BatchOutput merge(std::vector<WorkerOutput> workers) {
    BatchOutput merged;
    std::set<std::string> dates;
    for (WorkerOutput& worker : workers) {
        move_all(worker.ranges, merged.ranges);
        move_all(worker.notices, merged.notices);
        move_all(worker.result.outputs, merged.outputs);
        add_counters(worker.result.counters, merged.counters);
        dates.insert(worker.result.dates_touched.begin(), worker.result.dates_touched.end());
    }
    merged.dates_touched.assign(dates.begin(), dates.end());
    std::ranges::sort(merged.ranges, {}, [](const lake::FileRange& range) {
        return std::tuple(range.source, range.start);
    });
    return merged;
}

}  // namespace

Result<BatchOutput> run_batch(storage::FileSystem& files, BatchFeed& feed,
                              const std::vector<SourceToRead>& sources, const BatchOptions& options,
                              Progress& progress) {
    std::vector<std::optional<Result<WorkerOutput>>> results(options.threads);
    {
        std::vector<std::jthread> threads;
        for (std::size_t number = 0; number < options.threads; ++number) {
            threads.emplace_back([&, number] {
                BatchContext context = options.context;
                context.worker = number;
                context.interners = options.interners[number];
                results[number] = Worker(files, feed, sources, std::move(context), progress).run();
                if (!*results[number]) feed.abort();
            });
        }
    }
    std::vector<WorkerOutput> outputs;
    for (auto& result : results) {
        if (!*result) return std::move(*result).error();
        outputs.push_back(std::move(*result).value());
    }
    return merge(std::move(outputs));
}

}  // namespace bassline::ingest
