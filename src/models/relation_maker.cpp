// SPDX-License-Identifier: Apache-2.0
#include "models/relation_maker.hpp"

#include <algorithm>
#include <map>

#include "duck/sql_text.hpp"
#include "models/relations.hpp"

namespace bassline::models {
namespace {

// As dbt does for a model with a contract: its columns, in the order of the contract.
std::string contracted_sql(const Node& node) {
    if (node.contract.empty()) return node.compiled_code;
    std::string columns;
    for (const ColumnContract& column : node.contract) {
        columns += (columns.empty() ? "" : ", ") + duck::quote_name(column.name);
    }
    return fmt::format("select {}\nfrom (\n{}\n) as model_subq", columns, node.compiled_code);
}

Result<std::map<std::string, std::string>> column_types(duck::Connection& connection,
                                                        const std::string& select) {
    TRY_ASSIGN(duck::Rows rows, connection.query("describe " + select));
    std::map<std::string, std::string> types;
    while (rows.next()) types[std::string(rows.text(0))] = rows.text(1);
    return types;
}

// Types are compared as DuckDB spells them, so `int` in a contract equals INTEGER.
Result<void> check_contract(duck::Connection& connection, const Node& node) {
    if (node.contract.empty()) return {};
    std::string promised_sql;
    for (const ColumnContract& column : node.contract) {
        promised_sql +=
            fmt::format("{}cast(null as {}) as {}", promised_sql.empty() ? "select " : ", ",
                        column.data_type, duck::quote_name(column.name));
    }
    TRY_ASSIGN(const auto promised, column_types(connection, promised_sql));
    TRY_ASSIGN(const auto found, column_types(connection, "(" + node.compiled_code + "\n)"));
    for (const auto& [name, type] : promised) {
        const auto column = found.find(name);
        if (column == found.end() || column->second != type) {
            return error(ErrorKind::sql, "contract of {}: column {} should be {}, the SQL gives {}",
                         node.name, name, type,
                         column == found.end() ? "no such column" : column->second);
        }
    }
    for (const auto& [name, type] : found) {
        if (!promised.contains(name)) {
            return error(ErrorKind::sql,
                         "contract of {}: the SQL gives a column {} that it does not name",
                         node.name, name);
        }
    }
    return {};
}

Result<std::uint64_t> create_table(duck::Connection& connection, const std::string& name,
                                   const std::string& select) {
    TRY_ASSIGN(duck::Rows rows,
               connection.query(fmt::format("create table {} as\n{}", name, select)));
    return rows.next() ? static_cast<std::uint64_t>(rows.int64(0)) : 0;
}

std::string seed_sql(const Node& node) {
    std::string types;
    for (const auto& [column, type] : node.seed_types) {
        types += fmt::format("{}{}: {}", types.empty() ? "" : ", ", duck::quote_text(column),
                             duck::quote_text(type));
    }
    return fmt::format(
        "select * from read_csv({}, header = true, delim = ',', quote = '\"', escape = '\"'{})",
        duck::quote_path(node.seed_file),
        types.empty() ? "" : fmt::format(", types = {{{}}}", types));
}

Result<void> check_dates(duck::Connection& connection, const Manifest& manifest, const Node& node,
                         const std::string& computed) {
    TRY_ASSIGN(duck::Rows rows, connection.query(fmt::format(
                                    "select count(*), min(cast(event_date as varchar)) from {} "
                                    "where event_date is null or event_date "
                                    "not in (select event_date from {}.run.scope where is_written)",
                                    computed, duck::quote_name(manifest.database))));
    if (rows.next() && rows.int64(0) == 0) return {};
    return error(ErrorKind::sql,
                 "{} has {} rows of dates that this build does not write, the first {}", node.name,
                 rows.int64(0), rows.is_null(1) ? "null" : rows.text(1));
}

Result<MadeRelation> make_incremental(duck::Connection& connection, const Manifest& manifest,
                                      const Node& node, const KeptFiles& kept) {
    const auto in_schema = [&](const char* schema) {
        return fmt::format("{}.{}.{}", duck::quote_name(manifest.database),
                           duck::quote_name(schema), duck::quote_name(node.name));
    };
    const std::string computed = in_schema(kComputedSchema);
    TRY_ASSIGN(const std::uint64_t rows, create_table(connection, computed, contracted_sql(node)));
    TRY(check_dates(connection, manifest, node, computed));
    std::string select = "select * from " + computed;
    if (!kept.paths.empty()) {
        std::string kept_rows = select_files(kept.paths);
        if (kept.as_rows) {
            TRY(create_table(connection, in_schema(kKeptSchema), kept_rows));
            kept_rows = "select * from " + in_schema(kKeptSchema);
        }
        select = kept_rows + "\nunion all by name\n" + select;
    }
    TRY(connection.execute(fmt::format("create view {} as {}", node.relation_name, select)));
    return MadeRelation{.rows = rows, .computed = computed};
}

}  // namespace

Result<MadeRelation> make_relation(duck::Connection& connection, const Manifest& manifest,
                                   const Task& task, const KeptFiles& kept) {
    const Node& node = *task.node;
    TRY(check_contract(connection, node));
    switch (node.materialized) {
        case Materialized::view:
            TRY(connection.execute(fmt::format("create {} {} as\n{}",
                                               task.is_computed_once ? "table" : "view",
                                               node.relation_name, node.compiled_code)));
            return MadeRelation{};
        case Materialized::incremental:
            return make_incremental(connection, manifest, node, kept);
        case Materialized::table:
        case Materialized::seed: {
            const std::string select =
                node.type == NodeType::seed ? seed_sql(node) : contracted_sql(node);
            TRY_ASSIGN(const std::uint64_t rows,
                       create_table(connection, node.relation_name, select));
            return MadeRelation{.rows = rows, .computed = node.relation_name};
        }
        case Materialized::ephemeral:
        case Materialized::none:
            break;
    }
    return error(ErrorKind::config, "{} makes no relation", node.unique_id);
}

}  // namespace bassline::models
