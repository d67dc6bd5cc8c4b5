// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "ingest/verify_kafka.hpp"
#include "storage/file_system.hpp"

// `bassline verify`: the proof a user can run. Folds the logs and holds the files against them:
//   - every chain reads whole: seq dense, checksums and predecessors right;
//   - the ranges of each source tile it: no gap, no overlap;
//   - written + quarantined = consumed, in every entry and topic, and equal to the rows of its
//   files;
//   - a merged file has the rows of the files that it replaced, and these are gone once swept;
//   - every live file stands with its size and row count (and, with `full`, its hash);
//   - (topic, chain, source_partition, source_offset) is unique over live bronze and quarantine,
//     and inside what was consumed;
//   - bronze, quarantine and the late events beside bronze hold no file that no entry names, but
//   for
//     the marks of complete hours;
//   - the snapshots that still stand follow one another, and the newest one's files are whole;
//   - if brokers are named, Kafka chains stand as verify_kafka.hpp says (`full`: records again).
// Reads only; a batch that is committed but not yet published counts by its staged files.
namespace bassline::ingest {

struct VerifyOptions {
    bool full = false;  // read every byte again
    int threads = 1;
    std::uint64_t memory_bytes = 512u << 20;
    std::string scratch = "/tmp";  // where the engine may spill
    std::optional<KafkaVerifyOptions> kafka{};
    std::stop_token stop{};
};

/// One source (or Kafka partition) in one topic.
struct VerifiedPartition {
    std::string chain;
    std::string source;  // its path, or "kafka"
    std::string topic;
    std::uint64_t partition = 0;  // number of the source or partition
    std::uint64_t start = 0;
    std::uint64_t end = 0;
    std::uint64_t rows = 0;  // late ones too
    std::uint64_t quarantined = 0;
    std::uint64_t missing = 0;    // bytes or offsets of the source between its ranges
    std::uint64_t lost = 0;       // offsets that the brokers had removed, accepted as such
    std::uint64_t duplicate = 0;  // rows whose offset occurs before
    bool chain_ok = true;
};

struct VerifyReport {
    std::vector<VerifiedPartition> partitions;
    std::vector<BrokerState> brokers;   // of Kafka chains, if brokers were named
    std::vector<std::string> findings;  // each names file and entry
    std::uint64_t entries = 0;
    std::uint64_t files = 0;
    std::uint64_t rows = 0;
    std::uint64_t rows_late = 0;  // of them: beside bronze
    std::uint64_t snapshots = 0;
    std::uint64_t rows_expired = 0;
    std::uint64_t files_expired = 0;
    std::string retained_from;         // first kept event date; empty: all
    std::uint64_t files_awaiting = 0;  // replaced, and not yet swept

    bool ok() const { return findings.empty(); }
};

/// Errors: `io` if the lake cannot be read at all; `cancelled` after a stop; those of verify_kafka;
/// what is wrong with the lake is a finding.
Result<VerifyReport> verify(const storage::FileSystem& files, const VerifyOptions& options);

}  // namespace bassline::ingest
