// SPDX-License-Identifier: Apache-2.0
#include "cli/kafka_options.hpp"

#include <algorithm>
#include <charconv>
#include <set>

#include "cli/values.hpp"
#include "event/schema.hpp"

namespace bassline::cli {
namespace {

template <class Number>
bool parse_number(std::string_view text, Number& number) {
    const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), number);
    return code == std::errc() && end == text.data() + text.size() && number >= 0;
}

Error not_an_offset(std::string_view text) {
    return error(ErrorKind::usage,
                 "--start '{}' is not earliest, latest, a time (2025-03-01) or "
                 "TOPIC:PARTITION:OFFSET,...",
                 text);
}

// TOPIC:PARTITION
Result<kafka::TopicPartition> parse_partition(std::string_view text) {
    const auto colon = text.rfind(':');
    kafka::TopicPartition partition;
    if (colon != text.npos && colon > 0 &&
        parse_number(text.substr(colon + 1), partition.partition)) {
        partition.topic = text.substr(0, colon);
        return partition;
    }
    return error(ErrorKind::usage, "'{}' is not TOPIC:PARTITION", text);
}

Result<void> add_offset(std::string_view text, ingest::KafkaStart& start) {
    const auto colon = text.rfind(':');
    std::int64_t offset = 0;
    if (colon == text.npos || !parse_number(text.substr(colon + 1), offset)) {
        return not_an_offset(text);
    }
    const auto partition = parse_partition(text.substr(0, colon));
    if (!partition) return not_an_offset(text);
    if (start.offsets.emplace(partition.value(), offset).second) return {};
    return error(ErrorKind::usage, "--start names {} twice", to_string(partition.value()));
}

std::vector<std::string> topics_of(const KafkaArguments& arguments,
                                   const std::vector<kafka::TopicPartition>& partitions) {
    std::set<std::string> topics(arguments.topics.begin(), arguments.topics.end());
    for (const auto& partition : partitions) topics.insert(partition.topic);
    if (topics.empty()) {
        for (const event::Topic topic : event::kTopics) topics.emplace(to_string(topic));
    }
    return {topics.begin(), topics.end()};
}

}  // namespace

Result<ingest::KafkaStart> parse_kafka_start(const std::string& text) {
    using From = ingest::KafkaStart::From;
    if (text == "earliest") return ingest::KafkaStart{.from = From::earliest};
    if (text == "latest") return ingest::KafkaStart{.from = From::latest};
    if (const auto time = parse_time(text)) {
        const auto since_1970 = time.value().time_since_epoch();
        return ingest::KafkaStart{
            .from = From::timestamp,
            .timestamp_ms =
                std::chrono::duration_cast<std::chrono::milliseconds>(since_1970).count()};
    }
    ingest::KafkaStart start{.from = From::offsets};
    for (std::size_t at = 0; at <= text.size();) {
        const auto comma = std::min(text.find(',', at), text.size());
        TRY(add_offset(std::string_view(text).substr(at, comma - at), start));
        at = comma + 1;
    }
    return start;
}

Result<ingest::KafkaIngestOptions> kafka_ingest_options(const KafkaArguments& arguments) {
    ingest::KafkaIngestOptions options;
    TRY_ASSIGN(options.cluster, cluster_of(arguments.cluster));
    TRY_ASSIGN(options.registry, registry_of(arguments.registry));
    for (const std::string& text : arguments.partitions) {
        TRY_ASSIGN(auto partition, parse_partition(text));
        options.partitions.push_back(std::move(partition));
    }
    if (!options.partitions.empty() && !arguments.topics.empty()) {
        return error(ErrorKind::usage, "--topics and --partitions exclude each other");
    }
    options.topics = topics_of(arguments, options.partitions);
    options.consumer.group = arguments.group;
    options.consumer.group_instance = arguments.group_instance;
    options.accept_gap = arguments.accept_gap;
    options.limits.hour_grace = arguments.hour_grace;
    options.idle_after = arguments.idle_after;
    if (!arguments.start.empty()) {
        TRY_ASSIGN(options.start, parse_kafka_start(arguments.start));
    }
    if (arguments.late != "own-hour") {
        if (arguments.late_after.count() == 0) {
            return error(ErrorKind::usage, "--late {} wants --late-after DURATION", arguments.late);
        }
        options.limits.late_after = arguments.late_after;
        options.limits.late_beside = arguments.late == "side";
    } else if (arguments.late_after.count() > 0) {
        return error(ErrorKind::usage,
                     "--late-after does nothing without --late side or --late quarantine");
    }
    return options;
}

void add_kafka_options(CLI::App& app, KafkaArguments& arguments) {
    CLI::Option* const kafka = add_cluster_options(
        app, arguments.cluster,
        "Read from these Kafka brokers in place of --from; where to go on stands in the lake, the "
        "group only shares partitions out");
    const auto with_kafka = [kafka](CLI::Option* option) { return option->needs(kafka); };
    with_kafka(app.add_option("--topics", arguments.topics,
                              "Topics to read (default the four of the event service)"))
        ->delimiter(',')
        ->type_name("TOPIC,...");
    with_kafka(app.add_option("--partitions", arguments.partitions,
                              "Read these partitions, without a group"))
        ->delimiter(',')
        ->type_name("TOPIC:PARTITION,...");
    with_kafka(app.add_option("--group", arguments.group,
                              "Consumer group that shares partitions among processes (default "
                              "bassline)"));
    with_kafka(app.add_option("--group-instance", arguments.group_instance,
                              "Name of this process in the group, kept over restarts: a short "
                              "absence then moves no partition"));
    with_kafka(app.add_option("--start", arguments.start,
                              "Where partitions begin that are new to the lake: earliest "
                              "(default), latest, a time, or TOPIC:PARTITION:OFFSET,..."));
    with_kafka(add_registry_options(app, arguments.registry,
                                    "Schema Registry, for records that are framed with a schema's "
                                    "id; while it is down, they wait"));
    with_kafka(app.add_option("--late", arguments.late,
                              "Events that come later than --late-after: own-hour (default, no "
                              "difference), side (into _late/, which no model reads) or "
                              "quarantine"))
        ->check(CLI::IsMember({"own-hour", "side", "quarantine"}));
    with_kafka(add_duration_option(app, "--hour-grace", arguments.hour_grace,
                                   "How far a partition's events must have passed the end of an "
                                   "hour to close it: it is committed then, and marked with "
                                   "_SUCCESS once all partitions have (default 5m, 0s: at once)"));
    with_kafka(add_duration_option(app, "--idle-partition-after", arguments.idle_after,
                                   "Mark hours complete without a partition that is read to its "
                                   "end and silent for so long (default: wait for it)"));
    with_kafka(add_duration_option(app, "--late-after", arguments.late_after,
                                   "Lateness that is allowed, from the event to Kafka's record "
                                   "time"));
    with_kafka(app.add_flag("--accept-gap", arguments.accept_gap,
                            "Record offsets that the brokers removed unread as lost and go on "
                            "(default: stop)"));
}

}  // namespace bassline::cli
