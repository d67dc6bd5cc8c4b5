// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <optional>

#include "cli/command.hpp"
#include "cli/kafka_cluster.hpp"
#include "simulator/simulate.hpp"

// What `bassline simulate` needs for Kafka: options, answers, exit codes.
namespace bassline::cli {

struct SimulateKafkaArguments {
    ClusterArguments cluster;
    RegistryArguments registry;
    simulator::KafkaOutput output;
};

/// Call it once --out is there, which it excludes.
void add_simulate_kafka_options(CLI::App& app, SimulateKafkaArguments& arguments);

/// Where the records go. Errors: `usage`, `config`.
Result<std::optional<simulator::KafkaOutput>> kafka_output_of(
    const SimulateKafkaArguments& arguments, const simulator::SimulateOptions& options);

/// `{topic: {"acked", "failed", "unknown"}}`; the offsets are in the ledger's file.
nlohmann::json deliveries_json(const kafka::DeliveryLedger& ledger);
/// The same for people, on stderr.
void print_deliveries(const kafka::DeliveryLedger& ledger);

/// Logs what ended the run early, if anything did.
Exit exit_of_run(const simulator::SimulateSummary& summary);

/// The schema of each topic, a line each, on stdout; `kind` is "avro" or "json".
Exit print_schemas(const std::string& kind);

}  // namespace bassline::cli
