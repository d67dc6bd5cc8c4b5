// SPDX-License-Identifier: Apache-2.0
#include "cli/query_output.hpp"

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include <fmt/format.h>

namespace bassline::cli {
namespace {

using duck::Column;
using duck::Kind;
using models::QueryResult;

std::string text_of(const duck::Rows& rows, std::size_t column) {
    if (const int infinite = rows.infinity(column); infinite != 0) {
        return infinite > 0 ? "infinity" : "-infinity";  // as DuckDB prints them
    }
    switch (rows.columns()[column].kind) {
        case Kind::boolean:
            return rows.boolean(column) ? "true" : "false";
        case Kind::integer:
            return std::to_string(rows.int64(column));
        case Kind::real:
            return fmt::format("{}", rows.real(column));
        case Kind::date:
            return format_date(rows.date(column));
        case Kind::timestamp:
            return format_rfc3339(rows.timestamp(column));
        case Kind::text:
        case Kind::other:
            break;
    }
    return std::string(rows.text(column));
}

bool is_number(const Column& column) {
    return column.is_wide || column.kind == Kind::integer || column.kind == Kind::real;
}

std::string json_string(std::string_view text) {
    return nlohmann::json(text).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

std::string json_value(const duck::Rows& rows, const Column& column, std::size_t index) {
    if (rows.is_null(index)) return "null";
    const bool is_finite =
        rows.columns()[index].kind != Kind::real || std::isfinite(rows.real(index));
    if (!is_finite) return "null";  // JSON has no NaN and no infinity
    std::string text = text_of(rows, index);
    if (is_number(column) || column.kind == Kind::boolean) return text;
    return json_string(text);
}

// Stops at the first write that fails (a full disk, a reader that went away).
class Writer {
public:
    explicit Writer(std::FILE* stream) : stream_(stream) {}

    void write(std::string_view text) {
        is_broken_ = is_broken_ || std::fwrite(text.data(), 1, text.size(), stream_) != text.size();
    }

    Result<void> finish() {
        if (is_broken_ || std::fflush(stream_) != 0)
            return error(ErrorKind::io, "cannot write the result");
        return {};
    }

private:
    std::FILE* stream_;
    bool is_broken_ = false;
};

void write_json(QueryResult& result, Writer& writer) {
    const auto& columns = result.columns();
    duck::Rows& rows = result.rows();
    writer.write("[");
    for (bool is_first = true; rows.next(); is_first = false) {
        std::string line = is_first ? "\n{" : ",\n{";
        for (std::size_t index = 0; index < columns.size(); ++index) {
            line +=
                fmt::format("{}{}: {}", index == 0 ? "" : ", ", json_string(columns[index].name),
                            json_value(rows, columns[index], index));
        }
        writer.write(line + "}");
    }
    writer.write("\n]\n");
}

void write_csv(QueryResult& result, Writer& writer) {
    const auto& columns = result.columns();
    duck::Rows& rows = result.rows();
    std::string line;
    for (const Column& column : columns) line += (line.empty() ? "" : ",") + csv_field(column.name);
    writer.write(line + "\r\n");
    while (rows.next()) {
        line.clear();
        for (std::size_t index = 0; index < columns.size(); ++index) {
            if (index > 0) line += ',';
            if (!rows.is_null(index)) line += csv_field(text_of(rows, index));
        }
        writer.write(line + "\r\n");
    }
}

std::size_t width_of(std::string_view text) {
    return static_cast<std::size_t>(std::ranges::count_if(
        text, [](char byte) { return (static_cast<unsigned char>(byte) & 0xC0) != 0x80; }));
}

std::string padded(const std::string& text, std::size_t width, bool to_the_right) {
    const std::string space(width - std::min(width, width_of(text)), ' ');
    return to_the_right ? space + text : text + space;
}

void write_table(QueryResult& result, Writer& writer) {
    const auto& columns = result.columns();
    std::vector<std::vector<std::string>> lines(1);
    for (const Column& column : columns) lines[0].push_back(printable(column.name));
    for (duck::Rows& rows = result.rows(); rows.next();) {
        auto& line = lines.emplace_back();
        for (std::size_t index = 0; index < columns.size(); ++index) {
            line.push_back(rows.is_null(index) ? "" : printable(text_of(rows, index)));
        }
    }
    std::vector<std::size_t> widths(columns.size());
    for (const auto& line : lines) {
        for (std::size_t index = 0; index < line.size(); ++index) {
            widths[index] = std::max(widths[index], width_of(line[index]));
        }
    }
    const auto write_line = [&](const std::vector<std::string>& line) {
        std::string text;
        for (std::size_t index = 0; index < line.size(); ++index) {
            text += (index == 0 ? "" : "  ") +
                    padded(line[index], widths[index], is_number(columns[index]));
        }
        text.erase(text.find_last_not_of(' ') + 1);
        writer.write(text + "\n");
    };
    write_line(lines[0]);
    std::vector<std::string> rules;
    rules.reserve(widths.size());
    for (const std::size_t width : widths) rules.emplace_back(width, '-');
    write_line(rules);
    for (std::size_t index = 1; index < lines.size(); ++index) write_line(lines[index]);
}

}  // namespace

std::string csv_field(std::string_view text) {
    if (!text.empty() && text.find_first_of(",\"\r\n") == std::string_view::npos)
        return std::string(text);
    std::string field = "\"";
    for (const char letter : text) {
        if (letter == '"') field += '"';
        field += letter;
    }
    return field + "\"";
}

std::string printable(std::string_view text) {
    std::string shown;
    for (const char byte : text) {
        const auto code = static_cast<unsigned char>(byte);
        if (code < 0x20 || code == 0x7F) {
            shown += fmt::format("\\x{:02x}", code);
        } else {
            shown += byte;
        }
    }
    return shown;
}

Result<void> write_result(QueryResult& result, OutputFormat format, std::FILE* stream) {
    Writer writer(stream);
    switch (format) {
        case OutputFormat::table:
            write_table(result, writer);
            break;
        case OutputFormat::csv:
            write_csv(result, writer);
            break;
        case OutputFormat::json:
            write_json(result, writer);
            break;
    }
    return writer.finish();
}

}  // namespace bassline::cli
