// SPDX-License-Identifier: Apache-2.0
#include "models/bronze.hpp"

#include <algorithm>

#include "lake/names.hpp"

namespace bassline::models {
namespace {

std::uint64_t position_of(const Positions& positions, const std::string& chain) {
    const auto found = positions.find(chain);
    return found == positions.end() ? std::uint64_t{0} : found->second;
}

// True if a row of the file came with an entry at or after the positions.
bool reaches_beyond(const lake::LiveFile& file, const Positions& positions) {
    return std::ranges::any_of(file.positions(), [&](const auto& held) {
        return held.second > position_of(positions, held.first);
    });
}

// Rows that a replay took out of quarantine keep their chain and seq, so nothing tells them from
// the others of their file: all count as new.
NewRows new_rows_of(const lake::LiveFile& file, const Positions& since) {
    if (!reaches_beyond(file, since)) return NewRows::none;
    const std::string compact(lake::kCompactChain);
    const bool is_one_entrys = file.holds.empty();
    return is_one_entrys || position_of(file.holds, compact) > position_of(since, compact)
               ? NewRows::all
               : NewRows::some;
}

void add_file(Bronze& bronze, const lake::LiveFile& live, bool is_partial) {
    const lake::Output& output = live.output;
    const NewRows new_rows = new_rows_of(live, bronze.since);
    const bool is_new = new_rows != NewRows::none;
    BronzeFile file{.path = output.final,
                    .date = output.date,
                    .bytes = output.bytes,
                    .is_partial = is_partial,
                    .new_rows = new_rows};
    bronze.has_new_outputs |= is_new;
    if (output.kind == lake::OutputKind::quarantine) {
        bronze.quarantine.push_back(std::move(file));
        return;
    }
    if (output.kind == lake::OutputKind::late) {
        bronze.late[output.topic].push_back(std::move(file));
        return;
    }
    bronze.topics[output.topic].push_back(std::move(file));
    bronze.dates.insert(output.date);
    if (is_new) bronze.touched.insert(output.date);
}

}  // namespace

Bronze bronze_of(const lake::LiveFiles& live, const Positions& since,
                 const std::optional<Positions>& until) {
    Bronze bronze{
        .since = since, .watermark_ms = live.watermark_ms, .retained_from = live.retained_from};
    for (const auto& [chain, head] : live.heads) {
        const std::uint64_t end = until ? position_of(*until, chain) : head.next_seq;
        if (end > 0) bronze.positions[chain] = end;
    }
    Positions limit = until.value_or(Positions{});
    // What a replay took out of quarantine since is in bronze now, or a reader would find it in
    // neither; a build is told by `since` that it is new.
    limit[std::string(lake::kCompactChain)] = UINT64_MAX;
    for (const auto& [name, file] : live.files) {
        const bool is_beyond = until && reaches_beyond(file, limit);
        if (is_beyond && file.holds.empty()) continue;
        add_file(bronze, file, is_beyond);
    }
    return bronze;
}

void expire(Bronze& bronze, const lake::Snapshot& previous) {
    for (const auto& [name, table] : previous.tables) {
        for (const lake::TableFile& file : table.files) {
            if (file.event_date.empty() || file.event_date >= bronze.retained_from) continue;
            bronze.touched.insert(file.event_date);
            bronze.has_expired = true;
        }
    }
}

Result<void> check_unchanged_since(const lake::LiveFiles& live, const lake::Snapshot& previous) {
    if (live.retained_from != previous.retained_from) {
        return error(ErrorKind::usage,
                     "dates before {} have expired since the last whole build, and would leave the "
                     "selected tables alone: build everything first",
                     live.retained_from);
    }
    const std::string compact(lake::kCompactChain);
    const std::uint64_t position = position_of(previous.bronze, compact);
    for (const auto* files : {&live.files, &live.late}) {
        for (const auto& [name, file] : *files) {
            if (position_of(file.holds, compact) <= position) continue;
            return error(ErrorKind::usage,
                         "quarantined records were replayed since the last whole build, and would "
                         "be in the selected tables alone: build everything first");
        }
    }
    return {};
}

Result<void> finish_publications(storage::FileSystem& files, const lake::LakeLog& log) {
    for (const auto& [chain, entry] : log.newest) TRY(lake::publish(files, entry));
    return {};
}

}  // namespace bassline::models
