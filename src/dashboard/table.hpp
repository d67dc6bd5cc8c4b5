// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

// The answer of a chart: named columns and rows, before it becomes JSON or CSV. Pure.
namespace bassline::dashboard {

using Cell = std::variant<std::monostate, std::int64_t, double, std::string>;

struct Column {
    std::string_view name;   // for programs, as in the gold table where it has one
    std::string_view title;  // for people
    std::string_view
        unit;  // "date", "text", "plays", "s", "h", "users", "sessions", "events", "share"
};

struct Table {
    std::vector<Column> columns;
    std::vector<std::vector<Cell>> rows;
};

nlohmann::json to_json(const Cell& cell);

/// `[{"name", "title", "unit"}]` and `[[cell, ...], ...]`.
nlohmann::json columns_json(const Table& table);
nlohmann::json rows_json(const Table& table);

/// JSON text as we send it: `<`, U+2028 and U+2029 escaped, invalid UTF-8 replaced, a newline at
/// the end.
std::string json_text(const nlohmann::json& value);

/// RFC 4180: a line of column names, CRLF. A text that a spreadsheet would take for a formula (it
/// begins with = + - @, tab or CR) gets a leading apostrophe.
std::string to_csv(const Table& table);

}  // namespace bassline::dashboard
