// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "base/result.hpp"
#include "duck/database.hpp"
#include "models/manifest.hpp"
#include "storage/temporary_folder.hpp"

// The database of one build and the folder beside it: where DuckDB spills and writes Parquet before
// our own code copies it into the lake. Nothing of it survives the build.
//
// The database lives in memory, spills to the folder, and is attached under the name that compiled
// SQL embeds.
namespace bassline::models {

struct ScratchOptions {
    std::string parent;  // a folder outside the lake
    std::size_t threads = 2;
    std::uint64_t memory_bytes = 0;
};

class Scratch {
public:
    /// Makes `<parent>/bassline-<run>` and one connection a thread. Errors: `io`, `config`.
    static Result<Scratch> open(const ScratchOptions& options, const Manifest& manifest,
                                const std::string& run);

    std::size_t workers() const { return connections_.size(); }
    duck::Connection& connection(std::size_t worker) { return connections_.at(worker); }
    const std::string& folder() const { return folder_.path(); }

    /// Each worker's query keeps to its worker's thread.
    Result<void> use_one_thread_a_query();

    /// Stops what all connections are running. From any thread.
    void interrupt();

private:
    Scratch(storage::TemporaryFolder folder, duck::Database database)
        : folder_(std::move(folder)), database_(std::move(database)) {}
    Result<void> prepare(const Manifest& manifest, std::size_t workers);

    storage::TemporaryFolder folder_;  // outlives the database, which spills into it
    duck::Database database_;
    std::vector<duck::Connection> connections_;
};

/// TMPDIR, else /tmp.
std::string default_scratch_parent();

/// 70 % of the machine's memory, at most what the container allows.
std::uint64_t default_memory_bytes();

}  // namespace bassline::models
