// SPDX-License-Identifier: Apache-2.0
#include "dashboard/table.hpp"

#include <fmt/format.h>

namespace bassline::dashboard {
namespace {

void replace_all(std::string& text, std::string_view what, std::string_view with) {
    for (auto at = text.find(what); at != std::string::npos; at = text.find(what, at)) {
        text.replace(at, what.size(), with);
        at += with.size();
    }
}

std::string csv_text(std::string text) {
    constexpr std::string_view kFormulaStarts = "=+-@\t\r";
    if (!text.empty() && kFormulaStarts.find(text.front()) != std::string_view::npos) {
        text.insert(text.begin(), '\'');
    }
    if (text.find_first_of("\",\r\n") == std::string::npos) return text;
    replace_all(text, "\"", "\"\"");
    return '"' + text + '"';
}

std::string csv_cell(const Cell& cell) {
    struct Printer {
        std::string operator()(std::monostate) const { return ""; }
        std::string operator()(std::int64_t value) const { return std::to_string(value); }
        std::string operator()(double value) const { return fmt::format("{}", value); }
        std::string operator()(const std::string& value) const { return csv_text(value); }
    };
    return std::visit(Printer{}, cell);
}

}  // namespace

nlohmann::json to_json(const Cell& cell) {
    struct Maker {
        nlohmann::json operator()(std::monostate) const { return nullptr; }
        nlohmann::json operator()(std::int64_t value) const { return value; }
        nlohmann::json operator()(double value) const { return value; }
        nlohmann::json operator()(const std::string& value) const { return value; }
    };
    return std::visit(Maker{}, cell);
}

nlohmann::json columns_json(const Table& table) {
    auto columns = nlohmann::json::array();
    for (const Column& column : table.columns) {
        columns.push_back({{"name", column.name}, {"title", column.title}, {"unit", column.unit}});
    }
    return columns;
}

nlohmann::json rows_json(const Table& table) {
    auto rows = nlohmann::json::array();
    for (const auto& row : table.rows) {
        auto cells = nlohmann::json::array();
        for (const Cell& cell : row) cells.push_back(to_json(cell));
        rows.push_back(std::move(cells));
    }
    return rows;
}

std::string json_text(const nlohmann::json& value) {
    std::string text = value.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
    replace_all(text, "<", "\\u003c");
    replace_all(text, "\xE2\x80\xA8", "\\u2028");
    replace_all(text, "\xE2\x80\xA9", "\\u2029");
    return text + "\n";
}

std::string to_csv(const Table& table) {
    std::string text;
    for (std::size_t at = 0; at < table.columns.size(); ++at) {
        text += (at == 0 ? "" : ",") + csv_text(std::string(table.columns[at].name));
    }
    text += "\r\n";
    for (const auto& row : table.rows) {
        for (std::size_t at = 0; at < row.size(); ++at) {
            text += (at == 0 ? "" : ",") + csv_cell(row[at]);
        }
        text += "\r\n";
    }
    return text;
}

}  // namespace bassline::dashboard
