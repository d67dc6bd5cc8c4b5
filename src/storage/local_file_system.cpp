// SPDX-License-Identifier: Apache-2.0
#include "storage/local_file_system.hpp"

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <random>
#include <system_error>

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/failpoint.hpp"
#include "base/hash.hpp"

namespace bassline::storage {
namespace {

namespace fs = std::filesystem;

ErrorKind kind_of(int code) {
    switch (code) {
        case ENOENT:
        case ENOTDIR:
            return ErrorKind::not_found;
        case EEXIST:
            return ErrorKind::conflict;
        default:
            return ErrorKind::io;
    }
}

Error system_error(std::string_view doing, const std::string& path, int code) {
    return error(kind_of(code), "cannot {} {}: {}", doing, path,
                 std::generic_category().message(code));
}

// A descriptor that closes itself; -1 when empty.
class Descriptor {
public:
    explicit Descriptor(int fd = -1) : fd_(fd) {}
    Descriptor(Descriptor&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
    Descriptor& operator=(Descriptor&&) = delete;
    ~Descriptor() {
        if (fd_ >= 0) ::close(fd_);
    }
    int get() const { return fd_; }
    int release() { return std::exchange(fd_, -1); }

private:
    int fd_;
};

class LocalWritableFile : public WritableFile {
public:
    LocalWritableFile(std::string path, int fd) : path_(std::move(path)), fd_(fd) {}
    ~LocalWritableFile() override {
        if (fd_ < 0) return;
        ::close(fd_);
        ::unlink(path_.c_str());
    }
    LocalWritableFile(const LocalWritableFile&) = delete;
    LocalWritableFile& operator=(const LocalWritableFile&) = delete;

    Result<void> append(std::string_view bytes) override {
        TRY(failpoint("storage.append"));
        hash_.update(bytes);
        size_ += bytes.size();
        while (!bytes.empty()) {
            const ssize_t written = ::write(fd_, bytes.data(), bytes.size());
            if (written < 0 && errno == EINTR) continue;
            if (written < 0) return system_error("write", path_, errno);
            bytes.remove_prefix(static_cast<std::size_t>(written));
        }
        return {};
    }

    std::uint64_t size() const override { return size_; }

    void start_writing_back() override {
        (void)::sync_file_range(fd_, 0, 0, SYNC_FILE_RANGE_WRITE);  // errors come with the fsync
    }

    Result<FileDigest> close_durably() override {
        TRY(failpoint("storage.sync"));
        if (::fsync(fd_) != 0) return system_error("sync", path_, errno);
        if (::close(std::exchange(fd_, -1)) != 0) return system_error("close", path_, errno);
        return FileDigest{.bytes = size_, .xxh64 = hash_.hex()};
    }

private:
    std::string path_;
    int fd_;
    std::uint64_t size_ = 0;
    Xxh64 hash_;
};

class LocalFileSystem : public FileSystem {
public:
    explicit LocalFileSystem(std::string root) : root_(std::move(root)) {}

    const std::string& root() const override { return root_; }

    std::string absolute(std::string_view path) const override {
        return path.empty() ? root_ : root_ + "/" + std::string(path);
    }

    Result<void> make_directories(std::string_view path, NewNames names) override {
        if (path.empty()) return {};
        const std::string full = absolute(path);
        struct stat found {};
        if (::stat(full.c_str(), &found) == 0 && S_ISDIR(found.st_mode)) return {};
        TRY(make_directories(parent_path(path), names));
        TRY(failpoint("storage.make_directory"));
        if (::mkdir(full.c_str(), 0777) != 0) {
            if (errno != EEXIST) return system_error("create directory", full, errno);
            return {};  // another thread made it; its sync is below us in time or ours comes with
                        // the first file
        }
        if (names == NewNames::synced_by_caller) return {};
        return sync_directory(parent_path(path));
    }

    Result<std::vector<FileInfo>> list(std::string_view path) const override {
        std::vector<FileInfo> entries;
        std::error_code code;
        fs::directory_iterator iterator(absolute(path), code);
        if (code) return system_error("list", absolute(path), code.value());
        for (const fs::directory_iterator end; iterator != end; iterator.increment(code)) {
            const std::string name = iterator->path().filename().string();
            auto info = stat(path.empty() ? name : fmt::format("{}/{}", path, name));
            if (info) {
                entries.push_back(std::move(info).value());
            } else if (info.error().kind != ErrorKind::not_found) {  // removed since it was listed
                return std::move(info).error();
            }
        }
        // An error makes the iterator an end.
        if (code) return system_error("list", absolute(path), code.value());
        std::ranges::sort(entries, {}, &FileInfo::path);
        return entries;
    }

    Result<FileInfo> stat(std::string_view path) const override {
        const std::string full = absolute(path);
        struct stat found {};
        if (::stat(full.c_str(), &found) != 0) return system_error("look at", full, errno);
        return FileInfo{
            .path = std::string(path),
            .bytes = static_cast<std::uint64_t>(found.st_size),
            .is_directory = S_ISDIR(found.st_mode),
            .modified_at = Timestamp(std::chrono::seconds(found.st_mtim.tv_sec) +
                                     std::chrono::microseconds(found.st_mtim.tv_nsec / 1000))};
    }

