// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <memory>
#include <string_view>
#include <vector>

#include "base/result.hpp"

// The lines of a file of events, plain, gzip or zstd by its content. Used by one thread.
namespace bassline::simulator {

class CheckLines {
public:
    /// Errors: `not_found`, `io`.
    static Result<CheckLines> open(const std::filesystem::path& path);

    CheckLines(CheckLines&&) noexcept;
    ~CheckLines();

    /// The next line without its line feed; false at the end. event::kScanPadding bytes are
    /// readable after it; it lives until the next call.
    /// Errors: `io`; `bad_data` if the file is damaged or cut short.
    Result<bool> next(std::string_view& line);

private:
    class Source;
    class ZlibSource;
    class ZstdSource;
    explicit CheckLines(std::unique_ptr<Source> source);
    Result<void> fill();

    std::unique_ptr<Source> source_;
    std::vector<char> buffer_;
    std::size_t at_ = 0;
    std::size_t filled_ = 0;
    bool ended_ = false;
};

}  // namespace bassline::simulator
