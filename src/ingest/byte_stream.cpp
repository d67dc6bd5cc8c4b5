// SPDX-License-Identifier: Apache-2.0
#include "ingest/byte_stream.hpp"

#include <algorithm>
#include <bit>
#include <cstring>
#include <string>
#include <vector>

#include <zlib.h>
#include <zstd.h>
#include <zstd_errors.h>

namespace bassline::ingest {
namespace {

constexpr std::size_t kInputBuffer = 256u << 10;
constexpr std::uint64_t kToTheEnd = UINT64_MAX;

// Buffered reading of the bytes as they lie in the file.
class RawInput {
public:
    RawInput(std::shared_ptr<InputFile> file, std::uint64_t offset, std::uint64_t end)
        : file_(std::move(file)), offset_(offset), end_(end) {}

    std::string_view unread() const { return {buffer_.data() + at_, filled_ - at_}; }
    void consume(std::size_t bytes) {
        at_ += bytes;
        consumed_ += bytes;
    }
    bool ended() const { return ended_; }
    std::uint64_t consumed() const { return consumed_; }

    // Adds at least a byte to unread(), unless the input ended or is idle.
    Result<void> fill() {
        if (buffer_.empty()) buffer_.resize(kInputBuffer);
        std::memmove(buffer_.data(), buffer_.data() + at_, filled_ - at_);
        filled_ -= at_;
        at_ = 0;
        TRY_ASSIGN(const std::size_t got,
                   read_directly(buffer_.data() + filled_, buffer_.size() - filled_));
        filled_ += got;
        return {};
    }

    // Past the buffer, for plain inputs.
    Result<std::size_t> read_directly(char* to, std::size_t bytes) {
        if (file_->is_stream()) {
            TRY_ASSIGN(const auto read, file_->read_stream(to, bytes));
            ended_ = read.ended;
            return read.bytes;
        }
        bytes = static_cast<std::size_t>(std::min<std::uint64_t>(bytes, end_ - offset_));
        TRY_ASSIGN(const std::size_t got, file_->read_at(offset_, to, bytes));
        offset_ += got;
        ended_ = got == 0 || offset_ == end_;
        return got;
    }
    void count(std::size_t bytes) { consumed_ += bytes; }

private:
    std::shared_ptr<InputFile> file_;
    std::uint64_t offset_;
    std::uint64_t end_;
    std::vector<char> buffer_;
    std::size_t at_ = 0;
    std::size_t filled_ = 0;
    std::uint64_t consumed_ = 0;
    bool ended_ = false;
};

class PlainStream : public ByteStream {
public:
    explicit PlainStream(RawInput input) : input_(std::move(input)) {}

    Encoding encoding() const override { return Encoding::plain; }
    std::uint64_t input_bytes() const override { return input_.consumed(); }

    Result<Read> read(char* to, std::size_t bytes) override {
        if (const std::string_view peeked = input_.unread(); !peeked.empty()) {
            const std::size_t taken = peeked.copy(to, bytes);
            input_.consume(taken);
            return Read{.bytes = taken};
        }
        if (input_.ended()) return Read{.ended = true};
        TRY_ASSIGN(const std::size_t got, input_.read_directly(to, bytes));
        input_.count(got);
        return Read{.bytes = got, .ended = got == 0 && input_.ended()};
    }

private:
    RawInput input_;
};

// What gzip and zstd share: feed input until output comes, tell a clean end from a cut one.
class CompressedStream : public ByteStream {
public:
    explicit CompressedStream(RawInput input) : input_(std::move(input)) {}

    std::uint64_t input_bytes() const override { return input_.consumed(); }

    Result<Read> read(char* to, std::size_t bytes) override {
        while (true) {
            if (input_.unread().empty() && !input_.ended()) TRY(input_.fill());
            const bool starved = input_.unread().empty();
            if (starved && !inside_) return Read{.ended = input_.ended()};
            TRY_ASSIGN(const std::size_t got, decompress(to, bytes));
            if (got > 0) return Read{.bytes = got};
            if (starved && inside_ && !input_.ended()) return Read{};
            if (starved && inside_) return damaged("it ends in the middle");
        }
    }

protected:
    // Takes some input and gives some output; one of both may be zero. Keeps inside_ right.
    virtual Result<std::size_t> decompress(char* to, std::size_t bytes) = 0;

