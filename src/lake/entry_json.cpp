// SPDX-License-Identifier: Apache-2.0
#include <nlohmann/json.hpp>
#include <stdexcept>

#include "base/hash.hpp"
#include "lake/chain.hpp"
#include "lake/names.hpp"

// The text of a chain entry. It carries a checksum of its own content, so damage to the newest
// entry, which no successor's prev_sha256 covers yet, is found too.
namespace bassline::lake {
namespace {

using nlohmann::json;

std::string to_hex(std::string_view bytes) {
    std::string hex;
    for (const char byte : bytes) hex += fmt::format("{:02x}", static_cast<unsigned char>(byte));
    return hex;
}

std::string from_hex(const std::string& hex) {
    std::string bytes;
    for (std::size_t at = 0; at + 1 < hex.size(); at += 2) {
        bytes += static_cast<char>(std::stoi(hex.substr(at, 2), nullptr, 16));
    }
    return bytes;
}

bool is_utf8(const std::string& text) {
    try {
        (void)json(text).dump();
        return true;
    } catch (const json::type_error&) {
        return false;
    }
}

json range_json(const FileRange& range) {
    json object = {
        {"source", range.source},
        {"path", range.path},
        {"encoding", range.encoding},
        {"start", range.start},
        {"end", range.end},
        {"lines", range.lines},
        {"xxh64", range.xxh64},
        {"fingerprint", {{"head", range.fingerprint.head}, {"tail", range.fingerprint.tail}}},
        {"state", range.state}};
    if (!range.producer.empty()) object["producer"] = range.producer;
    // JSON holds text, file names hold bytes.
    if (!is_utf8(range.path)) object["path_hex"] = to_hex(range.path);
    return object;
}

FileRange range_from(const json& object) {
    FileRange range{.source = object.at("source"),
                    .path = object.at("path"),
                    .encoding = object.at("encoding"),
                    .start = object.at("start"),
                    .end = object.at("end"),
                    .lines = object.at("lines"),
                    .xxh64 = object.at("xxh64"),
                    .fingerprint = {.head = object.at("fingerprint").at("head"),
                                    .tail = object.at("fingerprint").at("tail")},
                    .state = object.at("state"),
                    .producer = object.value("producer", "")};
    if (object.contains("path_hex")) range.path = from_hex(object.at("path_hex"));
    return range;
}

json kafka_range_json(const KafkaRange& range) {
    json object = {{"topic", range.topic},
                   {"partition", range.partition},
                   {"start", range.start},
                   {"end", range.end}};
    if (!range.gap.empty()) object["gap"] = range.gap;
    return object;
}

KafkaRange kafka_range_from(const json& object) {
    return KafkaRange{.topic = object.at("topic"),
                      .partition = object.at("partition"),
                      .start = object.at("start"),
                      .end = object.at("end"),
                      .gap = object.value("gap", "")};
}

json output_json(const Output& output) {
    json object = {
        {"kind", to_string(output.kind)}, {"staged", output.staged}, {"final", output.final},
        {"topic", output.topic},          {"date", output.date},     {"rows", output.rows},
        {"bytes", output.bytes},          {"xxh64", output.xxh64}};
    if (output.has_events()) {
        object["hour"] = output.hour;
        object["min_event_ms"] = output.min_event_ms;
        object["max_event_ms"] = output.max_event_ms;
    }
    return object;
}

Output output_from(const json& object) {
    const auto kind = output_kind_from(object.at("kind").get<std::string>());
    if (!kind) throw std::invalid_argument(kind.error().message);
    return Output{.kind = kind.value(),
                  .staged = object.at("staged"),
                  .final = object.at("final"),
                  .topic = object.at("topic"),
                  .date = object.at("date"),
                  .hour = object.value("hour", -1),
                  .rows = object.at("rows"),
                  .bytes = object.at("bytes"),
                  .xxh64 = object.at("xxh64"),
                  .min_event_ms = object.value("min_event_ms", std::int64_t{0}),
                  .max_event_ms = object.value("max_event_ms", std::int64_t{0})};
}

json counters_json(const TopicCounters& counters) {
    json object = {{"consumed", counters.consumed},
                   {"written", counters.written},
                   {"quarantined", counters.quarantined},
                   {"by_reason", counters.by_reason}};
    if (counters.late > 0) object["late"] = counters.late;
    return object;
}

TopicCounters counters_from(const json& object) {
    return TopicCounters{.consumed = object.at("consumed"),
                         .written = object.at("written"),
                         .late = object.value("late", std::uint64_t{0}),
                         .quarantined = object.at("quarantined"),
                         .by_reason = object.at("by_reason")};
}

json replaced_json(const Replaced& replaced) {
    return {{"chain", replaced.chain},
            {"seq", replaced.seq},
            {"final", replaced.final},
            {"rows", replaced.rows}};
}

Replaced replaced_from(const json& object) {
    return Replaced{.chain = object.at("chain"),
                    .seq = object.at("seq"),
                    .final = object.at("final"),
                    .rows = object.at("rows")};
}

json entry_json(const Entry& entry) {
    json document = {{"format", kLakeFormat},
                     {"chain", entry.chain},
                     {"seq", entry.seq},
                     {"prev_sha256", entry.prev_sha256},
                     {"writer", entry.writer},
                     {"committed_at", format_rfc3339(entry.committed_at)},
                     {"committed_at_us", entry.committed_at.time_since_epoch().count()},
                     {"ranges", json::array()},
                     {"outputs", json::array()},
                     {"counters", json::object()},
                     {"dates_touched", entry.dates_touched}};
    if (!entry.identity.empty()) document["identity"] = entry.identity;
    for (const auto& range : entry.ranges) document["ranges"].push_back(range_json(range));
    for (const auto& range : entry.kafka_ranges) {
        document["ranges"].push_back(kafka_range_json(range));
    }
    for (const auto& output : entry.outputs) document["outputs"].push_back(output_json(output));
    for (const auto& [topic, counters] : entry.counters) {
        document["counters"][topic] = counters_json(counters);
    }
    for (const auto& replaced : entry.replaced) {
        document["replaced"].push_back(replaced_json(replaced));
    }
    if (!entry.retained_from.empty()) document["retained_from"] = entry.retained_from;
    if (entry.rows_split > 0) document["rows_split"] = entry.rows_split;
    if (entry.reached_ms > 0) document["reached_ms"] = entry.reached_ms;
    return document;
}

Entry entry_from(const json& document) {
    Entry entry{
        .chain = document.at("chain"),
        .seq = document.at("seq"),
        .prev_sha256 = document.at("prev_sha256"),
        .writer = document.at("writer"),
        .committed_at = Timestamp(std::chrono::microseconds(document.at("committed_at_us"))),
        .dates_touched = document.at("dates_touched")};
    if (document.contains("identity")) entry.identity = document.at("identity");
    for (const auto& range : document.at("ranges")) {
        if (range.contains("topic")) {
            entry.kafka_ranges.push_back(kafka_range_from(range));
        } else {
            entry.ranges.push_back(range_from(range));
        }
    }
    for (const auto& output : document.at("outputs")) {
        entry.outputs.push_back(output_from(output));
    }
    for (const auto& [topic, counters] : document.at("counters").items()) {
        entry.counters[topic] = counters_from(counters);
    }
    for (const auto& replaced : document.value("replaced", json::array())) {
        entry.replaced.push_back(replaced_from(replaced));
    }
    entry.retained_from = document.value("retained_from", "");
    entry.rows_split = document.value("rows_split", std::uint64_t{0});
    entry.reached_ms = document.value("reached_ms", std::int64_t{0});
    return entry;
}

std::string dump(const json& document) {
    return document.dump(-1, ' ', false, json::error_handler_t::replace);
}

}  // namespace

std::string_view to_string(OutputKind kind) {
    switch (kind) {
        case OutputKind::bronze:
            return "bronze";
        case OutputKind::quarantine:
            return "quarantine";
        case OutputKind::late:
            return "late";
    }
    return "";
}

Result<OutputKind> output_kind_from(std::string_view name) {
    for (const OutputKind kind : {OutputKind::bronze, OutputKind::quarantine, OutputKind::late}) {
        if (to_string(kind) == name) return kind;
    }
    return error(ErrorKind::bad_data, "a file of an unknown kind, {}", name);
}

std::string to_json(const Entry& entry) {
    json document = entry_json(entry);
    document[kChecksumKey] = xxh64_hex(dump(document));
    return dump(document) + "\n";
}

Result<Entry> entry_from_json(std::string_view text) {
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
    if (checksum != xxh64_hex(dump(document))) {
        return error(ErrorKind::bad_data, "the checksum does not match the content");
    }
    try {
        return entry_from(document);
    } catch (const std::exception& cause) {  // a missing or mistyped key
        return error(ErrorKind::bad_data, "{}", cause.what());
    }
}

}  // namespace bassline::lake
