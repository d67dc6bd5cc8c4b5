// SPDX-License-Identifier: Apache-2.0
#include "cli/ingest_answer.hpp"

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>

#include <fmt/format.h>

#include "cli/stages.hpp"
#include "event/schema.hpp"

namespace bassline::cli {
namespace {

using ingest::IngestSummary;
using ingest::Notice;

using Duplicates = std::map<std::string, std::uint64_t>;  // by Kafka topic

// A Kafka topic that is none of ours counts where its unreadable records do.
std::uint64_t dropped_of(const std::string& topic, const Duplicates& duplicates) {
    std::uint64_t dropped = 0;
    for (const auto& [name, count] : duplicates) {
        if (to_string(ingest::topic_named(name)) == topic) dropped += count;
    }
    return dropped;
}

nlohmann::json answer_json(const IngestSummary& summary, const Duplicates& duplicates) {
    nlohmann::json topics = nlohmann::json::object();
    for (const event::Topic topic : event::kTopics) {
        const std::string name(event::to_string(topic));
        const auto found = summary.topics.find(name);
        const ingest::TopicTotals totals =
            found == summary.topics.end() ? ingest::TopicTotals{} : found->second;
        topics[name] = {{"consumed", totals.counters.consumed},
                        {"written", totals.counters.written},
                        {"late", totals.counters.late},
                        {"quarantined", totals.counters.quarantined},
                        {"by_reason", totals.counters.by_reason},
                        {"duplicates_dropped", dropped_of(name, duplicates)},
                        {"files", totals.files}};
    }
    nlohmann::json notices = nlohmann::json::array();
    for (const Notice& notice : summary.notices) {
        notices.push_back(
            {{"kind", name_of(notice.kind)}, {"path", notice.path}, {"text", notice.text}});
    }
    return {{"topics", std::move(topics)},   {"entries", summary.entries},
            {"bytes", summary.bytes},        {"pending_bytes", summary.pending_bytes},
            {"notices", std::move(notices)}, {"interrupted", summary.interrupted},
            {"seconds", summary.seconds}};
}

void print_row(std::string_view topic, const ingest::TopicTotals& totals) {
    fmt::print("{:<22} {:>12} {:>12} {:>12} {:>8}\n", topic, totals.counters.consumed,
               totals.counters.written, totals.counters.quarantined, totals.files);
}

void print_table(const IngestSummary& summary) {
    if (summary.topics.empty()) {
        fmt::print("nothing new\n");
        return;
    }
    fmt::print("{:<22} {:>12} {:>12} {:>12} {:>8}\n", "topic", "consumed", "written", "quarantined",
               "files");
    std::uint64_t records = 0;
    std::uint64_t late = 0;
    std::map<std::string, std::uint64_t> reasons;
    for (const auto& [topic, totals] : summary.topics) {
        print_row(topic, totals);
        records += totals.counters.consumed;
        late += totals.counters.late;
        for (const auto& [reason, count] : totals.counters.by_reason) reasons[reason] += count;
    }
    if (late > 0) fmt::print("late, written beside bronze: {}\n", late);
    for (const auto& [reason, count] : reasons) {
        fmt::print("quarantined as {}: {}\n", reason, count);
    }
    fmt::print("{} {} in {:.2f} s ({:.0f} a second), {:.1f} MB of Parquet, {} {}\n", records,
               records == 1 ? "record" : "records", summary.seconds,
               static_cast<double>(records) / std::max(summary.seconds, 1e-3),
               static_cast<double>(summary.bytes) / 1e6, summary.entries,
               summary.entries == 1 ? "commit" : "commits");
}

void print_json(const nlohmann::json& answer) {
    fmt::print("{}\n", answer.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace));
}

}  // namespace

void print_ingest_answer(const IngestSummary& summary, bool json) {
    if (json)
        print_json(answer_json(summary, {}));
    else
        print_table(summary);
}

void print_ingest_answer(const ingest::KafkaSummary& summary, bool json) {
    if (json) {
        nlohmann::json answer = answer_json(summary.ingest, summary.duplicates_dropped);
        answer["rotations"] = summary.rotations;
        answer["hours_completed"] = summary.hours_completed;
        answer["gaps_accepted"] = summary.gaps_accepted;
        return print_json(answer);
    }
    print_table(summary.ingest);
    std::uint64_t dropped = 0;
    for (const auto& [topic, count] : summary.duplicates_dropped) dropped += count;
    if (dropped > 0) fmt::print("delivered again and dropped: {}\n", dropped);
    for (const auto& [topic, count] : summary.hours_completed) {
        fmt::print("hours of {} marked complete: {}\n", topic, count);
    }
    for (const auto& [reason, count] : summary.rotations) {
        fmt::print("committed by {}: {}\n", reason, count);
    }
}

}  // namespace bassline::cli
