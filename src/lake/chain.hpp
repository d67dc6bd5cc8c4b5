// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "base/result.hpp"
#include "storage/file_system.hpp"
#include "storage/process_lock.hpp"

// Chains: what was ingested (docs/formats/lake.md, "Chains").
//
// A chain is a sequence of immutable entries, `seq` dense from 0, each created by a no-replace
// rename and each naming the hash of its predecessor. An entry names the staged and final files of
// one batch: the batch happened if and only if its entry stands. Publication (staged -> final
// names) only redoes what the entry says, so whoever finds an unpublished newest entry finishes it.
namespace bassline::lake {

/// `late`: rows as bronze has them, beside it.
enum class OutputKind { bronze, quarantine, late };

/// Chain name -> number of entries folded in.
using Positions = std::map<std::string, std::uint64_t>;

struct Output {
    OutputKind kind = OutputKind::bronze;
    std::string staged;  // path before publication
    std::string final;   // path after it
    std::string topic;
    std::string date;  // of the event; quarantine: of ingest; YYYY-MM-DD
    int hour = -1;     // of the event, 0-23; quarantine: -1
    std::uint64_t rows = 0;
    std::uint64_t bytes = 0;
    std::string xxh64;
    std::int64_t min_event_ms = 0;  // quarantine: 0
    std::int64_t max_event_ms = 0;
    bool has_events() const { return kind != OutputKind::quarantine; }
    friend bool operator==(const Output&, const Output&) = default;
};

/// A file that an entry of the chain `compact` retires: its rows stand in an output of the same
/// entry (of a compaction: and folder), or have expired.
struct Replaced {
    std::string chain;  // the entry that named it
    std::uint64_t seq = 0;
    std::string final;
    std::uint64_t rows = 0;
};

/// Hashes of the first and the last 64 KiB before `end`, 16 hex digits each.
struct Fingerprint {
    std::string head;
    std::string tail;
    friend bool operator==(const Fingerprint&, const Fingerprint&) = default;
};

/// A piece of a file source; offsets count decompressed bytes, `end` is exclusive.
struct FileRange {
    std::uint64_t source = 0;  // dense number given at first commit
    std::string path;          // absolute path it was read from; "-" for stdin
    std::string encoding;      // "plain", "gzip", "zstd"
    std::uint64_t start = 0;
    std::uint64_t end = 0;
    std::uint64_t lines = 0;
    std::string xxh64;  // of the bytes [start, end)
    Fingerprint fingerprint;
    std::string state;  // "open" (may grow), "closed" (rotated away or a finished stream)
    std::string producer;
};

/// A piece of a Kafka partition; `end` is the position after the last consumed record. Offsets
/// inside that hold no record (transaction markers, compaction) are legal.
struct KafkaRange {
    std::string topic;
    std::int32_t partition = 0;
    std::uint64_t start = 0;
    std::uint64_t end = 0;
    std::string gap;  // why nothing of it was read, if it was accepted as lost; else empty
    friend bool operator==(const KafkaRange&, const KafkaRange&) = default;
};

/// What an output's kind is called in files: "bronze", "quarantine", "late", and back.
/// Errors: `bad_data`.
std::string_view to_string(OutputKind kind);
Result<OutputKind> output_kind_from(std::string_view name);

/// Per topic: consumed = written + quarantined, always.
struct TopicCounters {
    std::uint64_t consumed = 0;
    std::uint64_t written = 0;
    std::uint64_t late = 0;  // of those written: in the files beside bronze
    std::uint64_t quarantined = 0;
    std::map<std::string, std::uint64_t> by_reason;
};

struct Entry {
    std::string chain;
    std::uint64_t seq = 0;
    std::string prev_sha256;  // of the predecessor's bytes; empty for the genesis
    std::string writer;
    Timestamp committed_at;
    std::map<std::string, std::string> identity;  // genesis only: what the chain reads
    std::vector<FileRange> ranges;
    std::vector<KafkaRange> kafka_ranges;  // in JSON they stand in `ranges` too
    std::vector<Output> outputs;
    std::map<std::string, TopicCounters> counters;  // by topic
    std::vector<std::string> dates_touched;         // event dates, sorted, unique
    std::vector<Replaced> replaced;                 // chain `compact` only
    std::string retained_from;     // the same: first kept event date, empty: as before
    std::uint64_t rows_split = 0;  // of a replay: rows beyond one for each row replaced
    /// Kafka chains only: the greatest event time of the chain so far, no event taken for later
    /// than its record; 0: none.
    std::int64_t reached_ms = 0;

