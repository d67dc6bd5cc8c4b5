// SPDX-License-Identifier: Apache-2.0
#include "models/bronze.hpp"

#include <algorithm>

namespace bassline::models {
namespace {

void fold_entry(Bronze& bronze, const lake::Entry& entry, bool is_new) {
    for (const lake::Output& output : entry.outputs) {
        bronze.has_new_outputs |= is_new;
        if (output.kind == lake::OutputKind::quarantine) {
            bronze.quarantine.push_back({.path = output.final, .date = output.date});
            continue;
        }
        bronze.topics[output.topic].push_back({.path = output.final, .date = output.date});
        bronze.dates.insert(output.date);
        bronze.watermark_ms = std::max(bronze.watermark_ms, output.max_event_ms);
    }
    if (is_new) bronze.touched.insert(entry.dates_touched.begin(), entry.dates_touched.end());
}

}  // namespace

Result<std::vector<lake::Chain>> load_chains(const storage::FileSystem& files) {
    TRY_ASSIGN(const auto names, lake::list_chains(files));
    std::vector<lake::Chain> chains;
    for (const std::string& name : names) {
        TRY_ASSIGN(lake::Chain chain, lake::Chain::load(files, name));
        chains.push_back(std::move(chain));
    }
    return chains;
}

Bronze fold(const std::vector<lake::Chain>& chains, const Positions& since,
            const std::optional<Positions>& until) {
    const auto position = [](const Positions& positions, const std::string& chain) {
        const auto found = positions.find(chain);
        return found == positions.end() ? std::uint64_t{0} : found->second;
    };
    Bronze bronze;
    for (const lake::Chain& chain : chains) {
        const std::uint64_t first_new = position(since, chain.name);
        const std::uint64_t end = until ? position(*until, chain.name) : chain.next_seq();
        for (const lake::Entry& entry : chain.entries) {
            if (entry.seq >= end) break;
            fold_entry(bronze, entry, entry.seq >= first_new);
            bronze.positions[chain.name] = entry.seq + 1;
        }
    }
    return bronze;
}

Result<void> finish_publications(storage::FileSystem& files,
                                 const std::vector<lake::Chain>& chains) {
    for (const lake::Chain& chain : chains) {
        if (!chain.entries.empty()) TRY(lake::publish(files, chain.entries.back()));
    }
    return {};
}

}  // namespace bassline::models
