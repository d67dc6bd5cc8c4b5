// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include <fmt/format.h>

#include "simulator/configuration.hpp"

// A small configuration for tests: logged-in free users, sessions start at Home.
namespace bassline::simulator {

struct TestTransition {
    std::string from;
    std::string to;
    double probability;
};

inline std::string state_text(const std::string& page) {
    const bool is_redirect = page == "Login" || page == "Logout" || page == "Submit Upgrade";
    const bool is_put = is_redirect || page == "NextSong";
    const std::string auth = page == "Login" || page == "Landing" ? "Logged Out" : "Logged In";
    return fmt::format(R"({{"page":"{}","method":"{}","status":{},"auth":"{}","level":"free"}})",
                       page == "Landing" ? "Home" : page, is_put ? "PUT" : "GET",
                       is_redirect ? 307 : 200, auth);
}

/// Line 1 has the header, line 4 the first transition, one a line. Without transitions: a session
/// is Home and up to one NextSong.
inline std::string configuration_text(std::vector<TestTransition> transitions,
                                      const std::string& header = "") {
    if (transitions.empty()) transitions.push_back({"Home", "NextSong", 0.5});
    const std::string start = state_text("Home");
    std::string text = "{" + header +
                       R"("levels": [{"level": "free", "weight": 1}], )"
                       R"("auths": [{"auth": "Logged In", "weight": 1}],)"
                       "\n"
                       R"("show-user-details": [{"auth": "Logged In", "show": true}], )"
                       R"("new-session": [)" +
                       start.substr(0, start.size() - 1) + ",\"weight\":1}],\n\"transitions\": [\n";
    for (std::size_t i = 0; i < transitions.size(); ++i) {
        text += fmt::format(R"({{"source":{},"dest":{},"p":{}}})", state_text(transitions[i].from),
                            state_text(transitions[i].to), transitions[i].probability);
        text += i + 1 < transitions.size() ? ",\n" : "\n";
    }
    return text + "]}\n";
}

}  // namespace bassline::simulator
