// SPDX-License-Identifier: Apache-2.0
#include "simulator/run_plan.hpp"

#include <chrono>

#include "simulator/time_text.hpp"

namespace bassline::simulator {
namespace {

constexpr std::uint64_t kUsers = 1000;
constexpr std::chrono::days kFromAgo{15};
constexpr std::chrono::days kToAgo{1};
constexpr std::uint64_t kUsersMax = 0xFFFF'FFFE;

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

Result<std::int64_t> moment(const std::optional<std::int64_t>& option,
                            const std::optional<std::string>& config, std::string_view key,
                            std::int64_t otherwise) {
    if (option) return *option;
    if (!config) return otherwise;
    auto time = parse_time(*config);
    if (!time) return error(ErrorKind::config, "\"{}\": {}", key, time.error().message);
    return time;
}

}  // namespace

Result<RunPlan> plan_run(const SimulateOptions& options, const Configuration& configuration,
                         Timestamp now) {
    const bool compat = options.compat;
    const std::optional<std::string> none;
    TRY_ASSIGN(const std::int64_t from,
               moment(options.from_ms, compat ? none : configuration.start_date, "start-date",
                      midnight_ms(now, kFromAgo)));
    TRY_ASSIGN(const std::int64_t to, moment(options.to_ms, compat ? none : configuration.end_date,
                                             "end-date", midnight_ms(now, kToAgo)));
    if (to < from) return error(ErrorKind::usage, "the end (--to) is before the start (--from)");

    RunPlan plan;
    plan.model.seed = options.seed.value_or(configuration.seed);
    plan.model.growth_rate =
        chosen(options.growth_rate, configuration.growth_rate, compat).value_or(0);
    plan.model.attrition_rate = options.attrition_rate;
    plan.model.compat = compat;

    const std::uint64_t users = chosen(options.users, configuration.users, compat).value_or(kUsers);
    if (users > kUsersMax) return error(ErrorKind::usage, "at most {} users", kUsersMax);
    plan.simulation = {.users = users, .from_ms = from, .to_ms = to};

    const std::uint64_t first =
        chosen(options.first_user_id, configuration.first_user_id, compat).value_or(1);
    plan.output = {.format = options.format,
                   .extended = options.extended,
                   .tag = options.tag ? options.tag : configuration.tag,
                   .first_user_id = compat ? first + 1 : first};
    return plan;
}

}  // namespace bassline::simulator
