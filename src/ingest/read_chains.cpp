// SPDX-License-Identifier: Apache-2.0
#include "ingest/read_chains.hpp"

#include <algorithm>
#include <utility>

#include "ingest/kafka_partition.hpp"
#include "lake/kafka_chain.hpp"
#include "lake/names.hpp"

namespace bassline::ingest {

void ReadChains::note_expired(const lake::Chain& compact) {
    constexpr std::string_view kDate = "/date=";
    constexpr std::size_t kDateSize = 10;
    for (const lake::Entry& entry : compact.entries) {
        if (entry.retained_from.empty()) continue;
        for (const lake::Replaced& file : entry.replaced) {
            const std::string name = lake::visible_path(file.final);  // it may have been merged
            const auto at = name.find(kDate);
            if (!name.starts_with("_quarantine/") || at == name.npos) continue;
            quarantine_expired_ =
                std::max(quarantine_expired_, name.substr(at + kDate.size(), kDateSize));
        }
    }
}

Result<void> ReadChains::add(const lake::Chain& chain) {
    if (!lake::is_kafka_chain(chain.name) || chain.entries.empty()) return {};
    ReadChain noted{.name = chain.name};
    TRY_ASSIGN(noted.identity, lake::kafka_identity(chain.entries.front()));
    noted.end = noted.identity.start;
    for (const lake::Entry& entry : chain.entries) {
        ExpiredRefusals expired{.start = noted.end};
        for (const lake::KafkaRange& range : entry.kafka_ranges) {
            noted.end = range.end;
            if (!range.gap.empty()) noted.gaps.emplace_back(range.start, range.end);
        }
        for (const lake::Output& output : entry.outputs) {
            const bool is_refused = output.kind == lake::OutputKind::quarantine;
            if (is_refused && output.date <= quarantine_expired_) expired.rows += output.rows;
        }
        expired.end = noted.end;
        if (expired.rows > 0) noted.expired_refusals.push_back(expired);
    }
    chains_[chain.name] = std::move(noted);
    return {};
}

void ReadChains::add_file(const lake::LiveFile& file, const std::string& path) {
    for (const auto& [chain, seq] : file.positions()) {
        const auto found = chains_.find(chain);
        if (found == chains_.end()) continue;
        found->second.files.push_back({path, topic_named(file.output.topic),
                                       file.output.kind == lake::OutputKind::quarantine});
    }
}

std::vector<ReadChain> ReadChains::take(const std::string& retained_from) {
    std::vector<ReadChain> taken;
    for (auto& [name, chain] : chains_) {
        chain.retained_from = retained_from;
        taken.push_back(std::move(chain));
    }
    chains_.clear();
    return taken;
}

}  // namespace bassline::ingest
