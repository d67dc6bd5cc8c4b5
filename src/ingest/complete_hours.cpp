// SPDX-License-Identifier: Apache-2.0
#include "ingest/complete_hours.hpp"

#include <algorithm>
#include <cstdlib>

#include "base/failpoint.hpp"
#include "event/schema.hpp"
#include "ingest/failpoints.hpp"
#include "ingest/kafka_partition.hpp"
#include "lake/live_files.hpp"
#include "lake/names.hpp"

namespace bassline::ingest {
namespace {

using kafka::TopicPartition;
using storage::FileInfo;

// A Kafka topic of one of our names holds that topic; any other may hold all of them.
bool feeds(const std::string& kafka_topic, std::string_view topic) {
    const auto is_name = [&](event::Topic each) { return to_string(each) == kafka_topic; };
    return kafka_topic == topic || std::ranges::none_of(event::kTopics, is_name);
}

Result<std::vector<FileInfo>> list_if_there(const storage::FileSystem& files,
                                            std::string_view folder) {
    auto listed = files.list(folder);
    if (!listed && listed.error().kind == ErrorKind::not_found) return std::vector<FileInfo>();
    return listed;
}

// The hour, counted from 1970, that a date and the name of a folder `hour=HH` mean.
std::optional<std::int64_t> hour_named(const std::string& date, std::string_view hour) {
    constexpr std::string_view kPrefix = "hour=";
    int year = 0;
    unsigned month = 0;
    unsigned day = 0;
    if (!hour.starts_with(kPrefix) ||
        std::sscanf(date.c_str(), "%4d-%2u-%2u", &year, &month, &day) != 3) {
        return std::nullopt;
    }
    const std::chrono::sys_days midnight =
        std::chrono::year(year) / std::chrono::month(month) / std::chrono::day(day);
    return std::chrono::duration_cast<std::chrono::hours>(midnight.time_since_epoch()).count() +
           std::atoi(std::string(hour.substr(kPrefix.size())).c_str());
}

std::string last_part(const std::string& path) {
    return path.substr(path.rfind('/') + 1);
}

}  // namespace

Result<std::map<std::string, std::uint64_t>> CompleteHours::mark(
    const std::map<std::string, std::int32_t>& partitions) {
    std::map<std::string, std::int64_t> open_from;  // by Kafka topic: its first open hour
    for (const auto& [topic, count] : partitions) {
        for (std::int32_t number = 0; number < count; ++number) {
            // A damaged chain holds back; who writes it tells.
            auto followed = follow({topic, number});
            if (!followed && followed.error().kind == ErrorKind::io) return followed.error();
        }
        open_from[topic] = first_open_hour(reached_by(topic, count), options_.grace);
    }
    std::map<std::string, std::uint64_t> marks;
    for (const event::Topic each : event::kTopics) {
        const std::string topic(to_string(each));
        std::optional<std::int64_t> end;
        for (const auto& [kafka_topic, hour] : open_from) {
            if (feeds(kafka_topic, topic)) end = std::min(end.value_or(hour), hour);
        }
        if (!end) continue;
        TRY_ASSIGN(const std::uint64_t count, mark_before(topic, *end));
        if (count > 0) marks[topic] = count;
    }
    return marks;
}

// Up to the newest entry whose files stand: before that its rows are not where readers look.
Result<void> CompleteHours::follow(const TopicPartition& partition) {
    const std::string chain = lake::kafka_chain(partition.topic, partition.partition);
    auto known = progress_.find(partition);
    if (known == progress_.end()) {
        TRY_ASSIGN(const auto tail,
                   lake::load_kafka_tail(files_, partition.topic, partition.partition));
        if (!tail) return {};
        TRY_ASSIGN(const bool is_published, lake::is_published(files_, tail->newest));
        if (!is_published) return {};
        known = progress_
                    .emplace(partition, Progress{.next_seq = tail->next_seq(),
                                                 .end = tail->end,
                                                 .reached_ms = tail->newest.reached_ms,
                                                 .committed_at = tail->newest.committed_at})
                    .first;
        // It may have rows in hours that were passed already.
        for (auto& [topic, marked] : marked_) {
            if (feeds(partition.topic, topic)) marked.before = INT64_MIN;
        }
    }
    while (true) {
        const auto next = lake::read_entry(files_, chain, known->second.next_seq);
        if (!next && next.error().kind == ErrorKind::not_found) return {};
        if (!next) return next.error();
        TRY_ASSIGN(const bool is_published, lake::is_published(files_, next.value().entry));
        if (!is_published) return {};
        TRY(take(known->second, next.value().entry));
    }
}

Result<void> CompleteHours::take(Progress& progress, const lake::Entry& entry) {
    progress.next_seq = entry.seq + 1;
    progress.reached_ms = entry.reached_ms;
    progress.committed_at = entry.committed_at;
    for (const lake::KafkaRange& range : entry.kafka_ranges) progress.end = range.end;
    for (const lake::Output& output : entry.outputs) {
        if (output.kind != lake::OutputKind::bronze) continue;
        const auto hour = hour_named(output.date, fmt::format("hour={}", output.hour));
        if (hour) marked_[output.topic].touched.insert(*hour);
    }
    return {};
}

// The least of its partitions that are not idle; if all are, nothing is on its way in any.
std::int64_t CompleteHours::reached_by(const std::string& topic, std::int32_t partitions) {
    std::vector<std::pair<TopicPartition, Progress>> all;
    std::int64_t most = 0;
    for (std::int32_t number = 0; number < partitions; ++number) {
        const auto found = progress_.find({topic, number});
        if (found == progress_.end()) return 0;
        all.emplace_back(*found);
        most = std::max(most, found->second.reached_ms);
    }
    std::int64_t least = most;
    for (const auto& [partition, progress] : all) {
        const bool holds_back = first_open_hour(progress.reached_ms, options_.grace) <
                                first_open_hour(least, options_.grace);
        if (holds_back && !is_idle(partition, progress)) least = progress.reached_ms;
    }
    return least;
}

bool CompleteHours::is_idle(const TopicPartition& partition, const Progress& progress) {
    if (!options_.idle_after || clock_.now() < progress.committed_at + *options_.idle_after) {
        return false;
    }
    const auto end = ask_end_(partition);
    return end && progress.end >= *end;
}

Result<std::uint64_t> CompleteHours::mark_before(const std::string& topic, std::int64_t end) {
    Marked& marked = marked_[topic];
    const bool is_further = end > marked.before;
    const bool is_touched = !marked.touched.empty() && *marked.touched.begin() < end;
    if (!is_further && !is_touched) return std::uint64_t{0};
    const std::int64_t first =
        is_touched ? std::min(marked.before, *marked.touched.begin()) : marked.before;
    std::uint64_t count = 0;
    TRY_ASSIGN(const auto dates, list_if_there(files_, lake::bronze_directory(topic)));
    for (const FileInfo& date : dates) {
        constexpr std::string_view kPrefix = "date=";
        const std::string name = last_part(date.path);
        if (!date.is_directory || !name.starts_with(kPrefix)) continue;
        const std::string day = name.substr(kPrefix.size());
        const auto last = hour_named(day, "hour=23");
        if (!last || *last < first || *last - 23 >= end) continue;
        TRY_ASSIGN(const auto hours, list_if_there(files_, date.path));
        for (const FileInfo& folder : hours) {
            const auto hour = hour_named(day, last_part(folder.path));
            if (!hour || *hour < first || *hour >= end) continue;
            TRY_ASSIGN(const std::uint64_t put, mark_hour(folder.path));
            count += put;
        }
    }
    marked.before = std::max(marked.before, end);
    marked.touched.erase(marked.touched.begin(), marked.touched.lower_bound(end));
    return count;
}

// Not where the rows have left, or are about to.
Result<std::uint64_t> CompleteHours::mark_hour(const std::string& folder) {
    TRY_ASSIGN(const auto inside, list_if_there(files_, folder));
    bool has_rows = false;
    for (const FileInfo& file : inside) {
        if (last_part(file.path) == lake::kCompleteMark) return std::uint64_t{0};
        has_rows = has_rows || file.path.ends_with(".parquet");
    }
    if (!has_rows) return std::uint64_t{0};
    TRY(failpoint(kKafkaHourComplete));
    const auto written =
        files_.write_durably(fmt::format("{}/{}", folder, lake::kCompleteMark), "");
    if (written) return std::uint64_t{1};
    const ErrorKind kind = written.error().kind;
    if (kind == ErrorKind::conflict || kind == ErrorKind::not_found) return std::uint64_t{0};
    return written.error();
}

}  // namespace bassline::ingest
