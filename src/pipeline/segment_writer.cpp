// SPDX-License-Identifier: Apache-2.0
#include "pipeline/segment_writer.hpp"

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <vector>

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

namespace bassline::pipeline {
namespace {

constexpr std::size_t kBufferBytesMax = 4u << 20;

}  // namespace

std::string segment_name(std::uint64_t number) {
    return fmt::format("{:08}.ndjson", number);
}

std::optional<std::uint64_t> segment_number(std::string_view path) {
    const std::size_t slash = path.find_last_of('/');
    if (slash == std::string_view::npos) return std::nullopt;
    const std::string_view name = path.substr(slash + 1);
    const std::string_view folder = path.substr(0, slash);
    const bool is_ours =
        folder == kSegmentsFolder || folder.ends_with(fmt::format("/{}", kSegmentsFolder));
    std::uint64_t number = 0;
    const auto [end, failure] = std::from_chars(name.data(), name.data() + name.size(), number);
    const bool is_whole = failure == std::errc() && segment_name(number) == name;
    return is_ours && is_whole ? std::optional(number) : std::nullopt;
}

SegmentWriter::SegmentWriter(std::string folder, std::uint64_t number)
    : folder_(std::move(folder)), number_(number) {}

SegmentWriter::~SegmentWriter() {
    if (descriptor_ >= 0) ::close(descriptor_);
}

Result<std::unique_ptr<SegmentWriter>> SegmentWriter::open(std::string folder,
                                                           std::uint64_t number) {
    std::unique_ptr<SegmentWriter> writer(new SegmentWriter(std::move(folder), number));
    TRY(writer->open_file());
    return writer;
}

Error SegmentWriter::failed(std::string_view what) const {
    return Error{ErrorKind::io, fmt::format("could not {} {}: {}", what, path_, strerror(errno))};
}

Result<void> SegmentWriter::open_file() {
    path_ = folder_ + "/" + segment_name(number_);
    descriptor_ = ::open(path_.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644);
    if (descriptor_ < 0) return failed("open");
    struct stat found {};
    if (::fstat(descriptor_, &found) != 0) return failed("look at");
    existing_ = static_cast<std::uint64_t>(found.st_size);
    position_ = 0;
    return {};
}

Result<void> SegmentWriter::write(std::size_t, const simulator::Lines& lines) {
    buffer_ += lines.text;
    if (!lines.marks.empty()) newest_event_ms_ = lines.marks.back().ts_ms;
    return buffer_.size() >= kBufferBytesMax ? flush() : Result<void>();
}

Result<void> SegmentWriter::compare(std::string_view bytes) const {
    std::vector<char> standing(bytes.size());
    std::size_t read = 0;
    while (read < standing.size()) {
        const ssize_t got = ::pread(descriptor_, standing.data() + read, standing.size() - read,
                                    static_cast<off_t>(position_ + read));
        if (got < 0 && errno == EINTR) continue;
        if (got <= 0) return failed("read");
        read += static_cast<std::size_t>(got);
    }
    if (std::memcmp(standing.data(), bytes.data(), bytes.size()) == 0) return {};
    return error(ErrorKind::conflict,
                 "{} holds other events than this program simulates from the same settings; it was "
                 "written by another version. Go on with that version, or begin a new lake",
                 path_);
}

Result<void> SegmentWriter::flush() {
    std::string_view bytes = buffer_;
    if (position_ < existing_) {
        const auto repeated =
            static_cast<std::size_t>(std::min<std::uint64_t>(bytes.size(), existing_ - position_));
        TRY(compare(bytes.substr(0, repeated)));
        position_ += repeated;
        bytes.remove_prefix(repeated);
    }
    while (!bytes.empty()) {
        const ssize_t written =
            ::pwrite(descriptor_, bytes.data(), bytes.size(), static_cast<off_t>(position_));
        if (written < 0 && errno == EINTR) continue;
        if (written <= 0) return failed("write");
        position_ += static_cast<std::uint64_t>(written);
        bytes.remove_prefix(static_cast<std::size_t>(written));
    }
    buffer_.clear();
    return {};
}

Result<void> SegmentWriter::finish() {
    TRY(flush());
    return ::fdatasync(descriptor_) == 0 ? Result<void>() : failed("sync");
}

Result<void> SegmentWriter::rotate() {
    TRY(finish());
    ::close(std::exchange(descriptor_, -1));
    ++number_;
    return open_file();
}

}  // namespace bassline::pipeline
