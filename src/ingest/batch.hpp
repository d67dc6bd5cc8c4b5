// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <cstdint>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "ingest/batch_feed.hpp"
#include "ingest/batch_writer.hpp"

// One batch: workers take pieces from the feed, write staged files, and tell what they read. What
// comes out is everything an entry says; nothing has happened yet.
namespace bassline::ingest {

/// How far the run is; written by the workers, read by whoever shows it.
struct Progress {
    std::atomic<std::uint64_t> input_bytes_total{0};  // as they lie in the files
    std::atomic<std::uint64_t> input_bytes{0};
    std::atomic<std::uint64_t> lines{0};
};

struct BatchOptions {
    BatchContext context;  // of every worker; its number and interners are filled in
    std::size_t threads = 1;
    /// Of each worker, for all batches of a run, so that each learns the log's texts once.
    std::span<const std::shared_ptr<Interners>> interners;
};

struct BatchOutput {
    std::vector<lake::FileRange> ranges;  // by source and start
    std::vector<lake::Output> outputs;    // final names set, by kind, topic, date, hour and worker
    std::map<std::string, lake::TopicCounters> counters;
    std::vector<std::string> dates_touched;
    std::vector<Notice> notices;  // pending tails, damage
};

/// Reads until the feed is cut or exhausted.
/// Errors: `conflict` if an input changed under the reader (survey again); `io`. Those of an input
/// are told by the feed too (BatchFeed::failed).
Result<BatchOutput> run_batch(storage::FileSystem& files, BatchFeed& feed,
                              const std::vector<SourceToRead>& sources, const BatchOptions& options,
                              Progress& progress);

}  // namespace bassline::ingest
