// SPDX-License-Identifier: Apache-2.0
#include "ingest/kafka_committer.hpp"

#include <algorithm>
#include <atomic>
#include <utility>

#include "base/failpoint.hpp"
#include "base/hash.hpp"
#include "base/log.hpp"
#include "ingest/failpoints.hpp"
#include "ingest/writer_name.hpp"
#include "lake/names.hpp"

namespace bassline::ingest {

KafkaCommitter::KafkaCommitter(storage::FileSystem& files, const Clock& clock, KafkaSource source)
    : files_(files),
      clock_(clock),
      source_(std::move(source)),
      chain_(lake::kafka_chain(source_.topic, source_.partition)),
      writer_(new_writer()) {}

Result<bool> KafkaCommitter::load() {
    TRY_ASSIGN(tail_, lake::load_kafka_tail(files_, source_.topic, source_.partition));
    if (tail_) {
        TRY(check_identity());
        TRY(lake::finish_kafka_entry(files_, tail_->newest));
        TRY(lake::remove_dead_staging(files_, chain_, SystemClock().now() - lake::kStagingGrace));
    }
    TRY(failpoint(kKafkaClaimed));
    return tail_.has_value();
}

Result<void> KafkaCommitter::check_identity() const {
    const lake::KafkaIdentity& known = tail_->identity;
    if (known.cluster_id != source_.cluster_id) {
        return error(ErrorKind::bad_data,
                     "another cluster: {} p={} was read up to {} from cluster {}, this is cluster "
                     "{}; name the right --kafka, or use another lake",
                     source_.topic, source_.partition, tail_->end, known.cluster_id,
                     source_.cluster_id);
    }
    if (!known.topic_id.empty() && !source_.topic_id.empty() &&
        known.topic_id != source_.topic_id) {
        return error(ErrorKind::bad_data,
                     "topic re-created: {} p={} was read up to {} from topic id {}, it is now {}; "
                     "its offsets mean other records, so use another topic or lake",
                     source_.topic, source_.partition, tail_->end, known.topic_id,
                     source_.topic_id);
    }
    return {};
}

Result<void> KafkaCommitter::begin_chain(std::uint64_t start) {
    const lake::Entry genesis = lake::kafka_genesis({.cluster_id = source_.cluster_id,
                                                     .topic = source_.topic,
                                                     .topic_id = source_.topic_id,
                                                     .partition = source_.partition,
                                                     .start = start,
                                                     .partitions = source_.partitions},
                                                    writer_, clock_.now());
    auto committed = lake::commit(files_, genesis);
    const std::string staging =
        lake::staging_directory(chain_, std::exchange(writer_, new_writer()));
    if (!committed && committed.error().kind != ErrorKind::conflict) return committed;
    TRY(files_.remove_all(staging));
    TRY_ASSIGN(const bool exists, load());
    if (exists) return {};
    return error(ErrorKind::bad_data, "chain {} was begun and is gone again", chain_);
}

Result<BatchContext> KafkaCommitter::begin() {
    BatchContext context{.chain = chain_,
                         .seq = tail_->next_seq(),
                         .source = "kafka",
                         .staging_directory = lake::staging_directory(chain_, writer_),
                         .ingested_at = clock_.now()};
    TRY(files_.make_directories(context.staging_directory));
    return context;
}

lake::Entry KafkaCommitter::next_entry(std::uint64_t end) const {
    return {.chain = chain_,
            .seq = tail_->next_seq(),
            .prev_sha256 = tail_->head_sha256,
            .writer = writer_,
            .committed_at = clock_.now(),
            .kafka_ranges = {{.topic = source_.topic,
                              .partition = source_.partition,
                              .start = tail_->end,
                              .end = end}},
            .reached_ms = tail_->newest.reached_ms};
}

Result<lake::Entry> KafkaCommitter::commit(BatchResult batch, std::uint64_t end) {
    lake::Entry entry = next_entry(end);
    entry.outputs = std::move(batch.outputs);
    entry.counters = std::move(batch.counters);
    entry.dates_touched = std::move(batch.dates_touched);
    entry.reached_ms = std::max(entry.reached_ms, batch.reached_ms);
    lake::name_outputs(entry.outputs, entry.chain, entry.seq);
    if (!entry.outputs.empty()) {
        TRY(files_.sync_directory(lake::staging_directory(chain_, writer_)));
    }
    return commit(std::move(entry));
}

Result<lake::Entry> KafkaCommitter::accept_gap(std::uint64_t end, const std::string& reason) {
    lake::Entry entry = next_entry(end);
    entry.kafka_ranges.front().gap = reason;
    return commit(std::move(entry));
}

Result<lake::Entry> KafkaCommitter::commit(lake::Entry entry) {
    TRY(failpoint(kKafkaSealed));
    is_outcome_open_ = true;
    if (auto committed = lake::commit(files_, entry); !committed) {
        Error failure = explained(std::move(committed).error());
        is_outcome_open_ = failure.kind != ErrorKind::conflict;
        return failure;
    }
    TRY(failpoint(kKafkaCommitted));
    TRY(lake::finish_kafka_entry(files_, entry));
    TRY(failpoint(kKafkaPublished));
    tail_->head_sha256 = sha256_hex(lake::to_json(entry));
    tail_->end = entry.kafka_ranges.front().end;
    tail_->newest = entry;
    writer_ = new_writer();
    is_outcome_open_ = false;
    return entry;
}

Error KafkaCommitter::explained(Error failure) const {
    const auto stands = files_.exists(lake::staging_directory(chain_, writer_));
    if (!stands || stands.value()) return failure;
    return error(ErrorKind::conflict, "the staging of chain {} was removed during a long pause",
                 chain_);
}

void KafkaCommitter::discard() {
    const std::string staging =
        lake::staging_directory(chain_, std::exchange(writer_, new_writer()));
    if (std::exchange(is_outcome_open_, false)) return;
    const auto removed = files_.remove_all(staging);
    if (!removed) log_warn("{} is left for a later run: {}", staging, removed.error().message);
}

}  // namespace bassline::ingest
