// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "lake/chain.hpp"

namespace bassline::ingest {

/// What the entries of a chain read of one source: a file, or a partition of Kafka.
struct SourceRanges {
    std::string path;  // of a partition "kafka"
    std::uint64_t start = 0;
    std::uint64_t end = 0;
    std::uint64_t missing = 0;
    bool ok = true;
    std::string topic;       // of a partition
    std::uint64_t lost = 0;  // offsets accepted as lost
};
using SourceRangesByNumber = std::map<std::uint64_t, SourceRanges>;

/// Folds an entry's ranges in; findings say where they do not tile their sources.
void check_ranges(const lake::Entry& entry, SourceRangesByNumber& sources,
                  std::vector<std::string>& findings);

}  // namespace bassline::ingest
