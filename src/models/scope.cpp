// SPDX-License-Identifier: Apache-2.0
#include "models/scope.hpp"

#include <algorithm>

#include "duck/sql_text.hpp"
#include "models/relations.hpp"

namespace bassline::models {
namespace {

std::string date_rows(const std::set<std::string>& dates, std::string_view suffix) {
    std::string rows;
    for (const std::string& date : dates) {
        rows +=
            fmt::format("{}(date {}{})", rows.empty() ? "" : ", ", duck::quote_text(date), suffix);
    }
    return rows;
}

class SourceMaker {
public:
    SourceMaker(duck::Connection& connection, const Sources& sources)
        : connection_(connection),
          sources_(sources),
          catalog_(duck::quote_name(sources.manifest.database)) {}

    Result<Scope> make() {
        TRY(execute("create table {}.run.touched (event_date date)"));
        TRY(execute("create table {}.run.scope (event_date date, is_written boolean)"));
        TRY(fill("touched", date_rows(sources_.bronze.touched, "")));
        TRY(create_context());
        TRY_ASSIGN(Scope scope, sources_.is_full ? full_scope() : scope_of_models());
        TRY(fill("scope", date_rows(scope.written, ", true")));
        std::set<std::string> only_read;
        std::ranges::set_difference(scope.read, scope.written,
                                    std::inserter(only_read, only_read.end()));
        TRY(fill("scope", date_rows(only_read, ", false")));
        TRY(create_bronze(scope.read));
        return scope;
    }

private:
    // Runs a statement with the catalog's name for `{}`.
    Result<void> execute(std::string_view statement) {
        return connection_.execute(fmt::format(fmt::runtime(statement), catalog_));
    }

    Result<void> fill(std::string_view table, const std::string& rows) {
        if (rows.empty()) return {};
        return connection_.execute(
            fmt::format("insert into {}.run.{} values {}", catalog_, table, rows));
    }

    Result<void> create_context() {
        const auto& previous = sources_.previous;
        return connection_.execute(fmt::format(
            "create table {}.run.context as select cast({} as bigint) as watermark_ms, cast({} as "
            "bigint) as "
            "previous_watermark_ms, {} as is_full",
            catalog_, sources_.bronze.watermark_ms,
            previous ? std::to_string(previous->watermark_ms) : "null", sources_.is_full));
    }

    Result<void> create_bronze(const std::set<std::string>& dates) {
        for (const std::string& relation : bronze_relations()) {
            const auto paths = bronze_files(sources_.files, sources_.bronze, relation, &dates);
            TRY(connection_.execute(fmt::format(
                "create or replace view {}.bronze.{} as {}", catalog_, duck::quote_name(relation),
                select_bronze(relation, paths, sources_.bronze.positions))));
        }
        return {};
    }

    Result<Scope> full_scope() const {
        return Scope{.read = sources_.bronze.dates, .written = sources_.bronze.dates};
    }

    Result<Scope> scope_of_models() {
        const auto node = std::ranges::find_if(sources_.manifest.nodes, [](const Node& candidate) {
            return candidate.type == NodeType::analysis && candidate.name == "scope";
        });
        if (node == sources_.manifest.nodes.end()) {
            return error(ErrorKind::config,
                         "the models have no analysis named scope; build with --full-refresh");
        }
        TRY(create_bronze(sources_.bronze.touched));
        TRY(create_relations_above(*node));
        TRY_ASSIGN(const Scope scope, run_analysis(*node));
        for (const Node* made : made_) TRY(connection_.execute("drop view " + made->relation_name));
        return scope;
    }

    // Published tables and views that a node reads, the nearest last.
    Result<void> create_relations_above(const Node& node) {
        for (const std::string& id : node.depends_on) {
            const Node* parent = sources_.manifest.find(id);
            if (parent == nullptr || std::ranges::find(made_, parent) != made_.end()) continue;
            if (is_published(*parent)) {
                TRY(create_published_view(connection_, sources_.files, *parent,
                                          sources_.previous->tables.at(parent->name)));
            } else {
                TRY(create_relations_above(*parent));
                if (parent->materialized == Materialized::ephemeral) continue;
                TRY(connection_.execute(fmt::format("create view {} as\n{}", parent->relation_name,
                                                    parent->compiled_code)));
            }
            made_.push_back(parent);
        }
        return {};
    }

    Result<Scope> run_analysis(const Node& node) {
        auto rows = connection_.query(node.compiled_code);
        if (!rows) return std::move(rows.error()).during("finding the dates in scope");
        Scope scope;
        while (rows.value().next()) {
            const std::string date = format_date(rows.value().date(0));
            if (date < sources_.bronze.retained_from) continue;
            scope.read.insert(date);
            if (rows.value().boolean(1)) scope.written.insert(date);
        }
        return scope;
    }

    std::vector<const Node*> made_;
    duck::Connection& connection_;
    const Sources& sources_;
    const std::string catalog_;
};

}  // namespace

Result<Scope> create_sources(duck::Connection& connection, const Sources& sources) {
    return SourceMaker(connection, sources).make();
}

Result<void> create_published_view(duck::Connection& connection, const storage::FileSystem& files,
                                   const Node& node, const lake::Table& table) {
    return connection.execute(fmt::format("create view {} as {}", node.relation_name,
                                          select_files(table_files(files, table, {}))));
}

}  // namespace bassline::models
