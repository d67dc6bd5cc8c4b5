// SPDX-License-Identifier: Apache-2.0
#include <nlohmann/json.hpp>

#include "base/hash.hpp"
#include "lake/names.hpp"
#include "lake/snapshot.hpp"

// The text of a snapshot. It carries a checksum of its own content, so a damaged one is never taken
// for an old one.
namespace bassline::lake {
namespace {

using nlohmann::json;

json table_json(const Table& table) {
    json files = json::array();
    for (const TableFile& file : table.files) {
        files.push_back({{"event_date", file.event_date.empty() ? json() : json(file.event_date)},
                         {"path", file.path},
                         {"rows", file.rows},
                         {"bytes", file.bytes},
                         {"xxh64", file.xxh64}});
    }
    return {{"layer", table.layer}, {"files", std::move(files)}};
}

Table table_from(const json& object) {
    Table table{.layer = object.at("layer")};
    for (const json& file : object.at("files")) {
        const json& date = file.at("event_date");
        table.files.push_back({.event_date = date.is_null() ? "" : date.get<std::string>(),
                               .path = file.at("path"),
                               .rows = file.at("rows"),
                               .bytes = file.at("bytes"),
                               .xxh64 = file.at("xxh64")});
    }
    return table;
}

json snapshot_json(const Snapshot& snapshot) {
    json document = {{"format", kLakeFormat},
                     {"n", snapshot.n},
                     {"prev_sha256", snapshot.prev_sha256},
                     {"run", snapshot.run},
                     {"committed_at", format_rfc3339(snapshot.committed_at)},
                     {"committed_at_us", snapshot.committed_at.time_since_epoch().count()},
                     {"models_sha256", snapshot.models_sha256},
                     {"models", snapshot.models},
                     {"engine", snapshot.engine},
                     {"bronze", snapshot.bronze},
                     {"watermark_ms", snapshot.watermark_ms},
                     {"retained_from", snapshot.retained_from},
                     {"tables", json::object()}};
    for (const auto& [name, table] : snapshot.tables) document["tables"][name] = table_json(table);
    return document;
}

Snapshot snapshot_from(const json& document) {
    Snapshot snapshot{
        .n = document.at("n"),
        .prev_sha256 = document.at("prev_sha256"),
        .run = document.at("run"),
        .committed_at = Timestamp(std::chrono::microseconds(document.at("committed_at_us"))),
        .models_sha256 = document.at("models_sha256"),
        .models = document.at("models"),
        .engine = document.at("engine"),
        .bronze = document.at("bronze"),
        .watermark_ms = document.at("watermark_ms"),
        .retained_from = document.at("retained_from")};
    for (const auto& [name, table] : document.at("tables").items())
        snapshot.tables[name] = table_from(table);
    return snapshot;
}

}  // namespace

std::string to_json(const Snapshot& snapshot) {
    json document = snapshot_json(snapshot);
    document[kChecksumKey] = xxh64_hex(document.dump());
    return document.dump() + "\n";
}

Result<Snapshot> snapshot_from_json(std::string_view text) {
    json document = json::parse(text, nullptr, false);
    if (!document.is_object()) return error(ErrorKind::bad_data, "not a JSON object");
    const json format = document.value("format", json());
    if (!format.is_number_integer()) return error(ErrorKind::bad_data, "no format number");
    if (format > kLakeFormat) {
        return error(ErrorKind::config,
                     "written in format {}, this program knows format {}; use a newer bassline",
                     format.dump(), kLakeFormat);
    }
    const json checksum = document.value(kChecksumKey, json());
    document.erase(kChecksumKey);
    if (checksum != xxh64_hex(document.dump())) {
        return error(ErrorKind::bad_data, "the checksum does not match the content");
    }
    try {
        return snapshot_from(document);
    } catch (const json::exception& cause) {  // a missing or mistyped key
        return error(ErrorKind::bad_data, "{}", cause.what());
    }
}

std::string sha256_of(const Snapshot& snapshot) {
    return sha256_hex(to_json(snapshot));
}

}  // namespace bassline::lake
