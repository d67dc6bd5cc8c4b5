// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "ingest/verify_kafka.hpp"
#include "lake/live_files.hpp"

namespace bassline::ingest {

/// What verify notes of Kafka chains while it folds the logs, for their brokers to be asked.
class ReadChains {
public:
    /// Of the chain `compact`, before any other: what of quarantine has expired.
    void note_expired(const lake::Chain& compact);
    /// Does nothing for a chain that is not Kafka's. Errors: `bad_data` if its genesis is none.
    Result<void> add(const lake::Chain& chain);
    /// A live file that may hold rows of them, and its absolute path.
    void add_file(const lake::LiveFile& file, const std::string& path);

    /// By name; nothing is left.
    std::vector<ReadChain> take(const std::string& retained_from);

private:
    std::map<std::string, ReadChain> chains_;
    std::string quarantine_expired_;  // newest date of ingest of which quarantine expired
};

}  // namespace bassline::ingest
