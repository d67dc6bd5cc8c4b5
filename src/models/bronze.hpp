// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "lake/live_files.hpp"
#include "lake/snapshot.hpp"
#include "storage/file_system.hpp"

// Bronze as the chains tell it: which files hold which dates, up to a position of every chain. The
// folders themselves are never listed.
namespace bassline::models {

using lake::Positions;

enum class NewRows { none, some, all };  // `some`: told apart by chain and seq

struct BronzeFile {
    std::string path;  // relative to the lake
    std::string date;  // event date; for quarantine the date of ingest
    std::uint64_t bytes = 0;
    bool is_partial = false;  // a merged file with rows beyond the position: read by chain and seq
    NewRows new_rows = NewRows::none;  // that came at or after `since`
};

struct Bronze {
    Positions positions;                                    // of all chains; `compact`: replays
    Positions since;                                        // of the build before
    std::map<std::string, std::vector<BronzeFile>> topics;  // by topic
    std::map<std::string, std::vector<BronzeFile>> late;    // beside it: of no model
    std::vector<BronzeFile> quarantine;
    std::set<std::string> dates;    // every event date that has a file
    std::set<std::string> touched;  // event dates of files with rows at or after `since`
    bool has_new_outputs = false;   // a file has rows at or after `since`
    std::int64_t watermark_ms = 0;  // greatest event time
    std::string retained_from;      // first kept event date; empty: all
    bool has_expired = false;       // published dates before it are to leave
};

/// Dates that the snapshot has and bronze no longer keeps count as touched: what of their sessions
/// reaches into kept dates comes out differently. Pure.
void expire(Bronze& bronze, const lake::Snapshot& previous);

/// The live files up to `until`, without it all of them. Which of them are new is told by their
/// rows' entries, so that merging files makes nothing new. Pure.
Bronze bronze_of(const lake::LiveFiles& live, const Positions& since,
                 const std::optional<Positions>& until);

/// Whether bronze up to the snapshot's positions still is what the snapshot was built from. A build
/// of some tables alone needs that, or they would not agree with the others. Pure. Errors: `usage`
/// if dates expired since, or records left quarantine.
Result<void> check_unchanged_since(const lake::LiveFiles& live, const lake::Snapshot& previous);

/// Finishes the publication of newest entries whose writer died; a live writer's own attempt does
/// no harm.
Result<void> finish_publications(storage::FileSystem& files, const lake::LakeLog& log);

}  // namespace bassline::models
