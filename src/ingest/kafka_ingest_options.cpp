// SPDX-License-Identifier: Apache-2.0
#include "ingest/kafka_ingest.hpp"

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

}  // namespace bassline::ingest
