// SPDX-License-Identifier: Apache-2.0
#include "event/schema.hpp"

namespace bassline::event {
namespace {

constexpr Presence no = Presence::absent;
constexpr Presence opt = Presence::optional;
constexpr Presence req = Presence::required;

// In the order of Topic: listen, page view, auth, status change.
constexpr std::array<Presence, kTopicCount> kRequired{req, req, req, req};
constexpr std::array<Presence, kTopicCount> kOptional{opt, opt, opt, opt};
constexpr std::array<Presence, kTopicCount> kSongs{req, opt, no, no};
constexpr std::array<Presence, kTopicCount> kPages{no, opt, no, no};

constexpr std::string_view kAuth[] = {"Guest", "Logged In", "Logged Out", "Cancelled"};
constexpr std::string_view kLevel[] = {"free", "paid"};
constexpr std::string_view kMethod[] = {"GET", "PUT"};
constexpr std::string_view kGender[] = {"M", "F", "U"};
constexpr std::string_view kFormat[] = {"topics", "single"};
constexpr std::string_view kSource[] = {"file", "kafka"};

constexpr auto dictionary = Layout::dictionary;
constexpr auto delta = Layout::delta;

// clang-format off
constexpr std::array<ColumnDefinition, kColumnCount> kBronze{{
    {"ts", Type::int64, kRequired, delta, true, {}, "time of the event, milliseconds since 1970"},
    {"sessionId", Type::int64, kRequired, delta, false, {}, "the producer's session number"},
    {"page", Type::text, {no, req, no, no}, dictionary, false, {}, "page visited; an open vocabulary"},
    {"auth", Type::text, {opt, opt, no, opt}, dictionary, false, kAuth, "login state of the session"},
    {"method", Type::text, kPages, dictionary, false, kMethod, "HTTP method of the step"},
    {"status", Type::int32, kPages, dictionary, false, {}, "HTTP status of the step"},
    {"level", Type::text, kOptional, dictionary, false, kLevel, "subscription at the time; before the change in status_change_events"},
    {"itemInSession", Type::int32, kRequired, delta, false, {}, "number of the step in its session, from 0"},
    {"city", Type::text, kOptional, dictionary, false, {}, "city of the device"},
    {"zip", Type::text, kOptional, dictionary, false, {}, "postal code with its leading zeros"},
    {"state", Type::text, kOptional, dictionary, false, {}, "two-letter state of the device"},
    {"userAgent", Type::text, kOptional, dictionary, false, {}, "as sent, often within literal quotation marks"},
    {"lon", Type::real, kOptional, dictionary, false, {}, "longitude of the device, degrees"},
    {"lat", Type::real, kOptional, dictionary, false, {}, "latitude of the device, degrees"},
    {"userId", Type::text, kOptional, dictionary, false, {}, "null while the user is not logged in"},
    {"lastName", Type::text, kOptional, dictionary, false, {}, ""},
    {"firstName", Type::text, kOptional, dictionary, false, {}, ""},
    {"gender", Type::text, kOptional, dictionary, false, kGender, ""},
    {"registration", Type::int64, kOptional, dictionary, false, {}, "when the user came to be, milliseconds since 1970"},
    {"tag", Type::text, kOptional, dictionary, false, {}, "group of an A/B test"},
    {"artist", Type::text, kSongs, dictionary, false, {}, "as sent"},
    {"song", Type::text, kSongs, dictionary, false, {}, "as sent"},
    {"duration", Type::real, {opt, opt, no, no}, dictionary, false, {}, "length of the song, seconds"},
    {"success", Type::boolean, {no, no, opt, no}, dictionary, false, {}, "whether the login succeeded"},
    {"location", Type::text, kOptional, dictionary, false, {}, "raw location, which only the single stream sends"},
    {"event_at", Type::timestamp, kRequired, delta, true, {}, "`ts` as a timestamp"},
    {"artist_utf8", Type::text, kOptional, dictionary, false, {}, "`artist` repaired from doubly encoded UTF-8 and trimmed"},
    {"song_utf8", Type::text, kOptional, dictionary, false, {}, "`song` repaired from doubly encoded UTF-8 and trimmed"},
    {"input_format", Type::text, kRequired, dictionary, false, kFormat, "which of the two formats the line had"},
    {"producer", Type::text, kOptional, dictionary, false, {}, "`--producer NAME`"},
    {"source", Type::text, kRequired, dictionary, false, kSource, "kind of the source"},
    {"source_partition", Type::int32, kRequired, delta, true, {}, "partition, or number of the file source"},
    {"source_offset", Type::int64, kRequired, delta, true, {}, "Kafka offset, or byte offset of the line's start"},
    {"source_timestamp", Type::timestamp, kOptional, dictionary, false, {}, "Kafka's record time; null for files"},
    {"ingested_at", Type::timestamp, kRequired, delta, false, {}, "start of the batch"},
    {"chain", Type::text, kRequired, dictionary, false, {}, "chain of the batch"},
    {"seq", Type::int64, kRequired, delta, true, {}, "entry of the chain"},
    {"schema_id", Type::int32, kOptional, dictionary, false, {}, "Schema Registry id; null for files"},
    {"rescued_data", Type::text, kOptional, dictionary, false, {}, "JSON object of the fields that have no column here"},
}};

constexpr ColumnDefinition kQuarantine[] = {
    {"topic", Type::text, kRequired, dictionary, false, {}, "topic the record counts under"},
    {"reason", Type::text, kRequired, dictionary, true, {}, "see below"},
    {"detail", Type::text, kRequired, dictionary, false, {}, "for people: field and value"},
    {"raw", Type::binary, kRequired, Layout::plain, false, {}, "the line without its newline, at most the first 1 MiB"},
    {"raw_bytes", Type::int64, kRequired, delta, false, {}, "length of the whole line"},
    {"input_format", Type::text, kOptional, dictionary, false, kFormat, "null if it could not be told"},
    {"producer", Type::text, kOptional, dictionary, false, {}, ""},
    {"source", Type::text, kRequired, dictionary, false, kSource, ""},
    {"source_partition", Type::int32, kRequired, delta, true, {}, ""},
    {"source_offset", Type::int64, kRequired, delta, true, {}, ""},
    {"source_timestamp", Type::timestamp, kOptional, dictionary, false, {}, ""},
    {"ingested_at", Type::timestamp, kRequired, delta, false, {}, ""},
    {"chain", Type::text, kRequired, dictionary, false, {}, ""},
    {"seq", Type::int64, kRequired, delta, true, {}, ""},
};
// clang-format on

constexpr ColumnSet set_of(Topic topic) {
    ColumnSet set{0, 0};
    for (std::size_t i = 0; i < kProducerColumnCount; ++i) {
        if (kBronze[i].in(topic) != Presence::absent) set.allowed |= 1u << i;
        if (kBronze[i].in(topic) == Presence::required) set.required |= 1u << i;
    }
    return set;
}
constexpr std::array<ColumnSet, kTopicCount> kSets{
    set_of(Topic::listen_events), set_of(Topic::page_view_events), set_of(Topic::auth_events),
    set_of(Topic::status_change_events)};

// A table over (length, first, last letter) that has no collisions among the known names.
constexpr std::size_t kSlots = 64;
constexpr std::size_t slot_of(std::string_view name) {
    return (name.size() + static_cast<unsigned char>(name.front()) * std::size_t{3} +
            static_cast<unsigned char>(name.back()) * std::size_t{10}) %
           kSlots;
}
constexpr std::string_view kLength = "length";
struct FieldTable {
    std::array<std::int8_t, kSlots> column{};
    bool collides = false;
};
constexpr FieldTable make_field_table() {
    FieldTable table;
    for (auto& column : table.column) column = -1;
    auto add = [&](std::string_view name, Column column) {
        auto& slot = table.column[slot_of(name)];
        if (slot != -1) table.collides = true;
        slot = static_cast<std::int8_t>(column);
    };
    for (std::size_t i = 0; i < kProducerColumnCount; ++i) {
        add(kBronze[i].name, static_cast<Column>(i));
    }
    add(kLength, Column::duration);
    return table;
}
constexpr FieldTable kFields = make_field_table();
static_assert(!kFields.collides, "choose other factors in slot_of");

}  // namespace

std::string_view to_string(Topic topic) {
    constexpr std::string_view kNames[] = {"listen_events", "page_view_events", "auth_events",
                                           "status_change_events"};
    return kNames[static_cast<std::size_t>(topic)];
}

std::string_view to_string(InputFormat format) {
    return format == InputFormat::topics ? "topics" : "single";
}

std::string_view to_string(Type type) {
    constexpr std::string_view kNames[] = {
        "INT32", "INT64", "DOUBLE", "BOOLEAN", "STRING", "BINARY", "TIMESTAMP(micros, UTC)"};
    return kNames[static_cast<std::size_t>(type)];
}

std::span<const ColumnDefinition, kColumnCount> bronze_columns() {
    return kBronze;
}
std::span<const ColumnDefinition> quarantine_columns() {
    return kQuarantine;
}
const ColumnDefinition& definition(Column column) {
    return kBronze[index_of(column)];
}

std::optional<Column> column_of_field(std::string_view name) {
    if (name.empty()) return std::nullopt;
    const auto index = kFields.column[slot_of(name)];
    if (index < 0) return std::nullopt;
    const auto column = static_cast<Column>(index);
    if (name == kBronze[index_of(column)].name) return column;
    if (name == kLength) return column;
    return std::nullopt;
}

ColumnSet columns_of(Topic topic) {
    return kSets[static_cast<std::size_t>(topic)];
}

}  // namespace bassline::event
