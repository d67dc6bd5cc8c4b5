// SPDX-License-Identifier: Apache-2.0
#include "cli/notices.hpp"

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

Result<void> check_inputs(const std::vector<std::string>& inputs) {
    const ingest::InputPaths expanded = ingest::expand_inputs(inputs);
    if (expanded.paths.empty() && !expanded.missing.empty()) return expanded.missing.front();
    return {};
}

}  // namespace bassline::cli