    Result<std::string> read(std::string_view path) const override {
        const std::string full = absolute(path);
        const Descriptor file(::open(full.c_str(), O_RDONLY | O_CLOEXEC));
        if (file.get() < 0) return system_error("open", full, errno);
        std::string content;
        char buffer[1 << 16];
        for (;;) {
            const ssize_t got = ::read(file.get(), buffer, sizeof buffer);
            if (got < 0 && errno == EINTR) continue;
            if (got < 0) return system_error("read", full, errno);
            if (got == 0) return content;
            content.append(buffer, static_cast<std::size_t>(got));
        }
    }

    Result<std::unique_ptr<WritableFile>> create(std::string_view path) override {
        TRY(failpoint("storage.create"));
        const std::string full = absolute(path);
        Descriptor file(::open(full.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666));
        if (file.get() < 0) return system_error("create", full, errno);
        return std::unique_ptr<WritableFile>(
            std::make_unique<LocalWritableFile>(full, file.release()));
    }

    Result<void> rename_no_replace(std::string_view from, std::string_view to) override {
        return rename_local_no_replace(absolute(from), absolute(to));
    }

    Result<void> rename_over(std::string_view from, std::string_view to) override {
        TRY(failpoint("storage.rename_over"));
        const std::string target = absolute(to);
        if (::rename(absolute(from).c_str(), target.c_str()) != 0) {
            return system_error("rename to", target, errno);
        }
        return {};
    }

    Result<void> link(std::string_view from, std::string_view to) override {
        TRY(failpoint("storage.link"));
        const std::string target = absolute(to);
        if (::link(absolute(from).c_str(), target.c_str()) != 0)
            return system_error("link", target, errno);
        return {};
    }

    Result<void> sync_directory(std::string_view path) override {
        TRY(failpoint("storage.sync_directory"));
        return sync_local_directory(absolute(path));
    }

    Result<void> remove(std::string_view path) override {
        TRY(failpoint("storage.remove"));
        const std::string full = absolute(path);
        if (::remove(full.c_str()) != 0 && errno != ENOENT)
            return system_error("remove", full, errno);
        return {};
    }

    Result<void> remove_all(std::string_view path) override {
        TRY(failpoint("storage.remove_all"));
        std::error_code code;
        fs::remove_all(absolute(path), code);
        if (code) return system_error("remove", absolute(path), code.value());
        return {};
    }

private:
    std::string root_;
};

// Two probe files; renaming one onto the other without replacing must refuse and leave both.
Result<void> probe(FileSystem& files) {
    std::random_device random;
    const std::string name = fmt::format("_probe-{}-{:08x}", ::getpid(), random());
    const std::string other = name + "-other";
    TRY(files.write_durably(name, "a"));
    TRY(files.write_durably(other, "b"));
    auto renamed = files.rename_no_replace(name, other);
    const auto kept = files.read(other);
    TRY(files.remove(name));
    TRY(files.remove(other));
    if (!renamed && renamed.error().kind == ErrorKind::conflict && kept && kept.value() == "b")
        return {};
    if (!renamed && renamed.error().kind != ErrorKind::conflict) return std::move(renamed).error();
    return error(ErrorKind::config,
                 "the mount of {} lets a rename replace an existing file, so commits would not be "
                 "safe there; "
                 "put the lake on another file system",
                 files.root());
}

Result<std::string> absolute_directory(const std::string& directory) {
    std::error_code code;
    const fs::path full = fs::absolute(directory, code);
    if (code) return system_error("resolve", directory, code.value());
    std::string path = full.lexically_normal().string();
    while (path.size() > 1 && path.ends_with('/')) path.pop_back();
    return path;
}

}  // namespace

Result<void> rename_local_no_replace(const std::string& from, const std::string& to) {
    TRY(failpoint("storage.rename_no_replace"));
    if (::renameat2(AT_FDCWD, from.c_str(), AT_FDCWD, to.c_str(), RENAME_NOREPLACE) == 0) return {};
    if (errno != EINVAL) return system_error("rename to", to, errno);
    // The mount has no RENAME_NOREPLACE. rename() refuses a directory that is not empty; for a
    // file link() refuses an existing name.
    if (struct stat status{}; ::stat(from.c_str(), &status) == 0 && S_ISDIR(status.st_mode)) {
        if (::rename(from.c_str(), to.c_str()) == 0) return {};
        return system_error("rename to", to, errno == ENOTEMPTY ? EEXIST : errno);
    }
    if (::link(from.c_str(), to.c_str()) != 0) return system_error("rename to", to, errno);
    if (::unlink(from.c_str()) != 0) return system_error("remove", from, errno);
    return {};
}

Result<void> sync_local_directory(const std::string& directory) {
    const Descriptor opened(::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (opened.get() < 0) return system_error("open directory", directory, errno);
    if (::fsync(opened.get()) != 0) return system_error("sync directory", directory, errno);
    return {};
}

Result<std::unique_ptr<FileSystem>> open_local(const std::string& directory) {
    TRY_ASSIGN(std::string root, absolute_directory(directory));
    std::error_code code;
    fs::create_directories(root, code);
    if (code) return system_error("create directory", root, code.value());
    std::unique_ptr<FileSystem> files = std::make_unique<LocalFileSystem>(std::move(root));
    TRY(probe(*files));
    return files;
}

Result<std::unique_ptr<FileSystem>> open_local_read_only(const std::string& directory) {
    TRY_ASSIGN(std::string root, absolute_directory(directory));
    if (std::error_code code; !fs::is_directory(root, code)) {
        return error(ErrorKind::not_found, "there is no directory {}", root);
    }
    return std::unique_ptr<FileSystem>(std::make_unique<LocalFileSystem>(std::move(root)));
}

}  // namespace bassline::storage
