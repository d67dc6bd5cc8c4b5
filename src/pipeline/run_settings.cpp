// SPDX-License-Identifier: Apache-2.0
#include "pipeline/run_settings.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>

#include <fmt/format.h>

#include "lake/file_sources.hpp"
#include "lake/names.hpp"
#include "pipeline/segment_writer.hpp"

namespace bassline::pipeline {
namespace {

constexpr std::string_view kFile = "_simulator/settings.json";
constexpr std::string_view kConfiguration = "_simulator/configuration.json";
constexpr std::int64_t kDaySeconds = 86'400;
constexpr std::uint64_t kSeedDefault = 1;
constexpr std::int64_t kDaysKeptBeyondHistory = 60;

template <class T>
void note_difference(std::string& differences, std::string_view option,
                     const std::optional<T>& asked, const T& made) {
    if (!asked || *asked == made) return;
    differences +=
        fmt::format("{}{} {} instead of {}", differences.empty() ? "" : ", ", option, *asked, made);
}

// The same text under another name is the same simulation. Older lakes kept the name only.
void note_other_configuration(std::string& differences, const AskedSettings& asked,
                              const RunSettings& made) {
    if (!asked.config || asked.configuration == made.configuration) return;
    if (*asked.config == made.config && !made.configuration.empty()) {
        differences = fmt::format("--simulation {}, which has changed since", made.config);
        return;
    }
    note_difference(differences, "--simulation", asked.config, made.config);
}

// The file is whole or not there.
Result<void> replace_file(storage::FileSystem& files, std::string_view path,
                          std::string_view text) {
    const std::string part = fmt::format("{}.part", path);
    TRY(files.make_directories(storage::parent_path(path)));
    TRY(files.remove(part));
    TRY(files.write_durably(part, text));
    return files.rename_over(part, path);
}

}  // namespace

Result<std::optional<RunSettings>> load_settings(const storage::FileSystem& files) {
    const auto text = files.read(kFile);
    if (!text && text.error().kind == ErrorKind::not_found) return std::optional<RunSettings>();
    if (!text) return text.error();
    const auto configuration = files.read(kConfiguration);
    if (!configuration && configuration.error().kind != ErrorKind::not_found) {
        return configuration.error();
    }
    const auto json = nlohmann::json::parse(text.value(), nullptr, false);
    try {
        return std::optional(RunSettings{
            .config = json.at("config"),
            .configuration = configuration ? configuration.value() : "",
            .users = json.at("users"),
            .seed = json.at("seed"),
            .from_s = json.at("from_s"),
            .live_s = json.at("live_s"),
            .retain_days = json.value("retain_days", kRetainDaysDefault),
            .producer = json.contains("producer") ? std::optional<std::string>(json.at("producer"))
                                                  : std::nullopt});
    } catch (const nlohmann::json::exception& damage) {
        return error(ErrorKind::bad_data, "{}/{} is damaged: {}", files.root(), kFile,
                     damage.what());
    }
}

Result<void> save_settings(storage::FileSystem& files, const RunSettings& settings) {
    nlohmann::json json = {{"config", settings.config}, {"users", settings.users},
                           {"seed", settings.seed},     {"from_s", settings.from_s},
                           {"live_s", settings.live_s}, {"retain_days", settings.retain_days}};
    if (settings.producer) json["producer"] = *settings.producer;
    if (!settings.configuration.empty()) {
        TRY(replace_file(files, kConfiguration, settings.configuration));
    }
    return replace_file(files, kFile, json.dump(1) + "\n");
}

Result<void> check_no_other_events(const storage::FileSystem& files) {
    TRY_ASSIGN(const auto has_service, files.exists(kFile));
    TRY_ASSIGN(const auto chains, lake::list_chains(files));
    for (const std::string& chain : chains) {
        if (chain == lake::kFilesChain || chain == lake::kCompactChain) continue;
        TRY_ASSIGN(const std::uint64_t entries, lake::end_of_chain(files, chain));
        if (entries == 0) continue;
        return error(ErrorKind::config,
                     "this lake holds records of Kafka (chain {}), which a simulated service must "
                     "not mix with, since it would expire them; take another --lake",
                     chain);
    }
    TRY_ASSIGN(const auto ingested, lake::load_files_chain(files));
    for (const auto& [number, source] : ingested.sources.sources) {
        if (has_service && segment_number(source.path)) continue;
        return error(ErrorKind::config,
                     "this lake holds ingested logs ({}), which a simulated service must not mix "
                     "with, since it would expire them; {}take another --lake",
                     source.path, has_service ? "" : "give --from to go on with them, or ");
    }
    return {};
}

Result<void> check_no_service(const storage::FileSystem& files) {
    TRY_ASSIGN(const auto made, load_settings(files));
    if (!made) return {};
    return error(ErrorKind::config,
                 "this lake holds a simulated service of {} users, whose `bassline run` would "
                 "expire what is ingested beside it; take another --lake",
                 made->users);
}

RunSettings new_settings(const AskedSettings& asked, std::int64_t now_s) {
    const std::int64_t days = asked.days.value_or(kDaysDefault);
    return {.config = asked.config.value_or(std::string(kConfigDefault)),
            .configuration = asked.configuration,
            .users = asked.users.value_or(kUsersDefault),
            .seed = asked.seed.value_or(kSeedDefault),
            .from_s = now_s / kDaySeconds * kDaySeconds - days * kDaySeconds,
            .live_s = now_s,
            .retain_days = asked.retain_days.value_or(
                std::max(kRetainDaysDefault, static_cast<int>(days + kDaysKeptBeyondHistory))),
            .producer = asked.producer.value_or("")};
}

Result<void> check_settings(const AskedSettings& asked, const RunSettings& made) {
    std::string differences;
    note_other_configuration(differences, asked, made);
    note_difference(differences, "--users", asked.users, made.users);
    note_difference(differences, "--seed", asked.seed, made.seed);
    const auto days =
        static_cast<std::uint32_t>(made.live_s / kDaySeconds - made.from_s / kDaySeconds);
    note_difference(differences, "--days", asked.days, days);
    if (made.producer && asked.producer && *asked.producer != *made.producer) {
        const std::string kept = made.producer->empty() ? "none" : *made.producer;
        note_difference(differences, "--producer", asked.producer, kept);
    }
    if (differences.empty()) return {};
    return error(ErrorKind::config,
                 "this lake was made with other settings: {}. Leave them out to go on with it, or "
                 "take another --lake",
                 differences);
}

}  // namespace bassline::pipeline
