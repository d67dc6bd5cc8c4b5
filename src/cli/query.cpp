// SPDX-License-Identifier: Apache-2.0
#include "models/query.hpp"

#include <memory>
#include <thread>

#include "cli/command.hpp"
#include "cli/query_output.hpp"
#include "cli/values.hpp"
#include "lake/lake.hpp"

// `bassline query`: read-only SQL over one snapshot.
namespace bassline::cli {
namespace {

struct QueryArguments {
    std::string lake = "./lake";
    std::string sql;
    OutputFormat format = OutputFormat::table;
    models::QueryOptions query;
};

Result<Exit> run_query(const QueryArguments& options, std::stop_token stop) {
    TRY_ASSIGN(const auto files, lake::open_lake_read_only(options.lake));
    TRY_ASSIGN(models::QueryResult result,
               models::query_lake(*files, options.sql, options.query, std::move(stop)));
    TRY(write_result(result, options.format, stdout));
    return Exit::done;
}

Run declare_query(CLI::App& app) {
    auto options = std::make_shared<QueryArguments>();
    options->query.threads = std::max(1u, std::thread::hardware_concurrency());
    app.add_option("--lake", options->lake, "The lake: a path or file:///path (default ./lake)");
    app.add_option("sql", options->sql,
                   "One SELECT-like statement over schemas bronze, late (events beside bronze), "
                   "intermediate, silver, gold, and quarantine")
        ->required();
    add_choice_option(
        app, "--format", options->format,
        {{"table", OutputFormat::table}, {"csv", OutputFormat::csv}, {"json", OutputFormat::json}},
        "table, csv or json (default table)");
    app.add_option("--threads", options->query.threads, "Threads (default the machine's cores)")
        ->check(CLI::Range(1, 256));
    add_bytes_option(
        app, "--memory", options->query.memory_bytes,
        "Memory of the engine before it spills to disk (default 70 % of the machine's)");
    add_duration_option(app, "--timeout", options->query.timeout,
                        "Stop the query after this time (default never)");
    app.add_option("--scratch", options->query.scratch,
                   "Folder for temporary files (default TMPDIR, else /tmp)");
    return [options](std::stop_token stop) { return run_query(*options, std::move(stop)); };
}

}  // namespace

const Command kQuery{
    .name = "query",
    .summary = "Answer read-only SQL over bronze, silver, gold and quarantine",
    .examples =
        "  bassline query \"select song, artist, play_count from gold.top_songs_by_play_count "
        "order by rank limit 5\"\n"
        "  bassline query --format json \"select * from gold.weekday_mean_listening_time\"\n"
        "  bassline query \"select reason, count(*), any_value(line) from quarantine group by "
        "reason\"",
    .declare = declare_query,
};

}  // namespace bassline::cli
