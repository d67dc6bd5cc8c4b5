// SPDX-License-Identifier: Apache-2.0
#include "models/run_results.hpp"

#include <nlohmann/json.hpp>

#include "lake/names.hpp"

namespace bassline::models {
namespace {

using nlohmann::json;

json result_json(const NodeResult& result) {
    const bool was_run = result.status != "skipped";
    json timing = json::array();
    if (was_run) {
        timing.push_back({{"name", "execute"},
                          {"started_at", format_rfc3339(result.started)},
                          {"completed_at", format_rfc3339(result.completed)}});
    }
    const Node& node = *result.node;
    return {{"unique_id", node.unique_id},
            {"status", result.status},
            {"execution_time", result.seconds()},
            {"thread_id", fmt::format("Thread-{}", result.thread + 1)},
            {"timing", std::move(timing)},
            {"message", result.message.empty() ? json() : json(result.message)},
            {"failures", result.failures ? json(*result.failures) : json()},
            {"adapter_response",
             was_run ? json{{"_message", "OK"}, {"rows_affected", result.rows}} : json::object()},
            {"compiled", true},
            {"compiled_code", node.compiled_code.empty() ? json() : json(node.compiled_code)},
            {"relation_name", node.relation_name.empty() ? json() : json(node.relation_name)},
            {"batch_results", json()}};
}

}  // namespace

std::string run_results_json(const Manifest& manifest, const std::vector<NodeResult>& results,
                             const RunArguments& arguments, Timestamp generated_at,
                             double elapsed_seconds) {
    json document = {
        {"metadata",
         {{"dbt_schema_version", "https://schemas.getdbt.com/dbt/run-results/v6.json"},
          {"dbt_version", manifest.dbt_version},
          {"generated_at", format_rfc3339(generated_at)},
          {"invocation_id", manifest.invocation_id.empty() ? json() : json(manifest.invocation_id)},
          {"env", json::object()}}},
        {"results", json::array()},
        {"elapsed_time", elapsed_seconds},
        {"args",
         {{"which", "build"},
          {"target", "embedded"},
          {"select", arguments.select.empty() ? json::array() : json::array({arguments.select})},
          {"full_refresh", arguments.full_refresh},
          {"threads", arguments.threads},
          {"vars", json::object()}}}};
    for (const NodeResult& result : results) document["results"].push_back(result_json(result));
    return document.dump(-1, ' ', false, json::error_handler_t::replace) + "\n";
}

Result<void> write_run(storage::FileSystem& files, const std::string& run,
                       const std::string& previous_run, const Manifest& manifest,
                       const std::string& run_results) {
    const std::string directory = lake::run_directory(run);
    const std::string copy = directory + "/manifest.json";
    TRY(files.make_directories(directory));
    TRY(files.write_durably(directory + "/run_results.json", run_results));
    if (!previous_run.empty()) {
        const std::string earlier = lake::run_directory(previous_run) + "/manifest.json";
        const auto content = files.read(earlier);
        if (content && content.value() == manifest.text && files.link(earlier, copy)) {
            return files.sync_directory(directory);
        }
    }
    TRY(files.write_durably(copy, manifest.text));
    return {};
}

}  // namespace bassline::models
