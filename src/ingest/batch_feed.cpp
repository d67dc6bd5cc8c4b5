// SPDX-License-Identifier: Apache-2.0
#include "ingest/batch_feed.hpp"

#include <algorithm>
#include <string_view>
#include <utility>

namespace bassline::ingest {
namespace {

constexpr std::uint64_t kPieceBytesMin = 8u << 20;
constexpr std::uint64_t kPieceBytesMax = 128u << 20;

Result<std::shared_ptr<InputFile>> open_source(const SourceToRead& source) {
    if (source.held) return source.held;
    TRY_ASSIGN(std::shared_ptr<InputFile> file, InputFile::open(source.path));
    if (file->identity() == source.identity) return file;
    return error(ErrorKind::conflict, "{} was replaced while it was about to be read", source.path);
}

bool is_split(const SourceToRead& source) {
    return source.encoding == Encoding::plain && source.end != kUnknownEnd;
}

}  // namespace

BatchFeed::BatchFeed(const std::vector<SourceToRead>& sources, std::size_t threads,
                     std::stop_token stop)
    : sources_(sources), threads_(threads), stop_(std::move(stop)) {
    for (const SourceToRead& source : sources_) {
        if (is_split(source)) plain_bytes_ += source.end - source.start;
    }
}

void BatchFeed::start_batch(const BatchLimits& limits) {
    const std::lock_guard lock(mutex_);
    limits_ = limits;
    taken_bytes_ = 0;
    handed_out_ = false;
}

void BatchFeed::abort() {
    const std::lock_guard lock(mutex_);
    aborted_ = true;
}

bool BatchFeed::is_cut() const {
    const std::lock_guard lock(mutex_);
    return aborted_ || stop_.stop_requested() || taken_bytes_ >= limits_.input_bytes ||
           std::chrono::steady_clock::now() >= limits_.deadline;
}

void BatchFeed::count(std::uint64_t bytes) {
    const std::lock_guard lock(mutex_);
    taken_bytes_ += bytes;
}

void BatchFeed::park(Piece piece) {
    const std::lock_guard lock(mutex_);
    parked_.push_back(std::move(piece));
}

bool BatchFeed::exhausted() const {
    const std::lock_guard lock(mutex_);
    return parked_.empty() && next_ == sources_.size();
}

Result<std::optional<Piece>> BatchFeed::take() {
    const bool cut = is_cut();
    const std::lock_guard lock(mutex_);
    if (aborted_ || stop_.stop_requested() || (cut && handed_out_)) return std::optional<Piece>{};
    handed_out_ = true;
    if (!parked_.empty()) {
        Piece piece = std::move(parked_.front());
        parked_.pop_front();
        return std::optional(std::move(piece));
    }
    return take_next();
}

// Of the first source from here on that still opens.
Result<std::optional<Piece>> BatchFeed::take_next() {
    while (next_ < sources_.size()) {
        const SourceToRead& source = sources_[next_];
        if (!file_) {
            auto opened = open_source(source);
            if (!opened && opened.error().kind != ErrorKind::conflict) {
                pass_over(source, opened.error());
                continue;
            }
            if (!opened) {
                keep_first_failure(source, opened.error());
                return std::move(opened).error();
            }
            file_ = std::move(opened).value();
            cursor_ = source.start;
        }
        if (is_split(source)) return take_plain(source);
        return std::optional(
            Piece{.source = next_++, .start = source.start, .file = std::move(file_)});
    }
    return std::optional<Piece>{};
}

// Nothing of it was handed out, so the batch is whole without it.
void BatchFeed::pass_over(const SourceToRead& source, const Error& why) {
    refused_.push_back({NoticeKind::refused, source.path, why.message});
    if (is_split(source)) plain_bytes_ -= source.end - source.start;
    ++next_;
}

void BatchFeed::keep_first_failure(const SourceToRead& source, const Error& why) {
    if (!failed_) failed_ = FailedInput{source.path, why};
}

void BatchFeed::fail(std::size_t source, const Error& why) {
    const std::lock_guard lock(mutex_);
    keep_first_failure(sources_[source], why);
}

std::optional<FailedInput> BatchFeed::failed() const {
    const std::lock_guard lock(mutex_);
    return failed_;
}

std::vector<Notice> BatchFeed::take_refused() {
    const std::lock_guard lock(mutex_);
    return std::exchange(refused_, {});
}

std::uint64_t BatchFeed::piece_bytes() const {
    const std::uint64_t of_batch =
        limits_.input_bytes - std::min(limits_.input_bytes, taken_bytes_);
    return std::clamp(std::min(of_batch, plain_bytes_) / threads_, kPieceBytesMin, kPieceBytesMax);
}

Result<std::optional<Piece>> BatchFeed::take_plain(const SourceToRead& source) {
    Piece piece{.source = next_, .start = cursor_, .file = file_};
    auto end = piece_end(*file_, cursor_, source.end, piece_bytes());
    if (!end) {
        keep_first_failure(source, end.error());
        return std::move(end).error();
    }
    piece.end = end.value();
    piece.last = piece.end == source.end;
    cursor_ = piece.end;
    taken_bytes_ += piece.end - piece.start;
    plain_bytes_ -= piece.end - piece.start;
    if (piece.last) {
        file_.reset();
        ++next_;
    }
    return std::optional(std::move(piece));
}

Result<std::uint64_t> piece_end(const InputFile& file, std::uint64_t start, std::uint64_t end,
                                std::uint64_t piece_bytes) {
    // A short rest is not worth a piece of its own.
    if (end - start <= piece_bytes + std::min(piece_bytes, kPieceBytesMin) / 2) return end;
    std::uint64_t at = start + piece_bytes - 1;
    std::string buffer(64u << 10, '\0');
    while (at < end) {
        const auto wanted =
            static_cast<std::size_t>(std::min<std::uint64_t>(buffer.size(), end - at));
        TRY_ASSIGN(const std::size_t got, file.read_at(at, buffer.data(), wanted));
        if (got == 0) break;
        const std::size_t newline = std::string_view(buffer.data(), got).find('\n');
        if (newline != std::string_view::npos) return at + newline + 1;
        at += got;
    }
    return end;
}

}  // namespace bassline::ingest
