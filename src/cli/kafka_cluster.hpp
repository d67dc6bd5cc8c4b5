// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <CLI/CLI.hpp>
#include <optional>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "kafka/cluster.hpp"
#include "kafka/schema_registry.hpp"

// Which Kafka cluster and which Schema Registry, on the command line.
namespace bassline::cli {

struct ClusterArguments {
    std::string brokers;                  // empty: no Kafka
    std::vector<std::string> properties;  // NAME=VALUE
    std::string properties_file;
};

/// Adds --kafka, --kafka-property and --kafka-config; the help is that of --kafka, which is
/// returned.
CLI::Option* add_cluster_options(CLI::App& app, ClusterArguments& arguments,
                                 const std::string& help);

/// The cluster; the command line wins over the file. Errors: `usage`, `config`.
Result<kafka::Cluster> cluster_of(const ClusterArguments& arguments);

struct RegistryArguments {
    std::string urls;  // separated by commas; empty: no registry
    std::string config_file;
};

/// Adds --schema-registry, which is returned, and --schema-registry-config.
CLI::Option* add_registry_options(CLI::App& app, RegistryArguments& arguments,
                                  const std::string& help);

/// None if no registry was named. Errors: `usage`, `config`.
Result<std::optional<kafka::RegistryOptions>> registry_of(const RegistryArguments& arguments);

}  // namespace bassline::cli
