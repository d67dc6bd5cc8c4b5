// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <CLI/CLI.hpp>
#include <chrono>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "cli/kafka_cluster.hpp"
#include "ingest/kafka_ingest.hpp"

// The options of `bassline ingest --kafka`.
namespace bassline::cli {

struct KafkaArguments {
    ClusterArguments cluster;  // no brokers: not from Kafka
    RegistryArguments registry;
    std::vector<std::string> topics;
    std::vector<std::string> partitions;
    std::string group = "bassline";
    std::string group_instance;
    std::string start;
    std::string late = "own-hour";
    std::chrono::milliseconds late_after{0};  // 0: not given
    std::chrono::milliseconds hour_grace = ingest::PartitionLimits{}.hour_grace;
    std::optional<std::chrono::milliseconds> idle_after;
    bool accept_gap = false;
};

void add_kafka_options(CLI::App& app, KafkaArguments& arguments);

/// What of an ingest's options Kafka alone has. Errors: `usage`, `config`.
Result<ingest::KafkaIngestOptions> kafka_ingest_options(const KafkaArguments& arguments);

/// `earliest`, `latest`, a time, or TOPIC:PARTITION:OFFSET with commas between. Errors: `usage`.
Result<ingest::KafkaStart> parse_kafka_start(const std::string& text);

}  // namespace bassline::cli
