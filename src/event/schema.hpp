// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

// The one schema table: every column of bronze and of quarantine, in the order of the files.
//
// The JSON decoder, the Parquet schemas and the tables of docs/formats/bronze.md derive from it (a
// test compares the latter). Names of producer columns are the producer's own, byte for byte.
namespace bassline::event {

enum class Topic : std::uint8_t {
    listen_events,
    page_view_events,
    auth_events,
    status_change_events,
};
inline constexpr std::size_t kTopicCount = 4;
inline constexpr std::array<Topic, kTopicCount> kTopics{
    Topic::listen_events, Topic::page_view_events, Topic::auth_events, Topic::status_change_events};

/// The topic's name as it stands in Kafka, in paths and in answers.
std::string_view to_string(Topic topic);

/// What the producer writes: four topics, or one stream of steps.
enum class InputFormat : std::uint8_t { topics, single };
std::string_view to_string(InputFormat format);

/// Columns of bronze in file order. `ts` to `location` come from the line, the others from us.
enum class Column : std::uint8_t {
    ts,
    session_id,
    page,
    auth,
    method,
    status,
    level,
    item_in_session,
    city,
    zip,
    state,
    user_agent,
    lon,
    lat,
    user_id,
    last_name,
    first_name,
    gender,
    registration,
    tag,
    artist,
    song,
    duration,
    success,
    location,
    event_at,
    artist_utf8,
    song_utf8,
    input_format,
    producer,
    source,
    source_partition,
    source_offset,
    source_timestamp,
    ingested_at,
    chain,
    seq,
    schema_id,
    rescued_data,
};
inline constexpr std::size_t kColumnCount = static_cast<std::size_t>(Column::rescued_data) + 1;
inline constexpr std::size_t kProducerColumnCount = static_cast<std::size_t>(Column::location) + 1;

constexpr std::size_t index_of(Column column) {
    return static_cast<std::size_t>(column);
}
constexpr std::uint32_t bit_of(Column column) {
    return 1u << index_of(column);
}

enum class Type : std::uint8_t { int32, int64, real, boolean, text, binary, timestamp };

/// The Parquet type as the documentation writes it: "INT64", "TIMESTAMP(micros, UTC)", ...
std::string_view to_string(Type type);

enum class Presence : std::uint8_t { absent, optional, required };

/// How the values lie in Parquet: by dictionary, as differences (sorted and small integers), or one
/// after the other.
enum class Layout : std::uint8_t { dictionary, delta, plain };

struct ColumnDefinition {
    std::string_view name;
    Type type;
    std::array<Presence, kTopicCount> presence;  // by Topic
    Layout layout = Layout::dictionary;
    bool pruned = false;  // readers skip row groups by it, so its statistics are worth writing
    std::span<const std::string_view> vocabulary{};  // closed if not empty
    std::string_view description{};

    constexpr Presence in(Topic topic) const { return presence[static_cast<std::size_t>(topic)]; }
};

/// Bronze: by Column.
std::span<const ColumnDefinition, kColumnCount> bronze_columns();
/// Quarantine, the same in every topic.
std::span<const ColumnDefinition> quarantine_columns();

const ColumnDefinition& definition(Column column);

/// The producer's column of that JSON field name; the single stream's `length` is `duration`.
std::optional<Column> column_of_field(std::string_view name);

/// Bits (bit_of) of the producer columns that a topic has, or must have.
struct ColumnSet {
    std::uint32_t allowed;
    std::uint32_t required;
};
ColumnSet columns_of(Topic topic);

}  // namespace bassline::event
