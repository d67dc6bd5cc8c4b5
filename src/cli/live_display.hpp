// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <string>
#include <thread>

namespace bassline::cli {

/// Shows one changing line on stderr until it goes out of scope: in place on a terminal, else as a
/// log line now and then. Log lines of others take its place until it is shown again.
class LiveDisplay {
public:
    /// `line` is called from a thread of its own.
    explicit LiveDisplay(std::function<std::string()> line);
    ~LiveDisplay();

private:
    void run(const std::stop_token& stop) const;

    std::function<std::string()> line_;
    const bool terminal_;
    std::jthread thread_;
};

}  // namespace bassline::cli
