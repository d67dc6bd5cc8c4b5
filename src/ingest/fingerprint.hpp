// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.hpp"
#include "ingest/byte_stream.hpp"
#include "ingest/input_file.hpp"
#include "lake/chain.hpp"

// What recognises a source under any name and compression: the hashes of its first 64 KiB and of
// the last 64 KiB before a position, in decompressed bytes.
namespace bassline::ingest {

inline constexpr std::size_t kFingerprintBytes = 64u << 10;

/// Collects the fingerprint of bytes that pass by, from the first one on.
class FingerprintBuilder {
public:
    void update(std::string_view bytes);
    lake::Fingerprint value() const;
    std::uint64_t position() const { return position_; }

private:
    std::string head_;
    std::string tail_;
    std::uint64_t position_ = 0;
};

/// The fingerprint of an input at a position, or nothing if the input is shorter (a damaged input
/// counts as ending where the damage is). `window_max`: as of open_byte_stream. Errors: `io`;
/// `bad_data` if it needs too much memory.
Result<std::optional<lake::Fingerprint>> fingerprint_at(const std::shared_ptr<InputFile>& file,
                                                        Encoding encoding, std::uint64_t position,
                                                        std::uint64_t window_max = kZstdWindowMax);

/// XXH64 of the bytes [start, end) of a plain input. Errors: `io`.
Result<std::string> hash_of_range(const InputFile& file, std::uint64_t start, std::uint64_t end);

}  // namespace bassline::ingest
