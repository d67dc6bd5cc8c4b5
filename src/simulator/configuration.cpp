// SPDX-License-Identifier: Apache-2.0
#include "simulator/configuration.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <fstream>
#include <limits>
#include <sstream>

#include "simulator/configuration_reader.hpp"
#include "simulator/packaged_configurations.hpp"

namespace bassline::simulator {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();
constexpr double kSumSlack = 1e-9;       // what rounding may add to a sum of probabilities
constexpr double kSecondsMax = 4e9;      // alpha and beta: over a hundred years
constexpr double kMinutesMax = 24 * 60;  // of the weekend's ramp

constexpr std::array<std::string_view, 24> kKeys = {
    "seed",
    "alpha",
    "beta",
    "damping",
    "weekend-damping",
    "weekend-damping-offset",
    "weekend-damping-scale",
    "session-gap",
    "start-date",
    "end-date",
    "n-users",
    "first-user-id",
    "growth-rate",
    "tag",
    "churned-state",
    "new-user-auth",
    "new-user-level",
    "levels",
    "auths",
    "show-user-details",
    "new-session",
    "transitions",
    "upgrades",
    "downgrades",
};

std::string described(const PageState& state) {
    return fmt::format("page {} ({}, {})", state.page, state.auth, state.level);
}

// Reads one configuration into its struct.
class Loading {
public:
    Loading(const ConfigurationReader& top, const std::string& file, ReadOptions options)
        : top_(top), options_(options), file_(file) {
        result_.name = file;
        if (options.compat) result_.new_user_level = "Free";
    }

    Result<Configuration> run() {
        warn_of_unknown_keys();
        TRY(read_header());
        TRY(read_population());
        TRY(read_transitions());
        TRY(read_session_starts());
        TRY(check_standings());
        return std::move(result_);
    }

private:
    void warn(std::size_t line, const std::string& text) {
        result_.warnings.push_back(fmt::format("{}:{}: {}", file_, line, text));
    }

    void warn_of_unknown_keys() {
        const auto& members = std::get<PositionedJson::Members>(top_.json().value);
        for (std::size_t i = 0; i < members.names.size(); ++i) {
            const std::string& key = members.names[i];
            if (std::find(kKeys.begin(), kKeys.end(), key) != kKeys.end()) continue;
            warn(members.values[i].line, fmt::format("\"{}\" is unknown and has no effect", key));
        }
    }

    Result<void> read_header() {
        constexpr double kSmallest = std::numeric_limits<double>::min();
        TRY(top_.whole("seed", result_.seed));
        TRY(top_.number("alpha", result_.alpha, {kSmallest, kSecondsMax}));
        TRY(top_.number("beta", result_.beta, {kSmallest, kSecondsMax}));
        TRY(top_.number("damping", result_.damping, {0, 0.5}));
        TRY(top_.number("weekend-damping", result_.weekend_damping, {0, 1}));
        TRY(top_.number("weekend-damping-offset", result_.weekend_offset_min, {0, kMinutesMax}));
        TRY(top_.number("weekend-damping-scale", result_.weekend_scale_min, {1, kMinutesMax}));
        double session_gap = static_cast<double>(result_.session_gap_s);
        TRY(top_.number("session-gap", session_gap, {0, kSecondsMax}));
        result_.session_gap_s = static_cast<std::int64_t>(session_gap);
        if (options_.compat && result_.session_gap_s == 0) {
            return top_.wrong(top_.json().find("session-gap")->line,
                              "\"session-gap\" must be at least 1 with --compat: the original "
                              "never ends without one");
        }
        TRY(top_.text("start-date", result_.start_date));
        TRY(top_.text("end-date", result_.end_date));
        TRY(top_.whole("n-users", result_.users));
        TRY(top_.whole("first-user-id", result_.first_user_id));
        TRY(top_.number("growth-rate", result_.growth_rate, {0, 1e6}));
        return top_.text("tag", result_.tag);
    }

    Result<std::vector<Weight>> read_weights(std::string_view list, std::string_view name) {
        std::vector<Weight> weights;
        TRY_ASSIGN(const auto entries, top_.objects(list));
        for (const ConfigurationReader& entry : entries) {
            TRY_ASSIGN(std::string value, entry.text(name));
            TRY_ASSIGN(const double weight, entry.number("weight", {0, kInfinity}));
            weights.push_back({std::move(value), whole_if_compat(weight)});
        }
        return weights;
    }

    double whole_if_compat(double weight) const {
        return options_.compat ? std::floor(weight) : weight;
    }

    Result<void> read_population() {
        TRY(top_.text("churned-state", result_.churned_auth));
        TRY(top_.text("new-user-auth", result_.new_user_auth));
        TRY(top_.text("new-user-level", result_.new_user_level));
        TRY_ASSIGN(result_.levels, read_weights("levels", "level"));
        TRY_ASSIGN(result_.auths, read_weights("auths", "auth"));
        TRY_ASSIGN(const auto shown, top_.objects("show-user-details"));
        for (const ConfigurationReader& entry : shown) {
            TRY_ASSIGN(std::string auth, entry.text("auth"));
            TRY_ASSIGN(const bool is_shown, entry.boolean("show"));
            if (is_shown) result_.shown_auths.push_back(std::move(auth));
        }
        return {};
    }

    Result<PageState> read_state(const ConfigurationReader& entry) {
        PageState state;
        TRY_ASSIGN(state.page, entry.text("page"));
        TRY_ASSIGN(state.method, entry.text("method"));
        TRY_ASSIGN(const double status, entry.number("status", {100, 999}));
        state.status = static_cast<int>(status);
        TRY_ASSIGN(state.auth, entry.text("auth"));
        TRY_ASSIGN(state.level, entry.text("level"));
        return state;
    }

