// SPDX-License-Identifier: Apache-2.0
#include "simulator/file_sink.hpp"

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <optional>

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/failpoint.hpp"
#include "storage/local_file_system.hpp"

namespace bassline::simulator {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kPendingBytes = std::size_t{1} << 18;  // small writes are collected
constexpr mode_t kFileMode = 0644;

Error system_error(std::string_view doing, const std::string& path, int code) {
    return error(ErrorKind::io, "cannot {} {}: {}", doing, path, std::strerror(code));
}

Result<void> write_all(int file, const std::string& path, std::string_view bytes) {
    if (bytes.empty()) return {};
    TRY(failpoint("simulator.write"));
    while (!bytes.empty()) {
        const ssize_t written = ::write(file, bytes.data(), bytes.size());
        if (written < 0 && errno == EINTR) continue;
        if (written < 0) return system_error("write", path, errno);
        bytes.remove_prefix(static_cast<std::size_t>(written));
    }
    return {};
}

class StdoutSink : public Sink {
public:
    Result<void> write(std::size_t /*stream*/, const Lines& lines) override {
        return write_all(STDOUT_FILENO, "standard output", lines.text);
    }
    Result<void> finish() override { return {}; }
};

Result<void> make_folder(const std::string& folder) {
    std::error_code code;
    fs::create_directories(folder, code);
    if (code) return error(ErrorKind::io, "cannot make folder {}: {}", folder, code.message());
    return {};
}

}  // namespace

struct FileSink::File {
    std::string path;     // as it is called in the end
    std::string written;  // as it is called until then
    int descriptor = -1;
    bool is_complete = false;  // with all others: kept, whatever becomes of its name
    std::uint64_t size = 0;
    std::string pending;
    std::unique_ptr<Compressor> compressor;
    std::string compressed;

    File() = default;
    File(const File&) = delete;
    File& operator=(const File&) = delete;
    ~File() {
        if (descriptor < 0) return;
        ::close(descriptor);
        if (written != path && !is_complete) ::unlink(written.c_str());
    }

    Result<void> open(std::optional<std::uint64_t> resume_at) {
        const int flags = written == path && !resume_at ? O_EXCL : 0;
        descriptor = ::open(written.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC | flags, kFileMode);
        if (descriptor < 0 && errno == EEXIST) {
            return error(ErrorKind::conflict, "{} exists; choose another --out, or remove it",
                         path);
        }
        if (descriptor < 0) return system_error("create", written, errno);
        if (::flock(descriptor, LOCK_EX | LOCK_NB) != 0) {
            ::close(std::exchange(descriptor, -1));
            return error(ErrorKind::conflict, "{} is being written by another process", path);
        }
        return cut(resume_at.value_or(0));
    }

    Result<void> cut(std::uint64_t at) {
        struct stat info {};
        if (::fstat(descriptor, &info) != 0) return system_error("look at", written, errno);
        if (static_cast<std::uint64_t>(info.st_size) < at) {
            return error(ErrorKind::conflict,
                         "{} has {} bytes, but the checkpoint knows of {}; it was changed", path,
                         info.st_size, at);
        }
        if (::ftruncate(descriptor, static_cast<off_t>(at)) != 0) {
            return system_error("cut", written, errno);
        }
        ::lseek(descriptor, static_cast<off_t>(at), SEEK_SET);
        size = at;
        return {};
    }

    Result<void> put(std::string_view bytes) {
        TRY(write_all(descriptor, written, bytes));
        size += bytes.size();
        return {};
    }

    Result<void> add(std::string_view bytes, Compressor::Until until) {
        if (!compressor) return put(bytes);
        compressed.clear();
        TRY(compressor->add(bytes, until, compressed));
        return put(compressed);
    }

    Result<void> write(std::string_view bytes) {
        if (pending.size() + bytes.size() < kPendingBytes) {
            pending += bytes;
            return {};
        }
        TRY(drain(Compressor::Until::later));
        return add(bytes, Compressor::Until::later);
    }

    Result<void> drain(Compressor::Until until) {
        if (pending.empty() && until == Compressor::Until::later) return {};
        TRY(add(pending, until));
        pending.clear();
        return {};
    }

    Result<void> sync() {
        TRY(failpoint("simulator.sync"));
        if (::fdatasync(descriptor) != 0) return system_error("sync", written, errno);
        return {};
    }

    Result<void> close() {
        TRY(drain(Compressor::Until::end));
        if (::fsync(descriptor) != 0) return system_error("sync", written, errno);
        return {};
    }

    Result<void> publish() {
        if (written != path) {
            auto named = storage::rename_local_no_replace(written, path);
            if (!named) return not_named(named.error());
        }
        ::close(std::exchange(descriptor, -1));
        return {};
    }

    Error not_named(const Error& why) const {
        const std::string reason =
            why.kind == ErrorKind::conflict
                ? fmt::format("{} appeared meanwhile; nothing was overwritten", path)
                : why.message;
        return error(why.kind,
                     "{}; what was made is complete in {} (and so on): move it from there before "
                     "the next run",
                     reason, written);
    }
};

FileSink::FileSink() = default;
FileSink::~FileSink() = default;

Result<std::unique_ptr<FileSink>> FileSink::open(const FileOutput& output) {
    TRY(make_folder(output.folder));
    std::unique_ptr<FileSink> sink(new FileSink());
    sink->folder_ = output.folder;
    for (std::size_t stream = 0; stream < output.names.size(); ++stream) {
        auto file = std::make_unique<File>();
        const std::string name = output.names[stream] + std::string(suffix_of(output.compression));
        const fs::path folder(output.folder);
        file->path = folder / name;
        file->written = output.is_live ? file->path : (folder / ("." + name + ".partial")).string();
        if (!output.is_live && fs::exists(fs::symlink_status(file->path))) {
            return error(ErrorKind::conflict, "{} exists; choose another --out, or remove it",
                         file->path);
        }
        TRY_ASSIGN(file->compressor, make_compressor(output.compression));
        const bool resumes = !output.resume_at.empty();
        TRY(file->open(resumes ? std::optional(output.resume_at[stream]) : std::nullopt));
        sink->files_.push_back(std::move(file));
    }
    return sink;
}

Result<void> FileSink::write(std::size_t stream, const Lines& lines) {
    return files_[stream]->write(lines.text);
}

Result<void> FileSink::flush() {
    for (const auto& file : files_) TRY(file->drain(Compressor::Until::flush));
    return {};
}

Result<void> FileSink::sync() {
    TRY(flush());
    for (const auto& file : files_) TRY(file->sync());
    if (!folder_is_synced_) TRY(storage::sync_local_directory(folder_));
    folder_is_synced_ = true;
    return {};
}

Result<void> FileSink::finish() {
    for (const auto& file : files_) TRY(file->close());
    for (const auto& file : files_) file->is_complete = true;
    for (const auto& file : files_) TRY(file->publish());
    return {};
}

std::vector<std::uint64_t> FileSink::sizes() const {
    std::vector<std::uint64_t> sizes;
    for (const auto& file : files_) sizes.push_back(file->size);
    return sizes;
}

std::unique_ptr<Sink> make_stdout_sink() {
    return std::make_unique<StdoutSink>();
}

}  // namespace bassline::simulator
