// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"

// What EventSim's configuration file says: one JSON object of header values, weights, and the
// transitions of a Markov chain over states. Any published file loads unchanged; what is absent has
// EventSim's default.
namespace bassline::simulator {

/// A state of the chain: what a page view shows of it.
struct PageState {
    std::string page;    // "NextSong"
    std::string method;  // "PUT"
    int status = 0;      // 200, 307, 404
    std::string auth;    // "Logged In"
    std::string level;   // "free"

    bool operator==(const PageState&) const = default;
};

struct Transition {
    std::uint32_t to;  // index into Configuration::states
    double probability;
};

/// A first page of a session, drawn by weight among those of the user's (auth, level).
struct SessionStart {
    std::uint32_t state;
    double weight;
};

struct Weight {
    std::string name;
    double weight;
};

struct Configuration {
    std::string name;  // "stock", or the file: for messages

    std::uint64_t seed = 0;
    double alpha = 60;              // s, mean of the gap within a session over the population
    double beta = 259'200;          // s, mean of the gap between sessions over the population
    double damping = 0.0625;        // amplitude of the daily cycle, in days
    double weekend_damping = 0.5;   // probability that a start in free time is dropped
    double weekend_offset_min = 6;  // the ramp begins and ends so far from midnight
    double weekend_scale_min = 6;   // and is so long
    std::int64_t session_gap_s = 1800;

    std::optional<std::string> start_date;
    std::optional<std::string> end_date;
    std::optional<std::uint64_t> users;
    std::optional<std::uint64_t> first_user_id;
    std::optional<double> growth_rate;  // a year
    std::optional<std::string> tag;

    std::optional<std::string> churned_auth;  // a session that ends in it removes the user
    std::string new_user_auth = "Guest";
    std::string new_user_level = "free";
    std::vector<Weight> levels;
    std::vector<Weight> auths;
    std::vector<std::string> shown_auths;  // whose events carry the user

    std::vector<PageState> states;
    std::vector<std::vector<Transition>> transitions;  // by source; what is missing to 1 ends
    std::vector<SessionStart> session_starts;

    std::vector<std::string> warnings;  // for people, with file and line
};

/// How a configuration is read. `compat` takes three habits of EventSim over: fractions of weights
/// are cut off, a repeated transition replaces the earlier one, whose share then ends sessions, and
/// the level of newcomers is "Free" where none is given.
struct ReadOptions {
    bool compat = false;
};

/// Reads a configuration. Errors: `config`, naming file, line and reason: no JSON, a wrong type, a
/// value out of range, transitions of a state above 1, a session start in no transition.
Result<Configuration> parse_configuration(std::string_view text, const std::string& file,
                                          ReadOptions options = {});

/// The text of a packaged one by name (stock, alt, accordion), else of a file. Errors: `config` if
/// there is neither.
Result<std::string> read_configuration(const std::string& name_or_file);

/// Both. Errors: `config`.
Result<Configuration> load_configuration(const std::string& name_or_file, ReadOptions options = {});

}  // namespace bassline::simulator
