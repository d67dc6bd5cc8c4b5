// SPDX-License-Identifier: Apache-2.0
#include "simulator/run_plan.hpp"

#include <chrono>
#include <cmath>
#include <limits>

#include "simulator/time_text.hpp"
#include "simulator/units.hpp"
#include "simulator/user.hpp"

namespace bassline::simulator {
namespace {

constexpr std::uint64_t kUsers = 1000;
constexpr std::chrono::days kFromAgo{15};
constexpr std::chrono::days kToAgo{1};
constexpr std::int64_t kFromMinMs = 189'302'400'000;  // 1976-01-01
// Seconds since the start are counted in 32 bits, the last of which means never.
constexpr std::int64_t kSpanMaxMs = (std::int64_t{kNever} - 1) * kMillisecond;

std::int64_t midnight_ms(Timestamp now, std::chrono::days ago) {
    const auto day = std::chrono::floor<std::chrono::days>(now) - ago;
    return std::chrono::duration_cast<std::chrono::milliseconds>(day.time_since_epoch()).count();
}

// The option, else the configuration's; the other way round with `compat`.
template <class Value>
std::optional<Value> chosen(const std::optional<Value>& option, const std::optional<Value>& config,
                            bool compat) {
    if (compat) return config ? config : option;
    return option ? option : config;
}

using Moment = std::optional<std::int64_t>;

Result<Moment> moment(const Moment& option, const std::optional<std::string>& config,
                      std::string_view key, Moment otherwise) {
    if (option) return option;
    if (!config) return otherwise;
    auto time = parse_time(*config);
    if (!time) return error(ErrorKind::config, "\"{}\": {}", key, time.error().message);
    return Moment(time.value());
}

// By the growth rate. The original's cut gaps between arrivals (Population) bring the more, the
// more there are, and at last all at once: infinitely many.
double users_at_end(const RunPlan& plan, std::int64_t span_ms) {
    const auto users = static_cast<double>(plan.simulation.users);
    const double growth = plan.model.growth_rate / kYearSeconds;
    const double grown = std::exp(growth * static_cast<double>(span_ms) / kMillisecond);
    if (growth <= 0 || users == 0) return users;
    if (!plan.model.compat) return users * grown;
    const double share = -std::expm1(-growth * users) * grown;
    return share < 1 ? -std::log1p(-share) / growth : std::numeric_limits<double>::infinity();
}

Result<void> check_options(const SimulateOptions& options) {
    if (!options.is_live && (options.speed != 1 || options.rate)) {
        return error(ErrorKind::usage, "--speed and --rate pace a live run: add --live");
    }
    if (options.speed != 1 && options.rate) {
        return error(ErrorKind::usage, "--speed and --rate both say how fast: give one of them");
    }
    if (options.is_live && options.compat && !options.to_ms) {
        return error(ErrorKind::usage, "--compat knows all newcomers from the start: give a --to");
    }
    const bool has_faults = options.faults.touch_records() || options.faults.bots > 0;
    if (!options.checkpoint.empty() && (has_faults || !options.answer_key.empty())) {
        return error(ErrorKind::usage, "--checkpoint keeps no --faults and no --answer-key");
    }
    if (options.format == OutputFormat::single &&
        (options.faults.malformed > 0 || !options.answer_key.empty())) {
        return error(ErrorKind::usage,
                     "malformed records and --answer-key are for the four topics, not --format "
                     "single");
    }
    return {};
}

}  // namespace

Result<RunPlan> plan_run(const SimulateOptions& options, const Configuration& configuration,
                         Timestamp now) {
    TRY(check_options(options));
    const bool compat = options.compat;
    const bool is_live = options.is_live;
    const std::optional<std::string> none;
    const std::int64_t now_ms =
        std::chrono::duration_cast<std::chrono::seconds>(now.time_since_epoch()).count() *
        kMillisecond;
    TRY_ASSIGN(const Moment from,
               moment(options.from_ms, compat ? none : configuration.start_date, "start-date",
                      is_live ? now_ms : midnight_ms(now, kFromAgo)));
    TRY_ASSIGN(const Moment to, moment(options.to_ms, compat ? none : configuration.end_date,
                                       "end-date", is_live ? Moment() : midnight_ms(now, kToAgo)));
    if (to && *to < *from) {
        return error(ErrorKind::usage, "the end (--to) is before the start (--from)");
    }
    if (*from < kFromMinMs) {
        return error(ErrorKind::usage,
                     "the start (--from) must be 1976 or later: users registered up to five years "
                     "before it, and times are written from 1970 on");
    }
    const std::int64_t known_end_ms = is_live && !to ? now_ms : *to;
    if (known_end_ms - *from > kSpanMaxMs) {
        return error(ErrorKind::usage,
                     "a simulation spans at most 68 years: choose a later --from{}",
                     to ? " or an earlier --to" : "");
    }

    RunPlan plan;
    plan.model.seed = options.seed.value_or(configuration.seed);
    plan.model.growth_rate =
        chosen(options.growth_rate, configuration.growth_rate, compat).value_or(0);
    plan.model.attrition_rate = options.attrition_rate;
    plan.model.faults = options.faults;
    plan.model.compat = compat;

    const std::uint64_t users = chosen(options.users, configuration.users, compat).value_or(kUsers);
    if (users > kUsersMax) return error(ErrorKind::usage, "at most {} users", kUsersMax);
    plan.simulation = {.users = users, .from_ms = *from, .to_ms = to.value_or(0)};
    plan.to_ms = to;
    if (users_at_end(plan, known_end_ms - *from) > static_cast<double>(kUsersMax)) {
        return error(ErrorKind::usage,
                     "the growth rate brings more than {} users: lower it, or simulate less time",
                     kUsersMax);
    }

    const std::uint64_t first =
        chosen(options.first_user_id, configuration.first_user_id, compat).value_or(1);
    plan.output = {.format = options.format,
                   .extended = options.extended,
                   .tag = options.tag ? options.tag : configuration.tag,
                   .first_user_id = compat ? first + 1 : first,
                   .has_own_songs = !options.listen_counts.empty()};
    return plan;
}

std::optional<std::int64_t> RunPlan::end_s() const {
    if (!to_ms) return std::nullopt;
    if (!model.compat) return *to_ms / kMillisecond;
    const std::int64_t phase = simulation.from_ms % kMillisecond;
    return (*to_ms - phase + kMillisecond - 1) / kMillisecond;
}

nlohmann::json RunPlan::settings(const SimulateOptions& options) const {
    nlohmann::json settings{
        {"config", options.config},
        {"listen-counts", options.listen_counts},
        {"seed", model.seed},
        {"users", simulation.users},
        {"from", simulation.from_ms},
        {"growth-rate", model.growth_rate},
        {"attrition-rate", model.attrition_rate},
        {"compat", model.compat},
        {"out", options.out},
        {"format", options.format == OutputFormat::single ? "single" : "topics"},
        {"extended", output.extended},
        {"tag", output.tag.value_or("")},
        {"first-user-id", output.first_user_id}};
    // The original knows all newcomers until the end from the start.
    if (model.compat && model.growth_rate > 0) settings["to"] = simulation.to_ms;
    return settings;
}

}  // namespace bassline::simulator
