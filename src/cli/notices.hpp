// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "ingest/ingest.hpp"

// What an ingest tells about its inputs, for the commands that ingest.
namespace bassline::cli {

/// The kind's name in JSON answers.
std::string_view name_of(ingest::NoticeKind kind);

/// One line on stderr; a refusal is an error, the rest is information.
void log_notice(const ingest::Notice& notice);

/// Before anything is made: a mistyped path must not become a lake. Errors: `not_found`.
Result<void> check_inputs(const std::vector<std::string>& inputs);

}  // namespace bassline::cli
