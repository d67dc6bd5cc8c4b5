// SPDX-License-Identifier: Apache-2.0
#include "models/relations.hpp"

#include <fmt/format.h>

#include "duck/sql_text.hpp"
#include "event/schema.hpp"

namespace bassline::models {
namespace {

constexpr std::string_view kQuarantine = "quarantine";

std::string_view sql_type(event::Type type) {
    switch (type) {
        case event::Type::int32:
            return "integer";
        case event::Type::int64:
            return "bigint";
        case event::Type::real:
            return "double";
        case event::Type::boolean:
            return "boolean";
        case event::Type::text:
            return "varchar";
        case event::Type::binary:
            return "blob";
        case event::Type::timestamp:
            return "timestamptz";
    }
    return "varchar";
}

std::string typed_null(const event::ColumnDefinition& column) {
    return fmt::format("cast(null as {}) as {}", sql_type(column.type),
                       duck::quote_name(column.name));
}

std::string select_nothing(std::string_view relation) {
    std::string columns;
    const auto add = [&columns](const event::ColumnDefinition& column) {
        columns += (columns.empty() ? "" : ", ") + typed_null(column);
    };
    if (relation == kQuarantine) {
        for (const event::ColumnDefinition& column : event::quarantine_columns()) add(column);
    }
    for (const event::Topic topic : event::kTopics) {
        if (to_string(topic) != relation) continue;
        for (const event::ColumnDefinition& column : event::bronze_columns()) {
            if (column.in(topic) != event::Presence::absent) add(column);
        }
    }
    return "select " + columns + " where false";
}

}  // namespace

std::string select_files(const std::vector<std::string>& files) {
    return fmt::format("select * from read_parquet({}, hive_partitioning = false)",
                       duck::path_list(files));
}

std::string before(const Positions& positions) {
    std::string condition = "false";
    for (const auto& [chain, position] : positions) {
        condition +=
            fmt::format(" or (chain = {} and seq < {})", duck::quote_text(chain), position);
    }
    return "(" + condition + ")";
}

std::string select_bronze(std::string_view topic, const std::vector<BronzePart>& parts) {
    if (parts.empty()) return select_nothing(topic);
    std::string select;
    for (const BronzePart& part : parts) {
        select += (select.empty() ? "" : " union all by name ") + select_files(part.paths);
        if (!part.condition.empty()) select += " where " + part.condition;
    }
    return select;
}

std::vector<std::string> bronze_relations() {
    std::vector<std::string> relations;
    for (const event::Topic topic : event::kTopics) relations.emplace_back(to_string(topic));
    relations.emplace_back(kQuarantine);
    return relations;
}

std::vector<BronzePart> bronze_parts(const storage::FileSystem& files, const Bronze& bronze,
                                     const std::string& relation,
                                     const std::function<bool(const BronzeFile&)>& is_wanted,
                                     const std::string& condition) {
    BronzePart whole{.condition = condition};
    BronzePart partial{.condition = before(bronze.positions) +
                                    (condition.empty() ? "" : " and (" + condition + ")")};
    const bool is_quarantine = relation == kQuarantine;
    const auto topic = bronze.topics.find(relation);
    if (!is_quarantine && topic == bronze.topics.end()) return {};
    for (const BronzeFile& file : is_quarantine ? bronze.quarantine : topic->second) {
        if (!is_wanted(file)) continue;
        (file.is_partial ? partial : whole).paths.push_back(files.absolute(file.path));
    }
    std::vector<BronzePart> parts;
    for (BronzePart* part : {&whole, &partial}) {
        if (!part->paths.empty()) parts.push_back(std::move(*part));
    }
    return parts;
}

FilesSize size_of(const Bronze& bronze, const std::set<std::string>& dates) {
    FilesSize size;
    for (const auto& [topic, topic_files] : bronze.topics) {
        for (const BronzeFile& file : topic_files) {
            if (dates.contains(file.date)) size.add(file.bytes);
        }
    }
    return size;
}

std::vector<std::string> table_files(const storage::FileSystem& files, const lake::Table& table,
                                     const std::set<std::string>& except) {
    std::vector<std::string> paths;
    for (const lake::TableFile& file : table.files) {
        if (!except.contains(file.event_date)) paths.push_back(files.absolute(file.path));
    }
    return paths;
}

}  // namespace bassline::models
