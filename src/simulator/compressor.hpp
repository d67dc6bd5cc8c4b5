// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "base/result.hpp"

// A stream of bytes, compressed as it goes.
namespace bassline::simulator {

enum class Compression { none, gzip, zstd };

/// "", ".gz", ".zst".
std::string_view suffix_of(Compression compression);
/// By the end of a file's name.
Compression compression_of(std::string_view file_name);

class Compressor {
public:
    virtual ~Compressor() = default;
    /// How far a reader must get with what is out after the call.
    enum class Until {
        later,  // the compressor may keep bytes back
        flush,  // all bytes so far
        end,    // and no more will come
    };
    /// Appends compressed bytes to `out`. Errors: `io` if memory is short.
    virtual Result<void> add(std::string_view bytes, Until until, std::string& out) = 0;
};

/// None for Compression::none.
Result<std::unique_ptr<Compressor>> make_compressor(Compression compression);

}  // namespace bassline::simulator
