// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "base/clock.hpp"
#include "base/result.hpp"
#include "ingest/batch_writer.hpp"
#include "lake/kafka_chain.hpp"
#include "storage/file_system.hpp"

namespace bassline::ingest {

/// A partition as the brokers describe it now.
struct KafkaSource {
    std::string cluster_id;
    std::string topic;
    std::string topic_id;
    std::int32_t partition = 0;
    std::int32_t partitions = 0;  // of the topic; 0: not known
};

/// A writer's end of one partition's chain: knows where it ends and takes batches through seal,
/// commit and publication. Others may write the same chain at the same time; whoever is second is
/// told `conflict`, loads, and goes on behind the winner. One thread at a time.
class KafkaCommitter {
public:
    KafkaCommitter(storage::FileSystem& files, const Clock& clock, KafkaSource source);

    /// Claims: reads the chain's end, finishes its publication, removes staging of the dead. False
    /// if there is no chain yet.
    /// Errors: `bad_data` if the chain is damaged, or is of another cluster or of a topic that was
    /// deleted and made again; `io`.
    Result<bool> load();
    /// Begins the chain at that offset, unless another writer was faster.
    Result<void> begin_chain(std::uint64_t start);

    const KafkaSource& source() const { return source_; }
    /// Offset of the next record that is wanted.
    std::uint64_t next() const { return tail_->end; }
    /// The greatest event time that was committed; 0: none.
    std::int64_t reached_ms() const { return tail_->newest.reached_ms; }

    /// Makes the staging folder of a batch.
    Result<BatchContext> begin();
    /// Commits what was read up to `end` and publishes it.
    /// Errors: `conflict` if another writer took the seq (discard, load, seek, go on); `io`.
    Result<lake::Entry> commit(BatchResult batch, std::uint64_t end);
    /// Records that what lies before `end` is lost. Errors: as commit.
    Result<lake::Entry> accept_gap(std::uint64_t end, const std::string& reason);
    /// The failure of a batch, which is `conflict` if its staging was removed: after a long pause
    /// of this process others take it for dead.
    Error explained(Error failure) const;
    /// Drops what the batch staged; nothing of it happened. Best effort: a later claim cleans too.
    /// After an `io` error of commit it is not known whether the batch happened: all is left to the
    /// next claim, which publishes it or lets it rest.
    void discard();

private:
    Result<void> check_identity() const;
    Result<lake::Entry> commit(lake::Entry entry);
    lake::Entry next_entry(std::uint64_t end) const;

    storage::FileSystem& files_;
    const Clock& clock_;
    KafkaSource source_;
    std::string chain_;
    std::string writer_;  // of the batch that is open, or of the next one
    std::optional<lake::KafkaTail> tail_;
    bool is_outcome_open_ = false;  // of the batch that is open: its entry may stand
};

}  // namespace bassline::ingest
