// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "ingest/ingest.hpp"
#include "models/run_results.hpp"

// What the commands share that run a stage: what it tells on stderr, checks before it, defaults.
namespace bassline::cli {

/// The kind's name in JSON answers.
std::string_view name_of(ingest::NoticeKind kind);

/// One line on stderr; a refusal is an error, the rest is information.
void log_notice(const ingest::Notice& notice);

/// The machine's cores, as many as the memory feeds; at least one.
std::size_t default_ingest_threads(std::uint64_t memory_bytes);

/// One line on stderr about a model or test; passed tests and skipped nodes say nothing.
void log_result(const models::NodeResult& result);

/// Before anything is made: a mistyped path must not become a lake. Errors: `not_found`.
Result<void> check_inputs(const std::vector<std::string>& inputs);

}  // namespace bassline::cli
