// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <set>
#include <string>

#include "base/result.hpp"
#include "duck/database.hpp"
#include "lake/snapshot.hpp"
#include "models/bronze.hpp"
#include "models/manifest.hpp"
#include "storage/file_system.hpp"

// The sources of a build in its scratch database: schema `run` (touched dates, scope, context) and
// schema `bronze` (views over the files of the scope's dates). Which dates are in scope is the
// models' own knowledge: dbt's analysis `scope`, which reads what was published last and bronze of
// the touched dates.
namespace bassline::models {

struct Scope {
    std::set<std::string> read;     // dates whose bronze the models see
    std::set<std::string> written;  // dates whose rows replace the published ones; a part of `read`
};

struct Sources {
    const storage::FileSystem& files;
    const Manifest& manifest;
    const std::optional<lake::Snapshot>& previous;
    const Bronze& bronze;
    bool is_full = false;
};

/// Creates run.touched, run.scope, run.context and the bronze views, and tells the scope. Of dates
/// that are only read the views show the sessions that written dates need (run.needed_sessions).
/// What the analysis needed besides is gone again. Errors: `config` if a partial build finds no
/// analysis named `scope`, `sql` if it fails.
Result<Scope> create_sources(duck::Connection& connection, const Sources& sources);

/// A view of a published table under its relation name.
Result<void> create_published_view(duck::Connection& connection, const storage::FileSystem& files,
                                   const Node& node, const lake::Table& table);

}  // namespace bassline::models
