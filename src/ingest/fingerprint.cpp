// SPDX-License-Identifier: Apache-2.0
#include "ingest/fingerprint.hpp"

#include <algorithm>
#include <vector>

#include "base/hash.hpp"

namespace bassline::ingest {
namespace {

// Bytes [start, end) of a plain file; shorter if the file is.
Result<std::string> read_range(const InputFile& file, std::uint64_t start, std::uint64_t end) {
    std::string bytes(static_cast<std::size_t>(end - start), '\0');
    TRY_ASSIGN(const std::size_t got, file.read_at(start, bytes.data(), bytes.size()));
    bytes.resize(got);
    return bytes;
}

Result<std::optional<lake::Fingerprint>> of_plain(const InputFile& file, std::uint64_t position) {
    const std::uint64_t length = std::min<std::uint64_t>(position, kFingerprintBytes);
    TRY_ASSIGN(const std::uint64_t size, file.size());
    if (size < position) return std::optional<lake::Fingerprint>{};
    TRY_ASSIGN(const std::string head, read_range(file, 0, length));
    TRY_ASSIGN(const std::string tail, read_range(file, position - length, position));
    return std::optional(lake::Fingerprint{xxh64_hex(head), xxh64_hex(tail)});
}

Result<std::optional<lake::Fingerprint>> of_compressed(const std::shared_ptr<InputFile>& file,
                                                       std::uint64_t position,
                                                       std::uint64_t window_max) {
    TRY_ASSIGN(const auto stream, open_byte_stream(file, {}, window_max));
    FingerprintBuilder builder;
    std::vector<char> buffer(kFingerprintBytes);
    while (builder.position() < position) {
        const std::uint64_t wanted =
            std::min<std::uint64_t>(buffer.size(), position - builder.position());
        auto read = stream->read(buffer.data(), static_cast<std::size_t>(wanted));
        if (!read && (stream->lacks_memory() || read.error().kind != ErrorKind::bad_data)) {
            return std::move(read).error();
        }
        if (!read || read.value().ended) return std::optional<lake::Fingerprint>{};
        builder.update({buffer.data(), read.value().bytes});
    }
    return std::optional(builder.value());
}

}  // namespace

void FingerprintBuilder::update(std::string_view bytes) {
    position_ += bytes.size();
    if (head_.size() < kFingerprintBytes)
        head_ += bytes.substr(0, kFingerprintBytes - head_.size());
    if (bytes.size() >= kFingerprintBytes) {
        tail_ = bytes.substr(bytes.size() - kFingerprintBytes);
        return;
    }
    const std::size_t kept = std::min(tail_.size(), kFingerprintBytes - bytes.size());
    tail_.erase(0, tail_.size() - kept);
    tail_ += bytes;
}

lake::Fingerprint FingerprintBuilder::value() const {
    return {xxh64_hex(head_), xxh64_hex(tail_)};
}

Result<std::optional<lake::Fingerprint>> fingerprint_at(const std::shared_ptr<InputFile>& file,
                                                        Encoding encoding, std::uint64_t position,
                                                        std::uint64_t window_max) {
    if (encoding == Encoding::plain) return of_plain(*file, position);
    return of_compressed(file, position, window_max);
}

Result<std::string> hash_of_range(const InputFile& file, std::uint64_t start, std::uint64_t end) {
    Xxh64 hash;
    std::vector<char> buffer(1u << 20);
    while (start < end) {
        const auto wanted =
            static_cast<std::size_t>(std::min<std::uint64_t>(buffer.size(), end - start));
        TRY_ASSIGN(const std::size_t got, file.read_at(start, buffer.data(), wanted));
        if (got == 0) return error(ErrorKind::io, "{} became shorter meanwhile", file.path());
        hash.update({buffer.data(), got});
        start += got;
    }
    return hash.hex();
}

}  // namespace bassline::ingest
