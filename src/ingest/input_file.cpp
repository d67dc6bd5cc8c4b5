// SPDX-License-Identifier: Apache-2.0
#include "ingest/input_file.hpp"

#include <cerrno>
#include <system_error>

#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

namespace bassline::ingest {
namespace {

constexpr int kStreamWaitMs = 100;

Error system_error(std::string_view doing, const std::string& path, int code) {
    const bool missing = code == ENOENT || code == ENOTDIR;
    return error(missing ? ErrorKind::not_found : ErrorKind::io, "cannot {} {}: {}", doing, path,
                 std::generic_category().message(code));
}

FileIdentity identity_of(const struct stat& found) {
    return {.device = found.st_dev, .inode = found.st_ino};
}

}  // namespace

Result<std::shared_ptr<InputFile>> InputFile::open(const std::string& path) {
    struct stat found {};
    if (::stat(path.c_str(), &found) != 0) return system_error("open", path, errno);
    if (!S_ISREG(found.st_mode)) {  // opening a pipe would wait for a writer
        return error(ErrorKind::usage, "{} is no regular file; pipe it in and give - as the input",
                     path);
    }
    const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
    if (fd < 0) return system_error("open", path, errno);
    std::shared_ptr<InputFile> file(new InputFile(path, fd));
    if (::fstat(fd, &found) != 0) return system_error("look at", path, errno);
    file->identity_ = identity_of(found);
    return file;
}

std::shared_ptr<InputFile> InputFile::standard_input(int fd) {
    return std::shared_ptr<InputFile>(new InputFile("-", fd));
}

InputFile::~InputFile() {
    if (!is_stream()) ::close(fd_);
}

Result<std::uint64_t> InputFile::size() const {
    TRY_ASSIGN(const FileStatus now, status());
    return now.bytes;
}

Result<FileStatus> InputFile::status() const {
    struct stat found {};
    if (::fstat(fd_, &found) != 0) return system_error("look at", path_, errno);
    return FileStatus{
        .identity = identity_,
        .bytes = static_cast<std::uint64_t>(found.st_size),
        .modified_ns = found.st_mtim.tv_sec * std::int64_t{1'000'000'000} + found.st_mtim.tv_nsec};
}

Result<std::size_t> InputFile::read_at(std::uint64_t offset, char* to, std::size_t bytes) const {
    std::size_t got = 0;
    while (got < bytes) {
        const ssize_t read = ::pread(fd_, to + got, bytes - got, static_cast<off_t>(offset + got));
        if (read < 0 && errno == EINTR) continue;
        if (read < 0) return system_error("read", path_, errno);
        if (read == 0) break;
        got += static_cast<std::size_t>(read);
    }
    return got;
}

Result<InputFile::StreamRead> InputFile::read_stream(char* to, std::size_t bytes) const {
    pollfd waiting{.fd = fd_, .events = POLLIN};
    const int ready = ::poll(&waiting, 1, kStreamWaitMs);
    if (ready == 0 || (ready < 0 && errno == EINTR)) return StreamRead{};
    if (ready < 0) return system_error("wait for", "standard input", errno);
    const ssize_t read = ::read(fd_, to, bytes);
    if (read < 0 && (errno == EINTR || errno == EAGAIN)) return StreamRead{};
    if (read < 0) return system_error("read", "standard input", errno);
    return StreamRead{.bytes = static_cast<std::size_t>(read), .ended = read == 0};
}

Result<FileIdentity> identity_at(const std::string& path) {
    struct stat found {};
    if (::stat(path.c_str(), &found) != 0) return system_error("look at", path, errno);
    return identity_of(found);
}

}  // namespace bassline::ingest
