// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "ingest/kafka_ingest.hpp"
#include "lake/names.hpp"

namespace bassline::ingest {

Result<void> check_options(const KafkaIngestOptions& options) {
    constexpr std::chrono::hours kCommitIntervalMax{1};  // staging that rests longer may be removed
    if (options.threads == 0) return error(ErrorKind::usage, "--threads must be at least 1");
    if (options.topics.empty()) return error(ErrorKind::usage, "--topics names no topic");
    if (options.limits.batch_bytes == 0) {
        return error(ErrorKind::usage, "--file-bytes must be at least 1");
    }
    if (options.limits.commit_interval < std::chrono::milliseconds(1) ||
        options.limits.commit_interval > kCommitIntervalMax) {
        return error(ErrorKind::usage, "--commit-interval must be from 1ms to 1h with --kafka");
    }
    if (options.idle_after && options.idle_after->count() == 0) {
        return error(ErrorKind::usage, "--idle-partition-after must be longer than 0");
    }
    const std::uint64_t least = kThreadMemoryMin * options.threads;
    if (options.memory_bytes < least) {
        return error(ErrorKind::usage, "--memory must be at least {} MiB for {} threads",
                     least >> 20, options.threads);
    }
    return {};
}

std::unique_ptr<kafka::SchemaRegistry> open_registry(const KafkaIngestOptions& options,
                                                     storage::FileSystem& files) {
    using std::chrono::milliseconds;
    if (!options.registry) return nullptr;
    kafka::RegistryOptions registry = *options.registry;
    // A worker waits for an answer; what it cannot have soon is asked for again.
    registry.http.connect_timeout = std::min(registry.http.connect_timeout, milliseconds(2'000));
    registry.http.timeout = std::min(registry.http.timeout, milliseconds(5'000));
    registry.files = &files;
    registry.folder = lake::schemas_directory(kafka::registry_folder_name(registry.urls));
    return std::make_unique<kafka::SchemaRegistry>(std::move(registry));
}

}  // namespace bassline::ingest
