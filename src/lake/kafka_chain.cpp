// SPDX-License-Identifier: Apache-2.0
#include "lake/kafka_chain.hpp"

#include <algorithm>
#include <cstdlib>
#include <set>

#include "lake/chain_archive.hpp"
#include "lake/names.hpp"

namespace bassline::lake {
namespace {

using storage::FileInfo;
using storage::FileSystem;

constexpr std::string_view kSetAside = ".dead";

std::string base_name(std::string_view path) {
    return std::string(path.substr(path.rfind('/') + 1));
}

Error damaged(const Entry& entry, std::string_view what) {
    return error(ErrorKind::bad_data, "entry {} of chain {} {}; the chain is damaged", entry.seq,
                 entry.chain, what);
}

Result<std::uint64_t> number_of(const Entry& genesis, const std::string& key) {
    const auto found = genesis.identity.find(key);
    char* end = nullptr;
    if (found != genesis.identity.end()) {
        const std::uint64_t number = std::strtoull(found->second.c_str(), &end, 10);
        if (end != found->second.c_str() && *end == '\0') return number;
    }
    return damaged(genesis, "does not say its " + key);
}

}  // namespace

Result<KafkaIdentity> kafka_identity(const Entry& genesis) {
    auto text = [&](const std::string& key) {
        const auto found = genesis.identity.find(key);
        return found == genesis.identity.end() ? std::string() : found->second;
    };
    if (text("kind") != "kafka") return damaged(genesis, "is no genesis of a Kafka chain");
    TRY_ASSIGN(const std::uint64_t partition, number_of(genesis, "partition"));
    TRY_ASSIGN(const std::uint64_t start, number_of(genesis, "start"));
    return KafkaIdentity{.cluster_id = text("cluster_id"),
                         .topic = text("topic"),
                         .topic_id = text("topic_id"),
                         .partition = static_cast<std::int32_t>(partition),
                         .start = start,
                         .partitions = std::atoi(text("partitions").c_str())};
}

namespace {

Result<std::uint64_t> end_of(const Entry& entry, const KafkaIdentity& identity) {
    if (entry.seq == 0) return identity.start;
    if (entry.kafka_ranges.size() != 1) return damaged(entry, "names no range of its partition");
    const KafkaRange& range = entry.kafka_ranges.front();
    if (range.topic != identity.topic || range.partition != identity.partition ||
        range.end < range.start) {
        return damaged(entry, "names a range that is not its partition's");
    }
    return range.end;
}

Result<ReadEntry> read_standing(const FileSystem& files, std::string_view chain,
                                std::uint64_t seq) {
    auto read = read_entry(files, chain, seq);
    if (read || read.error().kind != ErrorKind::not_found) return read;
    return error(ErrorKind::bad_data, "chain {} lacks entry {}: {} is missing", chain, seq,
                 files.absolute(chain_entry_path(chain, seq)));
}

Result<void> check_succession(const FileSystem& files, const Entry& newest,
                              const KafkaIdentity& identity) {
    TRY_ASSIGN(const ReadEntry before, read_standing(files, newest.chain, newest.seq - 1));
    if (newest.prev_sha256 != before.sha256) {
        return damaged(newest, "does not follow its predecessor");
    }
    TRY_ASSIGN(const std::uint64_t end, end_of(before.entry, identity));
    if (newest.kafka_ranges.front().start == end) return {};
    return error(ErrorKind::bad_data,
                 "entry {} of chain {} begins at offset {}, its predecessor ended at {}; the chain "
                 "is damaged",
                 newest.seq, newest.chain, newest.kafka_ranges.front().start, end);
}

// When something was last written into the folder.
Result<Timestamp> last_written(const FileSystem& files, const FileInfo& folder) {
    Timestamp last = folder.modified_at;
    const auto listed = files.list(folder.path);
    if (!listed && listed.error().kind == ErrorKind::not_found) return last;
    if (!listed) return listed.error();
    for (const FileInfo& file : listed.value()) last = std::max(last, file.modified_at);
    return last;
}

// The entry that a staging folder was for, if it was committed. The names in it say its seq.
Result<std::optional<Entry>> committed_from(const FileSystem& files, std::string_view chain,
                                            const std::string& folder, const std::string& writer) {
    const auto listed = files.list(folder);
    if (!listed && listed.error().kind == ErrorKind::not_found) return std::optional<Entry>();
    if (!listed) return listed.error();
    std::set<std::uint64_t> numbers;
    for (const FileInfo& file : listed.value()) numbers.insert(staged_seq(file.path));
    for (const std::uint64_t seq : numbers) {
        auto read = read_entry(files, chain, seq);
        if (!read && read.error().kind == ErrorKind::not_found) continue;
        if (!read) return std::move(read).error();
        if (read.value().entry.writer == writer) {
            return std::optional(std::move(read).value().entry);
        }
    }
    return std::optional<Entry>();
}

// What was set aside cannot be committed any more: its staged entry is no longer where its writer
// looks for it. If it was committed before, it is published.
Result<void> remove_set_aside(FileSystem& files, std::string_view chain,
                              const std::string& set_aside) {
    const std::string folder = set_aside.substr(0, set_aside.size() - kSetAside.size());
    TRY_ASSIGN(const auto committed, committed_from(files, chain, set_aside, base_name(folder)));
    if (!committed) return files.remove_all(set_aside);
    auto restored = files.rename_no_replace(set_aside, folder);
    if (!restored && restored.error().kind != ErrorKind::not_found) return restored;
    return finish_kafka_entry(files, *committed);
}

}  // namespace

bool is_kafka_chain(std::string_view name) {
    return name.starts_with("kafka-");
}

Result<std::optional<KafkaTail>> load_kafka_tail(const FileSystem& files, std::string_view topic,
                                                 std::int32_t partition) {
    const std::string chain = kafka_chain(topic, partition);
    TRY_ASSIGN(const std::uint64_t end, end_of_chain(files, chain));
    if (end == 0) return std::optional<KafkaTail>();
    KafkaTail tail;
    TRY_ASSIGN(ReadEntry newest, read_standing(files, chain, end - 1));
    tail.newest = std::move(newest.entry);
    tail.head_sha256 = newest.sha256;
    if (end == 1) {
        TRY_ASSIGN(tail.identity, kafka_identity(tail.newest));
    } else {
        TRY_ASSIGN(const ReadEntry genesis, read_standing(files, chain, 0));
        TRY_ASSIGN(tail.identity, kafka_identity(genesis.entry));
    }
    TRY_ASSIGN(tail.end, end_of(tail.newest, tail.identity));
    if (end > 1) TRY(check_succession(files, tail.newest, tail.identity));
    return std::optional(std::move(tail));
}

Result<bool> appeared_later(const FileSystem& files, std::string_view topic,
                            std::int32_t partition) {
    for (std::int32_t before = 0; before < partition; ++before) {
        const auto genesis = read_entry(files, kafka_chain(topic, before), 0);
        if (!genesis && genesis.error().kind == ErrorKind::not_found) continue;
        if (!genesis) return genesis.error();
        TRY_ASSIGN(const KafkaIdentity identity, kafka_identity(genesis.value().entry));
        if (identity.partitions > 0) return identity.partitions <= partition;
    }
    return false;
}

Entry kafka_genesis(const KafkaIdentity& identity, const std::string& writer, Timestamp now) {
    return {.chain = kafka_chain(identity.topic, identity.partition),
            .writer = writer,
            .committed_at = now,
            .identity = {{"kind", "kafka"},
                         {"cluster_id", identity.cluster_id},
                         {"topic", identity.topic},
                         {"topic_id", identity.topic_id},
                         {"partition", std::to_string(identity.partition)},
                         {"start", std::to_string(identity.start)},
                         {"partitions", std::to_string(identity.partitions)}}};
}

Result<void> finish_kafka_entry(FileSystem& files, const Entry& entry) {
    TRY(publish(files, entry));
    return files.remove_all(staging_directory(entry.chain, entry.writer));
}

Result<void> remove_dead_staging(FileSystem& files, std::string_view chain, Timestamp before) {
    const auto listed = files.list(chain_staging_directory(chain));
    if (!listed && listed.error().kind == ErrorKind::not_found) return {};
    if (!listed) return listed.error();
    for (const FileInfo& folder : listed.value()) {
        if (folder.path.ends_with(kSetAside)) {
            TRY(remove_set_aside(files, chain, folder.path));
            continue;
        }
        TRY_ASSIGN(const Timestamp written, last_written(files, folder));
        if (written >= before) continue;
        const std::string set_aside = folder.path + std::string(kSetAside);
        auto renamed = files.rename_no_replace(folder.path, set_aside);
        if (!renamed && renamed.error().kind == ErrorKind::not_found) continue;  // by another
        TRY(std::move(renamed));
        TRY(remove_set_aside(files, chain, set_aside));
    }
    return {};
}

}  // namespace bassline::lake