    /// True for an entry of the chain `compact` that tried quarantined records again: it alone
    /// there has counters.
    bool is_replay() const { return !replaced.empty() && !counters.empty(); }
};

/// The entry as it stands on disk: one JSON object with sorted keys, and back.
/// Errors of the way back: `bad_data` (damaged), `config` (a newer format).
std::string to_json(const Entry& entry);
Result<Entry> entry_from_json(std::string_view json);

/// A chain read up to its newest entry, from its first one or from a later one whose predecessors
/// are known.
///
/// Loading checks that seq is dense, that every entry's checksum is right and that every
/// prev_sha256 holds. Errors: `bad_data` naming the damaged entry, `config` (a newer format). A
/// chain that does not exist yet loads empty.
struct Chain {
    std::string name;
    std::uint64_t first_seq = 0;  // seq of entries.front()
    std::vector<Entry> entries;
    std::string head_sha256;  // of the newest entry's bytes; empty if there is none

    std::uint64_t next_seq() const { return first_seq + entries.size(); }
    static Result<Chain> load(const storage::FileSystem& files, std::string_view name);
    /// Entries from `first_seq` on, given the hash of its predecessor.
    static Result<Chain> load_after(const storage::FileSystem& files, std::string_view name,
                                    std::uint64_t first_seq, std::string head_sha256);
    /// The same without listing the log, so that the cost is that of the entries read. A lost entry
    /// is taken for the end: for readers, who come to know less but nothing wrong.
    static Result<Chain> follow(const storage::FileSystem& files, std::string_view name,
                                std::uint64_t first_seq, std::string head_sha256);
};

/// One entry with the hash of its bytes. Errors: `not_found`, `bad_data`, `config`, `io`.
struct ReadEntry {
    Entry entry;
    std::string sha256;
};
Result<ReadEntry> read_entry(const storage::FileSystem& files, std::string_view chain,
                             std::uint64_t seq);

/// Seq after the newest entry that stands, 0 for a chain that does not exist yet. Errors: `io`.
Result<std::uint64_t> end_of_chain(const storage::FileSystem& files, std::string_view name);

/// Keeps other processes from writing the chain of a local lake: it spares them the work, the
/// renames decide. Errors: as ProcessLock::acquire.
Result<std::unique_ptr<storage::ProcessLock>> lock_chain(storage::FileSystem& files,
                                                         std::string_view chain);

/// Names of all chains of a lake, sorted.
Result<std::vector<std::string>> list_chains(const storage::FileSystem& files);

/// Gives the staged files of a batch their final names: sorted by kind, topic, date and hour, and
/// numbered k of n.
void name_outputs(std::vector<Output>& outputs, std::string_view chain, std::uint64_t seq);

/// Writes the entry under staging, syncs it, and renames it to its seq without replacing: the
/// commit point. A rename whose reply was lost is settled by what stands under the name. Errors:
/// `conflict` if another writer holds the seq (discard staging, reload, go on); `io`, after which
/// the outcome is open until the next start reads the log.
Result<void> commit(storage::FileSystem& files, const Entry& entry);

/// Makes the entry durable, moves its staged files to their final names and makes these durable;
/// idempotent, and safe without the lock: files that are final are only looked at, and staged ones
/// of other entries, whose names differ, are left alone. Nothing to do once the writer's staging is
/// gone.
/// Errors: `bad_data` if a file is neither staged nor final, or has another size (stop and alarm);
/// `io`.
Result<void> publish(storage::FileSystem& files, const Entry& entry);

/// Finishes the newest entry's publication if it was interrupted, and removes the staging of dead
/// writers. The caller holds the chain's lock, so every other writer is dead.
Result<void> recover(storage::FileSystem& files, const Chain& chain);

/// The janitor: removes all staging of the chain, after publication.
Result<void> remove_staging(storage::FileSystem& files, std::string_view chain);

}  // namespace bassline::lake
