// SPDX-License-Identifier: Apache-2.0
#include "ingest/committer.hpp"

#include "base/failpoint.hpp"
#include "base/hash.hpp"
#include "base/log.hpp"
#include "ingest/failpoints.hpp"
#include "ingest/writer_name.hpp"
#include "lake/names.hpp"

namespace bassline::ingest {
Committer::Committer(storage::FileSystem& files, const Clock& clock,
                     std::unique_ptr<storage::ProcessLock> lock)
    : files_(files), clock_(clock), lock_(std::move(lock)), writer_(new_writer()) {}

Result<std::unique_ptr<Committer>> Committer::open(storage::FileSystem& files, const Clock& clock) {
    TRY_ASSIGN(auto lock, lake::lock_chain(files, lake::kFilesChain));
    std::unique_ptr<Committer> committer(new Committer(files, clock, std::move(lock)));
    TRY(committer->reload());
    return committer;
}

Result<void> Committer::reload() {
    TRY_ASSIGN(chain_, lake::load_files_chain(files_));
    return lake::recover(files_, chain_.tail);
}

lake::Entry Committer::next_entry() const {
    return {.chain = std::string(lake::kFilesChain),
            .seq = chain_.tail.next_seq(),
            .prev_sha256 = chain_.tail.head_sha256,
            .writer = writer_,
            .committed_at = clock_.now()};
}

Result<void> Committer::write_genesis() {
    lake::Entry genesis = next_entry();
    genesis.identity = {{"kind", "files"}};
    TRY(lake::commit(files_, genesis));
    return append(genesis);
}

// The chain in memory, one entry further; only the newest is kept.
Result<void> Committer::append(const lake::Entry& entry) {
    const std::string prev_sha256 = entry.prev_sha256;
    if (entry.seq > 0 && entry.seq % lake::kCheckpointInterval == 0) {
        TRY(lake::write_checkpoint(files_, entry.seq, prev_sha256, chain_.sources));
    }
    chain_.sources.apply(entry);
    chain_.tail.first_seq = entry.seq;
    chain_.tail.head_sha256 = sha256_hex(lake::to_json(entry));
    chain_.tail.entries.assign(1, entry);
    return {};
}

Result<BatchContext> Committer::begin() {
    TRY(failpoint(kClaimed));
    if (chain_.tail.next_seq() == 0) TRY(write_genesis());
    BatchContext context{.chain = std::string(lake::kFilesChain),
                         .seq = chain_.tail.next_seq(),
                         .staging_directory = lake::staging_directory(lake::kFilesChain, writer_),
                         .ingested_at = clock_.now()};
    TRY(files_.make_directories(context.staging_directory));
    TRY(failpoint(kStagingMade));
    return context;
}

Result<lake::Entry> Committer::commit(BatchOutput batch, const BatchContext& context) {
    lake::Entry entry = next_entry();
    entry.ranges = std::move(batch.ranges);
    entry.outputs = std::move(batch.outputs);
    entry.counters = std::move(batch.counters);
    entry.dates_touched = std::move(batch.dates_touched);
    lake::name_outputs(entry.outputs, entry.chain, entry.seq);
    TRY(files_.sync_directory(context.staging_directory));
    TRY(failpoint(kSealed));
    TRY(lake::commit(files_, entry));
    TRY(lake::publish(files_, entry));
    TRY(failpoint(kPublished));
    TRY(lake::remove_staging(files_, entry.chain));
    TRY(append(entry));
    TRY(failpoint(kCleaned));
    return entry;
}

void Committer::discard() {
    const auto removed = lake::remove_staging(files_, lake::kFilesChain);
    if (!removed) log_warn("staged files are left for the next run: {}", removed.error().message);
}

}  // namespace bassline::ingest
