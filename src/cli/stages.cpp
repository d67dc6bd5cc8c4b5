// SPDX-License-Identifier: Apache-2.0
#include "cli/stages.hpp"

#include <algorithm>
#include <thread>

#include "base/log.hpp"
#include "ingest/input_paths.hpp"

namespace bassline::cli {
namespace {

std::string notice_text(const ingest::Notice& notice) {
    std::string text = notice.path.empty() ? notice.text : notice.path + ": " + notice.text;
    if (notice.kind == ingest::NoticeKind::skipped) text = "skipped " + text;
    if (notice.kind == ingest::NoticeKind::refused && !notice.path.empty())
        text = "refused " + text;
    if (notice.pending_bytes > 0) {
        text += fmt::format("; {} bytes are left until it grows", notice.pending_bytes);
    }
    return text;
}

std::string_view title(const models::NodeResult& result) {
    switch (result.node->type) {
        case models::NodeType::test:
            return "test";
        case models::NodeType::seed:
            return "seed";
        default:
            return "model";
    }
}

}  // namespace

std::string_view name_of(ingest::NoticeKind kind) {
    switch (kind) {
        case ingest::NoticeKind::already_ingested:
            return "already_ingested";
        case ingest::NoticeKind::skipped:
            return "skipped";
        case ingest::NoticeKind::empty:
            return "empty";
        case ingest::NoticeKind::pending:
            return "pending";
        case ingest::NoticeKind::refused:
            return "refused";
    }
    return "";
}

void log_notice(const ingest::Notice& notice) {
    const bool bad = notice.kind == ingest::NoticeKind::refused;
    log_line(bad ? LogLevel::error : LogLevel::info, notice_text(notice));
}

std::size_t default_ingest_threads(std::uint64_t memory_bytes) {
    const std::uint64_t fit = std::max<std::uint64_t>(1, memory_bytes / ingest::kThreadMemoryMin);
    return std::clamp<std::size_t>(std::thread::hardware_concurrency(), 1, fit);
}

void log_result(const models::NodeResult& result) {
    const bool is_bad = result.status == "error" || result.status == "fail";
    const bool is_quiet = result.status == "pass" || result.status == "skipped";
    if (is_quiet) return;
    log_line(
        is_bad                    ? LogLevel::error
        : result.status == "warn" ? LogLevel::warn
                                  : LogLevel::info,
        fmt::format("{} {} {}{} in {:.2f} s{}{}", title(result), result.node->name, result.status,
                    result.rows != 0 ? fmt::format(", {} rows", result.rows) : "", result.seconds(),
                    result.message.empty() ? "" : ": ", result.message));
}

Result<void> check_inputs(const std::vector<std::string>& inputs) {
    const ingest::InputPaths expanded = ingest::expand_inputs(inputs);
    if (expanded.paths.empty() && !expanded.missing.empty()) return expanded.missing.front();
    return {};
}

}  // namespace bassline::cli
