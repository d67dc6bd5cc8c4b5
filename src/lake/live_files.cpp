// SPDX-License-Identifier: Apache-2.0
#include "lake/live_files.hpp"

#include <algorithm>
#include <set>

#include "lake/names.hpp"

namespace bassline::lake {
namespace {

bool has_expired(const Output& output, const std::string& retained_from) {
    return output.has_events() && output.date < retained_from;
}

void hold(Positions& holds, const Positions& more) {
    for (const auto& [chain, position] : more) {
        std::uint64_t& held = holds[chain];
        held = std::max(held, position);
    }
}

void add(LiveFiles& live, LiveFile file) {
    live.watermark_ms = std::max(live.watermark_ms, file.output.max_event_ms);
    auto& kept = has_expired(file.output, live.retained_from) ? live.late : live.files;
    std::string name = file.output.final;
    kept[std::move(name)] = std::move(file);
}

void expire(LiveFiles& live, const std::string& retained_from) {
    live.retained_from = std::max(live.retained_from, retained_from);
    for (auto file = live.files.begin(); file != live.files.end();) {
        const auto next = std::next(file);
        if (has_expired(file->second.output, live.retained_from)) {
            live.late.insert(live.files.extract(file));
        }
        file = next;
    }
}

// A merged file and its inputs stand in the same folder.
std::string folder_of(std::string_view path) {
    return std::string(storage::parent_path(visible_path(path)));
}

// Files of which the entry makes others are told apart by folder; a replay's become anything.
std::string place_of(const Entry& entry, std::string_view path) {
    return entry.is_replay() ? std::string() : folder_of(path);
}

void count_output(TopicCounters& counters, const Output& output) {
    (output.has_events() ? counters.written : counters.quarantined) += output.rows;
}

// The rows of its files are those that it counts, and none was lost on the way.
void find_replay_problems(const Entry& entry, const std::string& named_by,
                          std::vector<std::string>& problems) {
    std::uint64_t rows_in = 0;
    std::uint64_t rows_out = 0;
    std::map<std::string, TopicCounters> held;
    for (const Replaced& replaced : entry.replaced) rows_in += replaced.rows;
    for (const Output& output : entry.outputs) {
        rows_out += output.rows;
        count_output(held[output.topic], output);
    }
    if (rows_in + entry.rows_split != rows_out) {
        problems.push_back(
            fmt::format("{} replays {} rows of quarantine, {} of them split, into {}", named_by,
                        rows_in, entry.rows_split, rows_out));
    }
    for (const auto& [topic, counters] : entry.counters) held[topic];
    for (const auto& [topic, rows] : held) {
        const auto counted = entry.counters.find(topic);
        const TopicCounters counters =
            counted == entry.counters.end() ? TopicCounters{} : counted->second;
        if (counters.written == rows.written && counters.quarantined == rows.quarantined &&
            counters.consumed == rows.written + rows.quarantined) {
            continue;
        }
        problems.push_back(
            fmt::format("{} counts {} {}: {} written and {} quarantined, its files hold {} and {}",
                        named_by, counters.consumed, topic, counters.written, counters.quarantined,
                        rows.written, rows.quarantined));
    }
}

}  // namespace

void LiveFiles::apply(const Entry& entry, const std::string& sha256) {
    heads[entry.chain] = {entry.seq + 1, sha256};
    std::map<std::string, Positions> held;  // by place_of
    for (const Replaced& replaced : entry.replaced) {
        const auto file = files.find(replaced.final);
        if (file != files.end()) {
            hold(held[place_of(entry, replaced.final)], file->second.positions());
        }
        files.erase(replaced.final);
        late.erase(replaced.final);
    }
    for (const Output& output : entry.outputs) {
        LiveFile file{.output = output, .chain = entry.chain, .seq = entry.seq};
        file.output.staged.clear();
        if (entry.chain == kCompactChain) file.holds = held[place_of(entry, output.final)];
        // Its rows are new to builds, though the entries that they came with are not.
        if (entry.is_replay() && output.kind == OutputKind::bronze) {
            file.holds[entry.chain] = entry.seq + 1;
        }
        add(*this, std::move(file));
    }
    if (!entry.retained_from.empty()) expire(*this, entry.retained_from);
}

std::vector<std::string> LiveFiles::problems_of(const Entry& entry) const {
    std::vector<std::string> problems;
    const std::string named_by = fmt::format("entry {} of chain {}", entry.seq, entry.chain);
    std::map<std::string, std::uint64_t> rows_in;
    std::map<std::string, std::uint64_t> rows_out;
    for (const Replaced& replaced : entry.replaced) {
        const auto live = files.find(replaced.final);
        const auto expired = late.find(replaced.final);
        if (live == files.end() && expired == late.end()) {
            problems.push_back(fmt::format("{} replaces {}, which no entry before it names as live",
                                           named_by, replaced.final));
            continue;
        }
        const Output& output = live != files.end() ? live->second.output : expired->second.output;
        if (output.rows != replaced.rows) {
            problems.push_back(fmt::format("{} replaces {} with {} rows, it was named with {}",
                                           named_by, replaced.final, replaced.rows, output.rows));
        }
        if (entry.is_replay() && output.kind != OutputKind::quarantine) {
            problems.push_back(
                fmt::format("{} replays {}, which is not of quarantine", named_by, replaced.final));
        }
        if (live != files.end() && entry.retained_from.empty()) {
            rows_in[folder_of(replaced.final)] += output.rows;
        }
    }
    if (entry.is_replay()) {
        find_replay_problems(entry, named_by, problems);
        return problems;
    }
    for (const Output& output : entry.outputs) rows_out[folder_of(output.final)] += output.rows;
    for (const auto& [folder, rows] : rows_in) {
        if (rows_out[folder] == rows) continue;
        problems.push_back(fmt::format("{} merges {} rows of {} into {}", named_by, rows, folder,
                                       rows_out[folder]));
    }
    for (const auto& [folder, rows] : rows_out) {
        if (rows_in.contains(folder) || rows == 0) continue;
        problems.push_back(
            fmt::format("{} adds {} rows to {} from nowhere", named_by, rows, folder));
    }
    return problems;
}

Result<bool> is_published(const storage::FileSystem& files, const Entry& entry) {
    // Without staging of its writer an entry is published: removing it is a commit's last step.
    TRY_ASSIGN(const bool is_staged, files.exists(staging_directory(entry.chain, entry.writer)));
    if (!is_staged) return true;
    for (const Output& output : entry.outputs) {
        TRY_ASSIGN(const bool stands, files.exists(output.final));
        if (!stands) return false;
    }
    return true;
}

Result<std::uint64_t> swept_entries(const storage::FileSystem& files) {
    const auto mark = files.read(kSweptMark);
    if (!mark && mark.error().kind == ErrorKind::not_found) return std::uint64_t{0};
    if (!mark) return mark.error();
    return std::uint64_t{std::strtoull(mark.value().c_str(), nullptr, 10)};
}

}  // namespace bassline::lake
