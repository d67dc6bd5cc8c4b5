// SPDX-License-Identifier: Apache-2.0
#include "simulator/check_lines.hpp"

#include <cstdio>
#include <cstring>

#include <zlib.h>
#include <zstd.h>

#include "event/scanner.hpp"

namespace bassline::simulator {
namespace {

constexpr std::size_t kFirstBuffer = 1u << 20;
constexpr std::size_t kBufferMax = 1u << 26;
constexpr std::string_view kZstdMagic = "\x28\xb5\x2f\xfd";

using File = std::unique_ptr<std::FILE, int (*)(std::FILE*)>;

Error damaged(const std::string& path, std::string_view how) {
    return error(ErrorKind::bad_data, "{} is damaged: {}", path, how);
}

}  // namespace

class CheckLines::Source {
public:
    virtual ~Source() = default;
    /// Up to so many decompressed bytes; 0 at the end.
    virtual Result<std::size_t> read(char* to, std::size_t bytes) = 0;
};

// zlib's file functions read plain files as they are.
class CheckLines::ZlibSource : public Source {
public:
    ZlibSource(gzFile file, std::string path) : file_(file, gzclose), path_(std::move(path)) {}

    Result<std::size_t> read(char* to, std::size_t bytes) override {
        const int got = gzread(file_.get(), to, static_cast<unsigned>(bytes));
        int code = Z_OK;
        const char* message = gzerror(file_.get(), &code);
        if (got < 0 || code == Z_BUF_ERROR) return damaged(path_, message);
        return static_cast<std::size_t>(got);
    }

private:
    std::unique_ptr<gzFile_s, int (*)(gzFile)> file_;
    std::string path_;
};

class CheckLines::ZstdSource : public Source {
public:
    ZstdSource(File file, std::string path)
        : file_(std::move(file)),
          path_(std::move(path)),
          stream_(ZSTD_createDStream(), ZSTD_freeDStream),
          compressed_(ZSTD_DStreamInSize()) {}

    Result<std::size_t> read(char* to, std::size_t bytes) override {
        ZSTD_outBuffer out{to, bytes, 0};
        while (out.pos == 0) {
            if (in_.pos == in_.size) {
                in_ = {compressed_.data(),
                       std::fread(compressed_.data(), 1, compressed_.size(), file_.get()), 0};
                if (in_.size == 0 && inside_frame_) return damaged(path_, "it is cut short");
                if (in_.size == 0) return std::size_t{0};
            }
            const std::size_t hint = ZSTD_decompressStream(stream_.get(), &out, &in_);
            if (ZSTD_isError(hint) != 0) return damaged(path_, ZSTD_getErrorName(hint));
            inside_frame_ = hint != 0;
        }
        return out.pos;
    }

private:
    File file_;
    std::string path_;
    std::unique_ptr<ZSTD_DStream, decltype(&ZSTD_freeDStream)> stream_;
    std::vector<char> compressed_;
    ZSTD_inBuffer in_{nullptr, 0, 0};
    bool inside_frame_ = false;
};

CheckLines::CheckLines(std::unique_ptr<Source> source)
    : source_(std::move(source)), buffer_(kFirstBuffer) {}
CheckLines::CheckLines(CheckLines&&) noexcept = default;
CheckLines::~CheckLines() = default;

Result<CheckLines> CheckLines::open(const std::filesystem::path& path) {
    const std::string name = path.string();
    File file(std::fopen(path.c_str(), "rb"), std::fclose);
    if (!file) return error(ErrorKind::not_found, "cannot open {}", name);
    char magic[4] = {};
    const std::size_t got = std::fread(magic, 1, sizeof magic, file.get());
    if (std::string_view(magic, got) == kZstdMagic) {
        std::rewind(file.get());
        return CheckLines(std::make_unique<ZstdSource>(std::move(file), name));
    }
    const gzFile gzip = gzopen(path.c_str(), "rb");
    if (gzip == nullptr) return error(ErrorKind::io, "cannot open {}", name);
    gzbuffer(gzip, 1u << 18);
    return CheckLines(std::make_unique<ZlibSource>(gzip, name));
}

Result<void> CheckLines::fill() {
    std::memmove(buffer_.data(), buffer_.data() + at_, filled_ - at_);
    filled_ -= at_;
    at_ = 0;
    if (buffer_.size() < filled_ + kFirstBuffer / 2) buffer_.resize(2 * buffer_.size());
    if (buffer_.size() > kBufferMax) {
        return error(ErrorKind::bad_data, "a line is longer than {} bytes: not a file of events",
                     kBufferMax / 2);
    }
    const std::size_t room = buffer_.size() - filled_ - event::kScanPadding;
    TRY_ASSIGN(const std::size_t got, source_->read(buffer_.data() + filled_, room));
    filled_ += got;
    ended_ = got == 0;
    return {};
}

Result<bool> CheckLines::next(std::string_view& line) {
    std::size_t searched = 0;
    while (true) {
        const std::string_view unread(buffer_.data() + at_, filled_ - at_);
        const std::size_t end = unread.find('\n', searched);
        if (end != unread.npos || ended_) {
            line = unread.substr(0, end);
            at_ += std::min(line.size() + 1, unread.size());
            return end != unread.npos || !line.empty();
        }
        searched = unread.size();
        TRY(fill());
    }
}

}  // namespace bassline::simulator
