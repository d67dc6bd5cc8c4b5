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

// The rows of entries before the positions.
std::string before(const Positions& positions) {
    std::string condition = "false";
    for (const auto& [chain, position] : positions) {
        condition +=
            fmt::format(" or (chain = {} and seq < {})", duck::quote_text(chain), position);
    }
    return condition;
}

}  // namespace

std::string select_files(const std::vector<std::string>& files) {
    return fmt::format("select * from read_parquet({}, hive_partitioning = false)",
                       duck::path_list(files));
}

std::vector<std::string> BronzePaths::all() const {
    std::vector<std::string> paths = whole;
    paths.insert(paths.end(), partial.begin(), partial.end());
    return paths;
}

std::string select_bronze(std::string_view topic, const BronzePaths& paths,
                          const Positions& positions) {
    if (paths.whole.empty() && paths.partial.empty()) return select_nothing(topic);
    if (paths.partial.empty()) return select_files(paths.whole);
    const std::string part = select_files(paths.partial) + " where " + before(positions);
    return paths.whole.empty() ? part : select_files(paths.whole) + " union all by name " + part;
}

std::vector<std::string> bronze_relations() {
    std::vector<std::string> relations;
    for (const event::Topic topic : event::kTopics) relations.emplace_back(to_string(topic));
    relations.emplace_back(kQuarantine);
    return relations;
}

BronzePaths bronze_files(const storage::FileSystem& files, const Bronze& bronze,
                         const std::string& relation, const std::set<std::string>* dates) {
    BronzePaths paths;
    const bool is_quarantine = relation == kQuarantine;
    const auto topic = bronze.topics.find(relation);
    if (!is_quarantine && topic == bronze.topics.end()) return paths;
    for (const BronzeFile& file : is_quarantine ? bronze.quarantine : topic->second) {
        if (dates != nullptr && !is_quarantine && !dates->contains(file.date)) continue;
        (file.is_partial ? paths.partial : paths.whole).push_back(files.absolute(file.path));
    }
    return paths;
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
