// SPDX-License-Identifier: Apache-2.0
#include "compact/compact.hpp"

#include <memory>
#include <nlohmann/json.hpp>

#include <fmt/format.h>

#include "cli/command.hpp"
#include "cli/values.hpp"
#include "lake/lake.hpp"

// `bassline compact`: few large files instead of many small ones; old dates leave.
namespace bassline::cli {
namespace {

using compact::CompactSummary;

struct CompactArguments {
    std::string lake = "./lake";
    compact::CompactOptions compact;
    bool json = false;
};

nlohmann::json compact_summary_json(const CompactSummary& summary) {
    return {
        {"entries", summary.entries},
        {"hours", summary.hours},
        {"files_merged", summary.files_merged},
        {"files_written", summary.files_written},
        {"rows", summary.rows},
        {"bytes_before", summary.bytes_before},
        {"bytes_after", summary.bytes_after},
        {"files_expired", summary.files_expired},
        {"rows_expired", summary.rows_expired},
        {"retained_from", summary.retained_from.empty() ? nlohmann::json(nullptr)
                                                        : nlohmann::json(summary.retained_from)},
        {"files_removed", summary.files_removed},
        {"files_awaiting", summary.files_awaiting},
        {"interrupted", summary.interrupted},
        {"seconds", summary.seconds}};
}

void print_compact_summary(const CompactSummary& summary, std::chrono::milliseconds grace) {
    if (summary.files_merged > 0) {
        fmt::print(
            "{} files of {} hours and topics merged into {}: {} rows, {:.1f} MB into {:.1f} MB\n",
            summary.files_merged, summary.hours, summary.files_written, summary.rows,
            static_cast<double>(summary.bytes_before) / 1e6,
            static_cast<double>(summary.bytes_after) / 1e6);
    } else {
        fmt::print("nothing to merge\n");
    }
    if (!summary.retained_from.empty()) {
        fmt::print("kept from {} on; {} files with {} rows expired\n", summary.retained_from,
                   summary.files_expired, summary.rows_expired);
    }
    if (summary.files_removed > 0) fmt::print("{} replaced files removed\n", summary.files_removed);
    if (summary.files_awaiting > 0) {
        fmt::print("{} replaced files stay for readers; a compact {} s from now removes them\n",
                   summary.files_awaiting,
                   std::chrono::duration_cast<std::chrono::seconds>(grace).count());
    }
}

Result<Exit> run_compact(const CompactArguments& options, const std::stop_token& stop) {
    // A reader's look first: a mistyped path must not become a lake.
    TRY(lake::open_lake_read_only(options.lake));
    TRY_ASSIGN(const auto files, lake::open_lake(options.lake));
    TRY_ASSIGN(const CompactSummary summary,
               compact::compact(*files, options.compact, SystemClock(), stop));
    if (options.json) {
        fmt::print("{}\n", compact_summary_json(summary).dump());
    } else {
        print_compact_summary(summary, options.compact.grace);
    }
    return summary.interrupted ? Exit::interrupted : Exit::done;
}

Run declare_compact(CLI::App& app) {
    auto options = std::make_shared<CompactArguments>();
    app.add_option("--lake", options->lake, "The lake: a path or file:///path (default ./lake)");
    add_time_option(app, "--before", options->compact.before,
                    "Merge the hours that end there or earlier, a date or a time of UTC (default "
                    "those two hours older than the newest event's)");
    app.add_option("--retain", options->compact.retain_days,
                   "Event dates to keep, counted from the newest; older ones leave every layer, "
                   "for good (default all)")
        ->type_name("DAYS")
        ->check(CLI::Range(1, 36'500));
    add_duration_option(app, "--grace", options->compact.grace,
                        "How long replaced files stay for readers that opened the lake before "
                        "(default 10m)");
    app.add_flag("--json", options->json, "Print the result as JSON");
    return [options](const std::stop_token& stop) { return run_compact(*options, stop); };
}

}  // namespace

const Command kCompact{
    .name = "compact",
    .summary = "Merge the small files of closed hours, and let old dates leave",
    .examples =
        "  bassline compact --lake ./lake\n"
        "  bassline compact --lake ./lake --before 2025-03-14 --json\n"
        "  bassline compact --lake ./lake --retain 30",
    .declare = declare_compact,
};

}  // namespace bassline::cli
