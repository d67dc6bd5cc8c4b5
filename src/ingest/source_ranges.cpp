// SPDX-License-Identifier: Apache-2.0
#include "ingest/source_ranges.hpp"

#include <cstdlib>

#include <fmt/format.h>

namespace bassline::ingest {
namespace {

void check_file_range(const lake::Entry& entry, const lake::FileRange& range,
                      SourceRangesByNumber& sources, std::vector<std::string>& findings) {
    const auto [found, first] =
        sources.try_emplace(range.source, SourceRanges{range.path, range.start, range.start});
    SourceRanges& source = found->second;
    if (first && range.start != 0) {
        source.missing += range.start;
        source.ok = false;
        findings.push_back(fmt::format("entry {} of chain {} begins source {} ({}) at {}, not at 0",
                                       entry.seq, entry.chain, range.source, range.path,
                                       range.start));
    } else if (range.start != source.end || range.end < range.start) {
        source.ok = false;
        if (range.start > source.end) source.missing += range.start - source.end;
        findings.push_back(fmt::format(
            "entry {} of chain {} reads source {} ({}) from {} to {}, but its predecessor ended at "
            "{}",
            entry.seq, entry.chain, range.source, range.path, range.start, range.end, source.end));
    }
    source.end = range.end;
    source.path = range.path;
}

// The genesis says where the partition begins.
void begin_partition(const lake::Entry& genesis, SourceRangesByNumber& sources) {
    const auto number = [&](const char* key) {
        const auto found = genesis.identity.find(key);
        return found == genesis.identity.end() ? 0
                                               : std::strtoull(found->second.c_str(), nullptr, 10);
    };
    const auto topic = genesis.identity.find("topic");
    SourceRanges source{.path = "kafka", .start = number("start"), .end = number("start")};
    if (topic != genesis.identity.end()) source.topic = topic->second;
    sources[number("partition")] = std::move(source);
}

void check_kafka_range(const lake::Entry& entry, const lake::KafkaRange& range,
                       SourceRangesByNumber& sources, std::vector<std::string>& findings) {
    const auto found = sources.find(static_cast<std::uint64_t>(range.partition));
    if (found == sources.end() || found->second.topic != range.topic) {
        findings.push_back(
            fmt::format("entry {} of chain {} reads {} p={}, which is not its "
                        "partition",
                        entry.seq, entry.chain, range.topic, range.partition));
        return;
    }
    SourceRanges& source = found->second;
    if (range.start != source.end || range.end < range.start) {
        source.ok = false;
        if (range.start > source.end) source.missing += range.start - source.end;
        findings.push_back(fmt::format(
            "entry {} of chain {} reads {} p={} from {} to {}, but its predecessor ended at {}",
            entry.seq, entry.chain, range.topic, range.partition, range.start, range.end,
            source.end));
    }
    if (!range.gap.empty()) source.lost += range.end - range.start;
    source.end = range.end;
}

}  // namespace

void check_ranges(const lake::Entry& entry, SourceRangesByNumber& sources,
                  std::vector<std::string>& findings) {
    const auto kind = entry.identity.find("kind");
    if (kind != entry.identity.end() && kind->second == "kafka") begin_partition(entry, sources);
    for (const auto& range : entry.ranges) check_file_range(entry, range, sources, findings);
    for (const auto& range : entry.kafka_ranges) check_kafka_range(entry, range, sources, findings);
}

}  // namespace bassline::ingest
