// SPDX-License-Identifier: Apache-2.0
#include "dashboard/api.hpp"

#include <fmt/format.h>

#include "dashboard/chart_request.hpp"
#include "dashboard/charts.hpp"
#include "dashboard/etag.hpp"
#include "dashboard/page_files.hpp"
#include "dashboard/summary.hpp"
#include "dashboard/table.hpp"

namespace bassline::dashboard {
namespace {

using nlohmann::json;

net::Response json_response(const json& body) {
    net::Response response;
    response.content_type = "application/json";
    response.body = json_text(body);
    response.headers.emplace_back("Cache-Control", "no-store");
    return response;
}

// Kept by the browser, asked again each time: unchanged while the snapshot is.
void make_revalidated(net::Response& response, const std::string& etag) {
    response.headers.assign({{"Cache-Control", "private, no-cache"}, {"ETag", etag}});
}

json range_json(const DateRange& range) {
    if (range.is_empty()) return nullptr;
    return {{"from", format_date(range.from)}, {"to", format_date(range.last)}};
}

// What every answer made of data says about it.
json provenance(const Gold& gold) {
    const auto incomplete = incomplete_day(gold);
    return {{"snapshot", gold.snapshot},
            {"as_of", format_rfc3339(gold.watermark)},
            {"built_at", format_rfc3339(gold.built_at)},
            {"available", range_json(gold.dates())},
            {"incomplete_day", incomplete ? json(format_date(*incomplete)) : json(nullptr)}};
}

json chart_description(const Chart& chart) {
    return {{"id", chart.id},
            {"title", chart.title},
            {"unit", chart.unit},
            {"definition", chart.definition},
            {"table", chart.table}};
}

net::Response csv_response(const Chart& chart, const Table& table, const DateRange& range) {
    net::Response response;
    response.content_type = "text/csv; charset=utf-8";
    response.body = to_csv(table);
    const std::string days =
        range.is_empty() ? "empty" : format_date(range.from) + "_" + format_date(range.last);
    response.headers.emplace_back(
        "Content-Disposition", fmt::format("attachment; filename=\"{}_{}.csv\"", chart.id, days));
    return response;
}

json optional_json(const std::optional<double>& value) {
    return value ? json(*value) : json();
}

json tile_json(const Tile& tile) {
    auto by_day = json::array();
    for (const auto& value : tile.by_day) by_day.push_back(optional_json(value));
    return {{"id", tile.id},
            {"title", tile.title},
            {"unit", tile.unit},
            {"definition", tile.definition},
            {"value", optional_json(tile.value)},
            {"compared", optional_json(tile.compared)},
            {"previous", optional_json(tile.previous)},
            {"by_day", std::move(by_day)}};
}

// Why the newest snapshot is not loaded, without the server's paths; null if it is.
json failure_json(const GoldStore::State& state) {
    if (state.failure.empty()) return nullptr;
    if (state.failure == GoldStore::kGone) return GoldStore::kGone;
    return "the newest snapshot could not be loaded; the server's log says why";
}

net::Response no_data(const GoldStore::State& state) {
    const json failure = failure_json(state);
    if (failure.is_null()) {
        return net::error_response(503, "no_data",
                                   "No snapshot is loaded yet. Run `bassline build` on this lake.");
    }
    return net::error_response(
        503, "no_data", fmt::format("No snapshot is loaded: {}.", failure.get<std::string>()));
}

net::Response not_modified(const std::string& etag) {
    net::Response response;
    response.status = 304;
    make_revalidated(response, etag);
    return response;
}

}  // namespace

Api::Api(const GoldStore& store, const Clock& clock, const ServeOptions& options)
    : store_(store), clock_(clock), options_(options) {
    add_routes();
}

void Api::add_routes() {
    const auto get = [this](std::string pattern, net::Router::Action action) {
        router_.add("GET", std::move(pattern), std::move(action));
    };
    get("/api/v1/status", [this](const auto&, auto) { return status(); });
    get("/api/v1/charts", [this](const auto&, auto) { return chart_list(); });
    get("/api/v1/charts/*", [this](const auto& request, auto id) { return chart(request, id); });
    get("/api/v1/summary", [this](const auto& request, auto) { return summary(request); });
    get("/api/v1/pipeline", [this](const auto&, auto) { return pipeline(); });
    get("/healthz", [](const auto&, auto) { return json_response({{"status", "ok"}}); });
    get("/readyz", [this](const auto&, auto) { return readiness(); });
    get("/metrics", [this](const auto&, auto) { return metrics(); });
    for (const PageFile& file : page_files()) {
        get(std::string(file.path),
            [&file](const auto& request, auto) { return page_response(file, request); });
    }
}

net::Response Api::answer(const net::Request& request) {
    const auto start = std::chrono::steady_clock::now();
    net::Response response = router_.answer(request);
    metrics_.count(router_.pattern_of(request.path), response.status,
                   std::chrono::steady_clock::now() - start);
    return response;
}

net::Response Api::status() const {
    const GoldStore::State state = store_.state();
    json body = {{"now", format_rfc3339(clock_.now())},
                 {"state", state.gold ? "ready" : "empty"},
                 {"pipeline", options_.pipeline != nullptr},
                 {"simulated", options_.is_simulated},
                 {"failure", failure_json(state)}};
    if (state.gold) body.update(provenance(*state.gold));
    return json_response(body);
}

net::Response Api::metrics() const {
    const Timestamp now = clock_.now();
    net::Response response;
    response.content_type = net::kMetricsContentType;
    response.body =
        metrics_.text(store_.state(), now, options_.event_now ? options_.event_now() : now);
    if (options_.stage_metrics) response.body += options_.stage_metrics(now);
    response.headers.emplace_back("Cache-Control", "no-store");
    return response;
}

net::Response Api::pipeline() const {
    if (options_.pipeline) return json_response(options_.pipeline());
    return net::error_response(404, "no_pipeline",
                               "Only `bassline run` has a pipeline beside its dashboard.");
}

net::Response Api::readiness() const {
    const GoldStore::State state = store_.state();
    if (!state.gold) return no_data(state);
    return json_response({{"status", "ready"}, {"snapshot", state.gold->snapshot}});
}

net::Response Api::chart_list() const {
    auto list = json::array();
    for (const Chart& chart : charts()) list.push_back(chart_description(chart));
    return json_response({{"charts", std::move(list)}});
}

net::Response Api::chart(const net::Request& request, std::string_view id) const {
    const Chart* chart = find_chart(id);
    if (chart == nullptr) {
        return net::error_response(404, "unknown_chart",
                                   "No chart has this id; /api/v1/charts lists them.");
    }
    const GoldStore::State state = store_.state();
    if (!state.gold) return no_data(state);
    const Gold& gold = *state.gold;
    const auto asked = parse_chart_request(request.query, gold.dates());
    if (!asked) return net::error_response(400, "bad_parameter", asked.error().message);
    const std::string etag =
        fmt::format("\"{}-{}-{}\"", gold.run, gold.snapshot, asked.value().key);
    if (client_has(request, etag)) return not_modified(etag);

    const DateRange& range = asked.value().range;
    const Table table = chart->compute(gold, range);
    net::Response response;
    if (asked.value().wants_csv) {
        response = csv_response(*chart, table, range);
        response.headers.emplace_back("Cache-Control", "private, no-cache");
        response.headers.emplace_back("ETag", etag);
        return response;
    }
    json body = chart_description(*chart);
    body.update(provenance(gold));
    body["range"] = range_json(range);
    body["columns"] = columns_json(table);
    body["rows"] = rows_json(table);
    response = json_response(body);
    make_revalidated(response, etag);
    return response;
}

net::Response Api::summary(const net::Request& request) const {
    const GoldStore::State state = store_.state();
    if (!state.gold) return no_data(state);
    const Gold& gold = *state.gold;
    const auto asked = parse_chart_request(request.query, gold.dates());
    if (!asked) return net::error_response(400, "bad_parameter", asked.error().message);
    if (asked.value().wants_csv) {
        return net::error_response(400, "bad_parameter", "The summary is served as json only.");
    }
    const std::string etag =
        fmt::format("\"{}-{}-{}\"", gold.run, gold.snapshot, asked.value().key);
    if (client_has(request, etag)) return not_modified(etag);

    const DateRange& range = asked.value().range;
    json body = provenance(gold);
    body["range"] = range_json(range);
    const DateRange compared = compared_days(gold, range);
    body["compared_range"] = range_json(compared);
    body["previous_range"] = compared.is_empty() ? json() : range_json(period_before(compared));
    body["tiles"] = json::array();
    for (const Tile& tile : summarise(gold, range)) body["tiles"].push_back(tile_json(tile));
    net::Response response = json_response(body);
    make_revalidated(response, etag);
    return response;
}

}  // namespace bassline::dashboard