    Error damaged(std::string_view how) const {
        return error(ErrorKind::bad_data, "damaged {} data, {} bytes into the file: {}",
                     to_string(encoding()), input_.consumed(), how);
    }

    RawInput input_;
    bool inside_ = false;  // in the middle of a member or frame
};

class GzipStream : public CompressedStream {
public:
    explicit GzipStream(RawInput input) : CompressedStream(std::move(input)) {
        inflateInit2(&state_, 15 + 16);  // 16: a gzip header and trailer
    }
    ~GzipStream() override { inflateEnd(&state_); }
    GzipStream(const GzipStream&) = delete;
    GzipStream& operator=(const GzipStream&) = delete;

    Encoding encoding() const override { return Encoding::gzip; }

protected:
    Result<std::size_t> decompress(char* to, std::size_t bytes) override {
        if (!inside_ && skip_padding()) return std::size_t{0};
        inside_ = true;
        const std::string_view unread = input_.unread();
        // zlib's interface takes its input without const; it does not write to it.
        state_.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(unread.data()));
        state_.avail_in = static_cast<uInt>(unread.size());
        state_.next_out = reinterpret_cast<Bytef*>(to);
        state_.avail_out = static_cast<uInt>(std::min<std::size_t>(bytes, 1u << 30));
        const int code = inflate(&state_, Z_NO_FLUSH);
        input_.consume(unread.size() - state_.avail_in);
        const auto got = static_cast<std::size_t>(reinterpret_cast<char*>(state_.next_out) - to);
        if (code == Z_STREAM_END) {
            inflateReset(&state_);
            inside_ = false;
        } else if (code != Z_OK && code != Z_BUF_ERROR && got == 0) {
            return damaged(state_.msg != nullptr ? state_.msg : "it does not inflate");
        }
        return got;
    }

private:
    // Between members: archivers pad with zeros.
    bool skip_padding() {
        const std::string_view unread = input_.unread();
        const std::size_t zeros = std::min(unread.find_first_not_of('\0'), unread.size());
        input_.consume(zeros);
        return zeros > 0;
    }

    z_stream state_{};
};

// What a frame's header asks for (RFC 8878, 3.1.1.1); 0 if the header is not whole.
std::uint64_t window_bytes(std::string_view frame) {
    constexpr std::size_t kDescriptor = 4;
    if (frame.size() < kDescriptor + 2) return 0;
    const auto descriptor = static_cast<unsigned char>(frame[kDescriptor]);
    const bool is_content = (descriptor & 0x20) != 0;  // a single segment, held whole
    if (is_content) {
        const unsigned long long bytes = ZSTD_getFrameContentSize(frame.data(), frame.size());
        return bytes < ZSTD_CONTENTSIZE_ERROR ? bytes : 0;
    }
    const auto window = static_cast<unsigned char>(frame[kDescriptor + 1]);
    const std::uint64_t base = std::uint64_t{1} << (10 + (window >> 3));
    return base + base / 8 * (window & 7);
}

class ZstdStream : public CompressedStream {
public:
    ZstdStream(RawInput input, std::uint64_t window_max)
        : CompressedStream(std::move(input)), state_(ZSTD_createDStream(), ZSTD_freeDStream) {
        const auto log = static_cast<int>(std::bit_width(std::min(window_max, kZstdWindowMax))) - 1;
        ZSTD_DCtx_setParameter(state_.get(), ZSTD_d_windowLogMax, std::max(log, kWindowLogMin));
    }

