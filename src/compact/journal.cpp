// SPDX-License-Identifier: Apache-2.0
#include "compact/journal.hpp"

#include <random>

#include <unistd.h>

#include "base/failpoint.hpp"
#include "base/hash.hpp"
#include "compact/failpoints.hpp"
#include "lake/failpoints.hpp"
#include "lake/names.hpp"

namespace bassline::compact {
namespace {

using lake::Entry;

// Never the same twice: a writer's staged files must not meet another's.
std::string new_writer() {
    std::random_device random;
    return fmt::format("{}-{:08x}{:08x}", ::getpid(), random(), random());
}

}  // namespace

Journal::Journal(storage::FileSystem& files, const Clock& clock,
                 std::unique_ptr<storage::ProcessLock> lock)
    : files_(files), clock_(clock), lock_(std::move(lock)), writer_(new_writer()) {}

Result<std::unique_ptr<Journal>> Journal::open(storage::FileSystem& files, const Clock& clock) {
    TRY_ASSIGN(auto lock, lake::lock_chain(files, lake::kCompactChain));
    std::unique_ptr<Journal> journal(new Journal(files, clock, std::move(lock)));
    TRY(journal->finish_what_others_left());
    return journal;
}

Result<void> Journal::finish_what_others_left() {
    TRY_ASSIGN(log_, lake::load_log(files_));
    for (const auto& [chain, entry] : log_.newest) TRY(lake::publish(files_, entry));
    TRY(failpoint(lake::kRecoverBeforeJanitor));
    TRY(lake::remove_staging(files_, lake::kCompactChain));
    const auto newest = log_.newest.find(std::string(lake::kCompactChain));
    if (newest != log_.newest.end() && newest->second.seq == next_seq()) {
        TRY_ASSIGN(log_, lake::load_log(files_));  // it counts now
    }
    return keep_checkpoint();
}

std::uint64_t Journal::next_seq() const {
    const auto head = log_.live.heads.find(std::string(lake::kCompactChain));
    return head == log_.live.heads.end() ? 0 : head->second.next_seq;
}

Result<lake::LiveFiles> Journal::settled_files() const {
    lake::LiveFiles settled = log_.live;
    for (const auto& [chain, entry] : log_.newest) {
        TRY_ASSIGN(const bool may_recover,
                   files_.exists(lake::staging_directory(chain, entry.writer)));
        if (!may_recover) continue;
        for (const lake::Output& output : entry.outputs) {
            settled.files.erase(output.final);
            settled.late.erase(output.final);
        }
    }
    return settled;
}

Entry Journal::next_entry() const {
    const auto head = log_.live.heads.find(std::string(lake::kCompactChain));
    Entry entry{.chain = std::string(lake::kCompactChain),
                .seq = next_seq(),
                .writer = writer_,
                .committed_at = clock_.now()};
    if (head != log_.live.heads.end()) entry.prev_sha256 = head->second.sha256;
    return entry;
}

Result<Entry> Journal::begin() {
    Entry entry = next_entry();
    if (entry.seq > 0) return entry;
    entry.identity = {{"kind", "compact"}};
    TRY(write(entry));
    return next_entry();
}

Result<std::string> Journal::make_staging() {
    std::string staging = lake::staging_directory(lake::kCompactChain, writer_);
    TRY(files_.make_directories(staging));
    return staging;
}

Result<void> Journal::commit(Entry& entry) {
    lake::name_outputs(entry.outputs, entry.chain, entry.seq);
    for (lake::Output& output : entry.outputs) output.final = lake::merged_path(output.final);
    if (!entry.outputs.empty()) {
        TRY(files_.sync_directory(lake::staging_directory(lake::kCompactChain, writer_)));
        TRY(failpoint(kSealed));
    }
    return write(entry);
}

Result<void> Journal::write(const Entry& entry) {
    TRY(lake::commit(files_, entry));
    TRY(lake::publish(files_, entry));
    TRY(failpoint(kPublished));
    log_.live.apply(entry, sha256_hex(lake::to_json(entry)));
    log_.entries_folded += 1 + entry.replaced.size();
    return lake::remove_staging(files_, lake::kCompactChain);
}

Result<SweepResult> Journal::sweep(std::chrono::milliseconds grace) {
    return compact::sweep(files_, next_seq(), clock_.now(), grace);
}

Result<void> Journal::keep_checkpoint() {
    return lake::keep_checkpoint(files_, log_, lake::kCompactChain);
}

lake::Replaced replaced_by(const lake::LiveFile& file) {
    return {
        .chain = file.chain, .seq = file.seq, .final = file.output.final, .rows = file.output.rows};
}

}  // namespace bassline::compact
