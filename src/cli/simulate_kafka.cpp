// SPDX-License-Identifier: Apache-2.0
#include "cli/simulate_kafka.hpp"

#include <nlohmann/json.hpp>

#include <fmt/format.h>

#include "base/log.hpp"
#include "cli/values.hpp"
#include "event/published_schema.hpp"

namespace bassline::cli {

void add_simulate_kafka_options(CLI::App& app, SimulateKafkaArguments& arguments) {
    simulator::KafkaOutput& output = arguments.output;
    CLI::Option* const brokers = add_cluster_options(
        app, arguments.cluster,
        "Where to, instead of --out: the four topics of these brokers, made if missing");
    brokers->excludes("--out");
    app.add_option("--topic-prefix", output.topic_prefix, "Kafka: put before the topics' names")
        ->needs(brokers);
    app.add_option("--partitions", output.partitions,
                   "Kafka: partitions of the topics, checked if they exist (new ones: default 4)")
        ->check(CLI::Range(1, 10'000))
        ->needs(brokers);
    app.add_option("--replication", output.replication,
                   "Kafka: replicas of new topics (default the brokers')")
        ->check(CLI::Range(1, 100))
        ->needs(brokers);
    add_registry_options(app, arguments.registry,
                         "Kafka: register a schema for each topic here, and frame the records "
                         "with its id")
        ->needs(brokers);
    add_choice_option(
        app, "--encoding", output.encoding,
        {{"json", simulator::RecordEncoding::json}, {"avro", simulator::RecordEncoding::avro}},
        "Kafka: json (default) or avro, which needs a schema registry")
        ->needs(brokers);
    app.add_option("--ledger", output.ledger,
                   "Kafka: write here, as JSON, the offsets acked in each partition, and what was "
                   "not written or may not have been")
        ->type_name("FILE")
        ->needs(brokers);
}

Result<std::optional<simulator::KafkaOutput>> kafka_output_of(
    const SimulateKafkaArguments& arguments, const simulator::SimulateOptions& options) {
    if (options.format == simulator::OutputFormat::single) {
        return error(ErrorKind::usage,
                     "--kafka has a topic for each kind of event; --format single "
                     "has none");
    }
    if (!options.checkpoint.empty()) {
        return error(ErrorKind::usage, "--checkpoint needs files to go on with, not --kafka");
    }
    simulator::KafkaOutput output = arguments.output;
    TRY_ASSIGN(output.cluster, cluster_of(arguments.cluster));
    TRY_ASSIGN(output.registry, registry_of(arguments.registry));
    if (output.encoding == simulator::RecordEncoding::avro && !output.registry) {
        return error(ErrorKind::usage, "--encoding avro needs a --schema-registry");
    }
    if (options.extended && output.registry) {
        return error(ErrorKind::usage, "--extended adds fields that the registered schemas lack");
    }
    return std::optional(std::move(output));
}

nlohmann::json deliveries_json(const kafka::DeliveryLedger& ledger) {
    nlohmann::json topics = nlohmann::json::object();
    for (const kafka::TopicDeliveries& topic : ledger) {
        topics[topic.topic] = {
            {"acked", topic.acked}, {"failed", topic.failed}, {"unknown", topic.unknown}};
    }
    return topics;
}

void print_deliveries(const kafka::DeliveryLedger& ledger) {
    fmt::print(stderr, "{:<30} {:>12} {:>10} {:>10}\n", "topic in Kafka", "acked", "failed",
               "unknown");
    for (const kafka::TopicDeliveries& topic : ledger) {
        fmt::print(stderr, "{:<30} {:>12} {:>10} {:>10}\n", topic.topic, topic.acked, topic.failed,
                   topic.unknown);
    }
}

// A record whose fate nobody knows is worse than one that is certainly missing.
Exit exit_of_run(const simulator::SimulateSummary& summary) {
    if (summary.failure) log_line(LogLevel::error, summary.failure->message);
    if (summary.deliveries && kafka::totals_of(*summary.deliveries).unknown > 0) {
        return Exit::data_test_failed;
    }
    if (summary.failure) return exit_of(summary.failure->kind);
    return summary.interrupted ? Exit::interrupted : Exit::done;
}

Exit print_schemas(const std::string& kind) {
    for (const event::Topic topic : event::kTopics) {
        fmt::print("{}\n",
                   kind == "avro" ? event::avro_schema_of(topic) : event::json_schema_of(topic));
    }
    return Exit::done;
}

}  // namespace bassline::cli
