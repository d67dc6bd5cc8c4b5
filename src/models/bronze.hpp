// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "lake/chain.hpp"
#include "storage/file_system.hpp"

// Bronze as the chains tell it: which files hold which dates, up to a position of every chain. The
// folders themselves are never listed.
namespace bassline::models {

/// Chain name -> number of entries folded in.
using Positions = std::map<std::string, std::uint64_t>;

struct BronzeFile {
    std::string path;  // relative to the lake
    std::string date;  // event date; for quarantine the date of ingest
};

struct Bronze {
    Positions positions;
    std::map<std::string, std::vector<BronzeFile>> topics;  // by topic
    std::vector<BronzeFile> quarantine;
    std::set<std::string> dates;    // every event date that has a file
    std::set<std::string> touched;  // event dates of entries at or after `since`
    bool has_new_outputs = false;   // an entry at or after `since` named a file
    std::int64_t watermark_ms = 0;  // greatest event time
};

/// All chains of a lake, each whole.
Result<std::vector<lake::Chain>> load_chains(const storage::FileSystem& files);

/// Folds the chains up to `until`, without it to their ends. Pure.
Bronze fold(const std::vector<lake::Chain>& chains, const Positions& since,
            const std::optional<Positions>& until);

/// Finishes the publication of newest entries whose writer died; a live writer's own attempt does
/// no harm.
Result<void> finish_publications(storage::FileSystem& files,
                                 const std::vector<lake::Chain>& chains);

}  // namespace bassline::models
