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
        TRY(execute("create table {}.run.touched (event_date date, is_expired boolean)"));
        TRY(execute("create table {}.run.scope (event_date date, is_written boolean)"));
        TRY(fill_touched());
        TRY(create_context());
        TRY(sources_.is_full ? fill("scope", date_rows(sources_.bronze.dates, ", true"))
                             : find_scope());
        TRY_ASSIGN(Scope scope, read_scope());
        TRY(create_bronze(scope));
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

    Result<void> fill_touched() {
        std::set<std::string> expired;
        std::set<std::string> arrived;
        for (const std::string& date : sources_.bronze.touched) {
            (date < sources_.bronze.retained_from ? expired : arrived).insert(date);
        }
        TRY(fill("touched", date_rows(expired, ", true")));
        return fill("touched", date_rows(arrived, ", false"));
    }

    std::vector<BronzePart> parts(const std::string& relation,
                                  const std::function<bool(const BronzeFile&)>& is_wanted,
                                  const std::string& condition = "") const {
        return bronze_parts(sources_.files, sources_.bronze, relation, is_wanted, condition);
    }

    Result<void> create_view(const std::string& relation, const std::vector<BronzePart>& parts) {
        return connection_.execute(fmt::format("create or replace view {}.bronze.{} as {}",
                                               catalog_, duck::quote_name(relation),
                                               select_bronze(relation, parts)));
    }

    // Of dates that are only read a few rows count, which a dozen readers ask for: kept in the
    // scratch database.
    Result<void> create_bronze(const Scope& scope) {
        const auto is_written = [&](const BronzeFile& file) {
            return scope.written.contains(file.date);
        };
        const auto is_only_read = [&](const BronzeFile& file) {
            return scope.read.contains(file.date) && !is_written(file);
        };
        for (const std::string& relation : bronze_relations()) {
            if (relation == "quarantine") {
                TRY(create_view(relation, parts(relation, [](const auto&) { return true; })));
                continue;
            }
            TRY(create_view(relation, parts(relation, is_written)));
            const auto needed = parts(relation, is_only_read, needed_condition());
            if (needed.empty()) continue;
            TRY(connection_.execute(fmt::format("create table {}.run.needed_{} as {}", catalog_,
                                                relation, select_bronze(relation, needed))));
            TRY(connection_.execute(fmt::format(
                "create or replace view {0}.bronze.{1} as {2} union all by name select * from "
                "{0}.run.needed_{1}",
                catalog_, relation, select_bronze(relation, parts(relation, is_written)))));
        }
        return {};
    }

    std::string needed_condition() const {
        return fmt::format(
            "(\"sessionId\", coalesce(\"producer\", '')) in (select (session_id, producer) from "
            "{}.run.needed_sessions)",
            catalog_);
    }

    // What came since the last build.
    Result<void> create_arrived() {
        const auto is = [](NewRows rows) {
            return [rows](const BronzeFile& file) { return file.new_rows == rows; };
        };
        for (const std::string& relation : bronze_relations()) {
            auto arrived = parts(relation, is(NewRows::all));
            auto mixed = parts(relation, is(NewRows::some), "not " + before(sources_.bronze.since));
            std::ranges::move(mixed, std::back_inserter(arrived));
            TRY(create_view(relation, arrived));
        }
        return {};
    }

    Result<void> find_scope() {
        const auto node = std::ranges::find_if(sources_.manifest.nodes, [](const Node& candidate) {
            return candidate.type == NodeType::analysis && candidate.name == "scope";
        });
        if (node == sources_.manifest.nodes.end()) {
            return error(ErrorKind::config,
                         "the models have no analysis named scope; build with --full-refresh");
        }
        TRY(create_arrived());
        TRY(create_relations_above(*node));
        if (auto found = run_analysis(*node); !found) {
            return std::move(found.error())
                .during("finding the dates in scope by the models' analysis scope");
        }
        for (const Node* made : made_) TRY(connection_.execute("drop view " + made->relation_name));
        return {};
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

    Result<void> check_needed_sessions() {
        TRY_ASSIGN(const auto columns, connection_.describe_select(fmt::format(
                                           "select * from {}.run.needed_sessions", catalog_)));
        for (const char* name : {"event_date", "producer", "session_id", "is_written"}) {
            if (std::ranges::find(columns, name, &duck::Column::name) != columns.end()) continue;
            return error(ErrorKind::config,
                         "the models' analysis scope has no column {}: they are of another version "
                         "of bassline; use those that came with this one",
                         name);
        }
        return {};
    }

    Result<void> run_analysis(const Node& node) {
        TRY(connection_.execute(fmt::format("create table {}.run.needed_sessions as\n{}", catalog_,
                                            node.compiled_code)));
        TRY(check_needed_sessions());
        TRY(connection_.execute(
            fmt::format("delete from {}.run.needed_sessions where cast(event_date as varchar) < {}",
                        catalog_, duck::quote_text(sources_.bronze.retained_from))));
        TRY(
            execute("insert into {0}.run.scope select distinct event_date, is_written from "
                    "{0}.run.needed_sessions"));
        return execute("delete from {}.run.needed_sessions where is_written");
    }

    Result<Scope> read_scope() {
        TRY_ASSIGN(duck::Rows rows,
                   connection_.query(
                       fmt::format("select event_date, is_written from {}.run.scope", catalog_)));
        Scope scope;
        while (rows.next()) {
            const std::string date = format_date(rows.date(0));
            scope.read.insert(date);
            if (rows.boolean(1)) scope.written.insert(date);
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
