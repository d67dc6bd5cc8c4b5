// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <string>
#include <thread>
#include <vector>

namespace bassline::cli {

/// Lines to redraw in place: each cut to the width, no more than the height; the cursor ends where
/// it began, at the start of the first, so that what is logged next begins there.
struct ScreenSize {
    std::size_t rows;
    std::size_t columns;
};
std::string redrawn(const std::vector<std::string>& lines, const ScreenSize& size);

/// Shows what changes on stderr until it goes out of scope: on a terminal some lines in place, else
/// one log line now and then. Log lines of others take their place until they are shown again.
class LiveDisplay {
public:
    /// Both are called from a thread of its own: `lines` for a terminal, `line` for a log.
    LiveDisplay(std::function<std::vector<std::string>()> lines, std::function<std::string()> line);
    ~LiveDisplay();

private:
    void run(const std::stop_token& stop) const;

    std::function<std::vector<std::string>()> lines_;
    std::function<std::string()> line_;
    const bool terminal_;
    std::jthread thread_;
};

}  // namespace bassline::cli