    Encoding encoding() const override { return Encoding::zstd; }
    std::size_t memory_bytes() const override { return ZSTD_sizeof_DStream(state_.get()); }
    bool lacks_memory() const override { return lacks_memory_; }

protected:
    Result<std::size_t> decompress(char* to, std::size_t bytes) override {
        const std::string_view unread = input_.unread();
        // At most a block a call: of a call that meets damage nothing comes.
        ZSTD_inBuffer in{unread.data(), std::min(unread.size(), wanted_), 0};
        ZSTD_outBuffer out{to, bytes, 0};
        if (!inside_) frame_start_.clear();
        if (frame_start_.size() < kFrameHeaderBytesMax)
            frame_start_ += unread.substr(0, std::min(in.size, kFrameHeaderBytesMax));
        const std::size_t hint = ZSTD_decompressStream(state_.get(), &out, &in);
        if (ZSTD_isError(hint) != 0) {
            lacks_memory_ = ZSTD_getErrorCode(hint) == ZSTD_error_frameParameter_windowTooLarge;
            return lacks_memory_ ? too_large() : damaged(ZSTD_getErrorName(hint));
        }
        input_.consume(in.pos);
        inside_ = hint != 0;
        wanted_ = inside_ ? hint : kFrameHeaderBytes;
        return out.pos;
    }

private:
    static constexpr std::size_t kFrameHeaderBytes = 5;  // the least of them
    static constexpr std::size_t kFrameHeaderBytesMax = 18;
    static constexpr int kWindowLogMin = 10;  // of the format

    Error too_large() const {
        const std::uint64_t window = window_bytes(frame_start_);
        return error(ErrorKind::bad_data,
                     "needs {} MiB to decompress; {}pipe `zstdcat --long={}` in",
                     (window + (1u << 20) - 1) >> 20,
                     window <= kZstdWindowMax ? "raise --memory, lower --threads, or " : "",
                     std::bit_width(std::max<std::uint64_t>(window, 1) - 1));
    }

    std::string frame_start_;
    std::size_t wanted_ = kFrameHeaderBytes;
    bool lacks_memory_ = false;
    std::unique_ptr<ZSTD_DStream, decltype(&ZSTD_freeDStream)> state_;
};

}  // namespace

std::string_view to_string(Encoding encoding) {
    switch (encoding) {
        case Encoding::plain:
            return "plain";
        case Encoding::gzip:
            return "gzip";
        case Encoding::zstd:
            return "zstd";
    }
    return "";
}

Encoding detect_encoding(std::string_view first_bytes) {
    if (first_bytes.starts_with("\x1f\x8b")) return Encoding::gzip;
    if (first_bytes.starts_with("\x28\xb5\x2f\xfd")) return Encoding::zstd;
    // A skippable frame: 0x50 to 0x5f and these.
    const bool skippable = first_bytes.size() >= 4 && (first_bytes[0] & 0xf0) == 0x50 &&
                           first_bytes.substr(1, 3) == "\x2a\x4d\x18";
    if (skippable) return Encoding::zstd;
    return Encoding::plain;
}

Result<std::unique_ptr<ByteStream>> open_byte_stream(std::shared_ptr<InputFile> file,
                                                     const std::stop_token& stop,
                                                     std::uint64_t window_max) {
    RawInput input(std::move(file), 0, kToTheEnd);
    constexpr std::size_t kMagicBytes = 4;
    while (input.unread().size() < kMagicBytes && !input.ended() && !stop.stop_requested()) {
        TRY(input.fill());
    }
    switch (detect_encoding(input.unread())) {
        case Encoding::gzip:
            return std::unique_ptr<ByteStream>(new GzipStream(std::move(input)));
        case Encoding::zstd:
            return std::unique_ptr<ByteStream>(new ZstdStream(std::move(input), window_max));
        case Encoding::plain:
            break;
    }
    return std::unique_ptr<ByteStream>(new PlainStream(std::move(input)));
}

std::unique_ptr<ByteStream> open_plain_piece(std::shared_ptr<InputFile> file, std::uint64_t start,
                                             std::uint64_t end) {
    return std::make_unique<PlainStream>(RawInput(std::move(file), start, end));
}

}  // namespace bassline::ingest
