// SPDX-License-Identifier: Apache-2.0
#include "compact/plan.hpp"

#include <algorithm>
#include <map>
#include <tuple>

namespace bassline::compact {
namespace {

using lake::LiveFile;
using lake::Output;

auto group_of(const Output& output) {
    return std::tuple(output.kind, output.topic, output.date, output.hour);
}
using Group = decltype(group_of(std::declval<Output>()));

auto first_event(const LiveFile& file) {
    return std::tuple(file.output.min_event_ms, file.chain, file.seq, file.output.final);
}

// The hour that a file of events holds ended at that time or earlier.
bool is_closed(const Output& output, Timestamp before) {
    const auto hour = std::chrono::floor<std::chrono::hours>(before);
    const auto day = std::chrono::floor<std::chrono::days>(hour);
    return std::tuple(output.date, output.hour) <
           std::tuple(format_date(day), static_cast<int>((hour - day).count()));
}

bool is_worth_it(const std::vector<LiveFile>& small, Timestamp before, const std::string& today,
                 const PlanLimits& limits) {
    if (small.size() < limits.files_min) return false;
    if (small.size() >= limits.open_files_min) return true;
    const Output& any = small.front().output;
    return any.has_events() ? is_closed(any, before) : any.date < today;
}

void split(std::vector<LiveFile> files, const PlanLimits& limits, std::vector<Merge>& merges) {
    std::ranges::sort(files, {}, first_event);
    Merge next;
    const auto close = [&] {
        if (next.inputs.size() >= limits.files_min) merges.push_back(std::move(next));
        next = {};
    };
    for (LiveFile& file : files) {
        if (next.bytes() + file.output.bytes > limits.output_bytes_max) close();
        next.inputs.push_back(std::move(file));
    }
    close();
}

}  // namespace

std::uint64_t Merge::bytes() const {
    std::uint64_t sum = 0;
    for (const LiveFile& file : inputs) sum += file.output.bytes;
    return sum;
}

Timestamp closed_before(std::int64_t watermark_ms) {
    const Timestamp newest{std::chrono::milliseconds(watermark_ms)};
    return std::chrono::floor<std::chrono::hours>(newest) - std::chrono::hours(1);
}

std::vector<Merge> plan_merges(const lake::LiveFiles& live, Timestamp before, Date today,
                               const PlanLimits& limits) {
    std::map<Group, std::vector<LiveFile>> groups;
    for (const auto& [name, file] : live.files) {
        if (file.output.bytes < limits.small_bytes) groups[group_of(file.output)].push_back(file);
    }
    std::vector<Merge> merges;
    const std::string day = format_date(today);
    for (auto& [group, small] : groups) {
        if (is_worth_it(small, before, day, limits)) split(std::move(small), limits, merges);
    }
    return merges;
}

std::vector<std::vector<Merge>> in_entries(std::vector<Merge> merges, const PlanLimits& limits) {
    std::vector<std::vector<Merge>> entries;
    std::uint64_t bytes = 0;
    std::size_t files = 0;
    for (Merge& merge : merges) {
        bytes += merge.bytes();
        files += merge.inputs.size();
        if (entries.empty() || bytes > limits.entry_bytes_max || files > limits.entry_files_max) {
            entries.emplace_back();
            bytes = merge.bytes();
            files = merge.inputs.size();
        }
        entries.back().push_back(std::move(merge));
    }
    return entries;
}

Expiry plan_expiry(const lake::LiveFiles& live, int days, Date today) {
    const auto first_of = [days](Date last) {
        return format_date(last - std::chrono::days(days - 1));
    };
    Expiry expiry{.retained_from =
                      std::max(live.retained_from, first_of(date_of_ms(live.watermark_ms)))};
    const std::string quarantine_from = first_of(today);
    for (const auto& [name, file] : live.files) {
        const std::string& from = file.output.has_events() ? expiry.retained_from : quarantine_from;
        if (file.output.date < from) expiry.files.push_back(file);
    }
    for (const auto& [name, file] : live.late) expiry.files.push_back(file);
    return expiry;
}

}  // namespace bassline::compact
