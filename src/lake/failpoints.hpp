// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <string_view>

// The named places of the commit protocol where a test can stop the program (base/failpoint.hpp),
// in order of time.
namespace bassline::lake {

inline constexpr std::string_view kCommitBeforeStaged = "lake.commit.before_staged_entry";
inline constexpr std::string_view kCommitBeforeRename = "lake.commit.before_rename";
inline constexpr std::string_view kCommitAfterRename = "lake.commit.after_rename";
inline constexpr std::string_view kCommitAfterSync = "lake.commit.after_sync";
inline constexpr std::string_view kPublishBeforeFile = "lake.publish.before_file";  // once a file
inline constexpr std::string_view kPublishBeforeSync = "lake.publish.before_sync";
inline constexpr std::string_view kPublishDone = "lake.publish.done";
inline constexpr std::string_view kRecoverBeforeJanitor = "lake.recover.before_janitor";
inline constexpr std::string_view kCheckpointBeforeRename = "lake.checkpoint.before_rename";
inline constexpr std::string_view kArchiveBeforeRename = "lake.archive.before_rename";
inline constexpr std::string_view kArchiveBeforeRemove = "lake.archive.before_remove";  // an entry

inline constexpr std::array kChainFailpoints = {
    kCommitBeforeStaged, kCommitBeforeRename,   kCommitAfterRename,
    kCommitAfterSync,    kPublishBeforeFile,    kPublishBeforeSync,
    kPublishDone,        kRecoverBeforeJanitor, kCheckpointBeforeRename};

}  // namespace bassline::lake
