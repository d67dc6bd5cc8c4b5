// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"

// Which Kafka cluster, and how to reach it.
//
// Settings are librdkafka's own (https://docs.confluent.io/platform/current/clients/librdkafka/,
// CONFIGURATION.md): `security.protocol`, `ssl.ca.location`, `sasl.mechanism` and so on. Those by
// which bassline keeps its promises are its own to set; secrets come from a file alone.
namespace bassline::kafka {

struct Cluster {
    std::string brokers;                            // "host:port,host:port"
    std::map<std::string, std::string> properties;  // librdkafka's names
};

/// Reads `name=value` lines (a Java properties file without continuations; `#` begins a comment)
/// over `properties`. Errors: `config` naming the line, for a file that others may read while it
/// holds a secret (the fix: chmod 600), for a property that is bassline's own or unknown to
/// librdkafka, for a value that librdkafka refuses.
Result<void> read_properties(const std::string& path,
                             std::map<std::string, std::string>& properties);

/// Adds `name=value` texts as the command line has them. Errors: `usage` for a text without `=` and
/// for a secret; else as read_properties.
Result<void> add_properties(const std::vector<std::string>& texts,
                            std::map<std::string, std::string>& properties);

/// Of librdkafka, such as "2.12.1".
std::string library_version();

}  // namespace bassline::kafka