    std::uint32_t index_of(const PageState& state) {
        const auto found = std::find(result_.states.begin(), result_.states.end(), state);
        if (found != result_.states.end()) {
            return static_cast<std::uint32_t>(found - result_.states.begin());
        }
        result_.states.push_back(state);
        result_.transitions.emplace_back();
        sums_.push_back(0);
        return static_cast<std::uint32_t>(result_.states.size() - 1);
    }

    Result<void> read_transitions() {
        TRY_ASSIGN(const auto entries, top_.objects("transitions"));
        for (const ConfigurationReader& entry : entries) {
            TRY_ASSIGN(const ConfigurationReader source, entry.object("source"));
            TRY_ASSIGN(const ConfigurationReader dest, entry.object("dest"));
            TRY_ASSIGN(const PageState from, read_state(source));
            TRY_ASSIGN(const PageState to, read_state(dest));
            TRY_ASSIGN(const double probability, entry.number("p", {0, 1}));
            TRY(add_transition(from, to, probability, entry.json().find("p")->line));
        }
        if (result_.states.size() >= std::numeric_limits<std::uint16_t>::max()) {
            return top_.wrong(top_.line(), "there are more than 65,534 states");
        }
        return {};
    }

    Result<void> add_transition(const PageState& from, const PageState& to, double probability,
                                std::size_t line) {
        const std::uint32_t source = index_of(from);
        const std::uint32_t target = index_of(to);
        sums_[source] += probability;
        if (sums_[source] > 1 + kSumSlack) {
            return top_.wrong(line, fmt::format("the transitions of {} sum to {:.6g}, over 1, with "
                                                "this one",
                                                described(from), sums_[source]));
        }
        std::vector<Transition>& row = result_.transitions[source];
        const auto earlier = std::find_if(row.begin(), row.end(),
                                          [&](const Transition& t) { return t.to == target; });
        if (earlier == row.end()) {
            row.push_back({target, probability});
            return {};
        }
        warn(line,
             fmt::format("the transition from {} to {} stands here again; {}", described(from),
                         described(to), options_.compat ? "this one replaces it" : "both count"));
        earlier->probability = options_.compat ? probability : earlier->probability + probability;
        return {};
    }

    Result<void> read_session_starts() {
        TRY_ASSIGN(const auto entries, top_.objects("new-session"));
        for (const ConfigurationReader& entry : entries) {
            TRY_ASSIGN(const PageState state, read_state(entry));
            TRY_ASSIGN(const double weight, entry.number("weight", {0, kInfinity}));
            const auto found = std::find(result_.states.begin(), result_.states.end(), state);
            if (found == result_.states.end()) {
                return top_.wrong(entry.line(), fmt::format("a session may start on {}, but no "
                                                            "transition knows this state",
                                                            described(state)));
            }
            result_.session_starts.push_back(
                {static_cast<std::uint32_t>(found - result_.states.begin()),
                 whole_if_compat(weight)});
        }
        return {};
    }

    bool has_start(std::string_view auth, std::string_view level) const {
        return std::any_of(result_.session_starts.begin(), result_.session_starts.end(),
                           [&](const SessionStart& start) {
                               const PageState& state = result_.states[start.state];
                               return start.weight > 0 && state.auth == auth &&
                                      state.level == level;
                           });
    }

    Result<void> check_standing(std::string_view auth, std::string_view level) const {
        if (has_start(auth, level)) return {};
        return top_.wrong(top_.line(), fmt::format("users may begin as ({}, {}), but no "
                                                   "\"new-session\" says where their sessions "
                                                   "start",
                                                   auth, level));
    }

    // Those that users begin with; one that a session ends in is a matter for the chain.
    Result<void> check_standings() {
        if (result_.levels.empty() || result_.auths.empty()) {
            return top_.wrong(top_.line(), "\"levels\" and \"auths\" must say what users begin as");
        }
        for (const Weight& auth : result_.auths) {
            for (const Weight& level : result_.levels) {
                if (auth.weight > 0 && level.weight > 0) {
                    TRY(check_standing(auth.name, level.name));
                }
            }
        }
        if (result_.growth_rate.value_or(0) > 0) {
            TRY(check_standing(result_.new_user_auth, result_.new_user_level));
        }
        return {};
    }

    const ConfigurationReader& top_;
    ReadOptions options_;
    const std::string& file_;
    Configuration result_;
    std::vector<double> sums_;  // of probabilities by source
};

}  // namespace

Result<Configuration> parse_configuration(std::string_view text, const std::string& file,
                                          ReadOptions options) {
    TRY_ASSIGN(const PositionedJson json, parse_positioned_json(text, file));
    TRY_ASSIGN(const ConfigurationReader top, ConfigurationReader::of(json, file));
    return Loading(top, file, options).run();
}

Result<std::string> read_configuration(const std::string& name_or_file) {
    for (const PackagedConfiguration& packaged : packaged_configurations()) {
        if (packaged.name == name_or_file) return std::string(packaged.text);
    }
    std::ifstream file(name_or_file, std::ios::binary);
    if (!file) {
        return error(ErrorKind::config,
                     "no configuration named {} (stock, alt, accordion), and no such file",
                     name_or_file);
    }
    std::ostringstream text;
    text << file.rdbuf();
    return std::move(text).str();
}

Result<Configuration> load_configuration(const std::string& name_or_file, ReadOptions options) {
    TRY_ASSIGN(const std::string text, read_configuration(name_or_file));
    return parse_configuration(text, name_or_file, options);
}

}  // namespace bassline::simulator
