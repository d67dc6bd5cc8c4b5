// SPDX-License-Identifier: Apache-2.0
#include "ingest/line_reader.hpp"

#include <algorithm>
#include <cstring>
#include <optional>

namespace bassline::ingest {
namespace {

// A longest line and its newline fit; so a full buffer without newline is a line that is too long.
constexpr std::size_t kBufferBytes = kLineBytesMax + 1;
// What is read at a time is still in the processor's cache when it is hashed and parsed.
constexpr std::size_t kReadBytes = 256u << 10;

// By memchr, which is vectorised: a count byte by byte costs a seventh of the whole ingest.
std::uint64_t newlines_in(std::string_view bytes) {
    std::uint64_t count = 0;
    for (auto at = bytes.find('\n'); at != bytes.npos; at = bytes.find('\n', at + 1)) ++count;
    return count;
}

}  // namespace

LineReader::LineReader(std::unique_ptr<ByteStream> stream, std::uint32_t source,
                       std::uint64_t offset, std::uint64_t bytes_max)
    : stream_(std::move(stream)),
      source_(source),
      capacity_(static_cast<std::size_t>(std::min<std::uint64_t>(kBufferBytes - 1, bytes_max)) + 1),
      buffer_(std::make_unique_for_overwrite<char[]>(capacity_ + kLinePadding)),
      consumed_(offset) {}

Result<bool> LineReader::skip_to(std::uint64_t offset) {
    while (consumed_ < offset) {
        const auto wanted =
            static_cast<std::size_t>(std::min<std::uint64_t>(capacity_, offset - consumed_));
        auto read = stream_->read(buffer_.get(), wanted);
        if (!read && read.error().kind == ErrorKind::bad_data) return false;
        if (!read) return std::move(read).error();
        if (read.value().ended) return false;
        hashes_.source.update({buffer_.get(), read.value().bytes});
        consumed_ += read.value().bytes;
    }
    return true;
}

void LineReader::start_range() {
    lines_ = 0;
    hashes_.range = Xxh64();
}

Result<ByteStream::Read> LineReader::fill() {
    if (begin_ > 0) {
        std::memmove(buffer_.get(), buffer_.get() + begin_, filled_ - begin_);
        filled_ -= begin_;
        scanned_ -= begin_;
        begin_ = 0;
    }
    const std::size_t wanted = std::min(capacity_ - filled_, kReadBytes);
    TRY_ASSIGN(const auto read, stream_->read(buffer_.get() + filled_, wanted));
    filled_ += read.bytes;
    return read;
}

// The first `bytes` not handed out yet, which end with a newline.
LineReader::Next LineReader::hand_out(std::size_t bytes) {
    block_ = {buffer_.get() + begin_, bytes};
    block_offset_ = consumed_;
    begin_ += bytes;
    scanned_ = filled_;
    consumed_ += bytes;
    lines_ += newlines_in(block_);
    hashes_.update(block_);
    return Next::block;
}

// Swallows what is buffered of a long line; true once its newline has passed.
bool LineReader::continue_long_line() {
    const std::string_view unread(buffer_.get() + begin_, filled_ - begin_);
    const std::size_t newline = unread.find('\n');
    const bool ends = newline != std::string_view::npos;
    const std::string_view part = unread.substr(0, ends ? newline : unread.size());
    const std::size_t kept = std::min(part.size(), kLineBytesMax - long_prefix_.size());
    long_prefix_ += part.substr(0, kept);
    long_bytes_ += part.size();
    const std::size_t taken = part.size() + (ends ? 1 : 0);
    hashes_with_long_.update(unread.substr(0, taken));
    begin_ += taken;
    scanned_ = begin_;
    if (ends) end_long_line(1);
    return ends;
}

void LineReader::end_long_line(std::uint64_t newline_bytes) {
    consumed_ += long_bytes_ + newline_bytes;
    ++lines_;
    hashes_ = hashes_with_long_;
    long_ended_ = true;
    long_detail_ = fmt::format("{} bytes, at most {} are read", long_bytes_, kLineBytesMax);
}

void LineReader::begin_long_line() {
    block_offset_ = consumed_;
    hashes_with_long_ = hashes_;
    long_prefix_.clear();
    long_bytes_ = 0;
    (void)continue_long_line();
}

Result<LineReader::Next> LineReader::next() {
    if (long_ended_) {
        long_ended_ = false;
        long_bytes_ = 0;
    }
    while (true) {
        const auto unscanned = std::string_view(buffer_.get() + scanned_, filled_ - scanned_);
        const std::size_t newline =
            long_bytes_ > 0 ? std::string_view::npos : unscanned.rfind('\n');
        if (newline != std::string_view::npos) return hand_out(scanned_ + newline + 1 - begin_);
        if (long_bytes_ > 0 && begin_ < filled_ && continue_long_line()) return Next::oversize;
        scanned_ = filled_;
        if (filled_ - begin_ == capacity_) {
            begin_long_line();
            continue;
        }
        auto read = fill();
        if (!read && read.error().kind == ErrorKind::bad_data) {
            damage_ = std::move(read).error();
            return Next::damaged;
        }
        if (!read) return std::move(read).error();
        if (read.value().ended) return Next::ended;
        if (read.value().bytes == 0) return Next::idle;
    }
}

LineBlock LineReader::block() const {
    return {.source_partition = source_, .offset = block_offset_, .bytes = block_};
}

RefusedLine LineReader::refused() const {
    return {.source_partition = source_,
            .offset = block_offset_,
            .reason = event::Reason::oversize,
            .detail = long_detail_,
            .raw_prefix = long_prefix_,
            .raw_bytes = long_bytes_};
}

std::string_view LineReader::tail() const {
    if (long_bytes_ > 0) return long_prefix_;
    return {buffer_.get() + begin_, filled_ - begin_};
}

std::uint64_t LineReader::tail_bytes() const {
    return long_bytes_ > 0 ? long_bytes_ : filled_ - begin_;
}

LineBlock LineReader::take_tail() {
    (void)hand_out(filled_ - begin_);
    ++lines_;
    return block();
}

RefusedLine LineReader::refuse_tail(std::string_view detail) {
    if (long_bytes_ > 0) {
        end_long_line(0);
        return refused();
    }
    const LineBlock line = take_tail();
    return {.source_partition = line.source_partition,
            .offset = line.offset,
            .reason = event::Reason::bad_json,
            .detail = detail,
            .raw_prefix = line.bytes,
            .raw_bytes = line.bytes.size()};
}

}  // namespace bassline::ingest
