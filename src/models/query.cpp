// SPDX-License-Identifier: Apache-2.0
#include "models/query.hpp"

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <mutex>
#include <set>
#include <thread>

#include "duck/database.hpp"
#include "duck/sql_text.hpp"
#include "event/schema.hpp"
#include "lake/snapshot.hpp"
#include "models/bronze.hpp"
#include "models/relations.hpp"
#include "models/scratch.hpp"

namespace bassline::models {

struct QueryResult::Session {
    storage::TemporaryFolder folder;
    duck::Database database;
    duck::Connection connection;
};

QueryResult::QueryResult(std::unique_ptr<Session> session, std::vector<duck::Column> columns,
                         duck::Rows rows)
    : session_(std::move(session)), columns_(std::move(columns)), rows_(std::move(rows)) {}
QueryResult::QueryResult(QueryResult&&) noexcept = default;
QueryResult::~QueryResult() = default;

namespace {

using Session = QueryResult::Session;
using storage::FileSystem;

// A refused record as text; bytes that are no UTF-8 are shown escaped.
constexpr const char* kQuarantineView =
    "create view quarantine as select topic, reason, detail, coalesce(try(decode(raw)), cast(raw "
    "as varchar)) as line, "
    "raw_bytes, producer, source, source_partition, source_offset, source_timestamp, ingested_at "
    "from bronze.quarantine";

// Interrupts a connection again and again once time is up or stop is requested, until it is
// destroyed: an interrupt that arrives between two statements is lost.
class Watchdog {
public:
    Watchdog(duck::Connection& connection, std::chrono::milliseconds timeout, std::stop_token stop)
        : thread_([this, &connection, timeout, stop = std::move(stop)] {
              const auto deadline = std::chrono::steady_clock::now() + timeout;
              std::unique_lock lock(mutex_);
              while (!changed_.wait_for(lock, std::chrono::milliseconds(20),
                                        [this] { return is_done_; })) {
                  const bool is_late =
                      timeout.count() > 0 && std::chrono::steady_clock::now() >= deadline;
                  if (is_late) is_late_ = true;
                  if (is_late || stop.stop_requested()) connection.interrupt();
              }
          }) {}
    Watchdog(const Watchdog&) = delete;
    Watchdog& operator=(const Watchdog&) = delete;
    ~Watchdog() {
        const std::lock_guard lock(mutex_);
        is_done_ = true;
        changed_.notify_all();
    }

    /// The query's error, told as what it is.
    Error explained(Error failure, std::chrono::milliseconds timeout) const {
        if (failure.kind != ErrorKind::cancelled || !is_late_) return failure;
        return error(ErrorKind::sql, "the query was stopped after {} ms, its --timeout",
                     timeout.count());
    }

private:
    std::mutex mutex_;
    std::condition_variable changed_;
    bool is_done_ = false;
    std::atomic<bool> is_late_ = false;
    std::jthread thread_;  // last: starts when the rest stands, is joined first
};

// The relations of a lake as views, and the files they read.
class LakeViews {
public:
    LakeViews(const FileSystem& files, duck::Connection& connection)
        : files_(files), connection_(connection) {}

    Result<void> create() {
        TRY_ASSIGN(const auto snapshot, lake::newest_snapshot(files_));
        for (const char* schema : {"bronze", "late", "intermediate", "silver", "gold"}) {
            TRY(connection_.execute(fmt::format("create schema {}", schema)));
        }
        TRY(create_bronze(snapshot));
        if (!snapshot) return {};
        for (const auto& [name, table] : snapshot->tables) {
            const auto paths = table_files(files_, table, {});
            remember(paths);
            TRY(create_view(table.layer, name, select_files(paths)));
        }
        return {};
    }

    const std::vector<std::string>& readable() const { return readable_; }

private:
    Result<void> create_bronze(const std::optional<lake::Snapshot>& snapshot) {
        TRY_ASSIGN(const lake::LakeLog log, lake::load_log(files_));
        const Bronze bronze =
            bronze_of(log.live, {}, snapshot ? std::optional(snapshot->bronze) : std::nullopt);
        const bool may_be_unpublished = !snapshot;
        for (const std::string& relation : bronze_relations()) {
            TRY(create_events("bronze", relation, bronze, may_be_unpublished));
        }
        const Bronze late{.positions = bronze.positions, .topics = bronze.late};
        for (const event::Topic topic : event::kTopics) {
            TRY(create_events("late", std::string(to_string(topic)), late, may_be_unpublished));
        }
        return connection_.execute(kQuarantineView);
    }

    // The newest entry of a chain may not be published yet; a snapshot's entries all are.
    Result<void> create_events(std::string_view schema, const std::string& relation,
                               const Bronze& bronze, bool may_be_unpublished) {
        const auto is_wanted = [&](const BronzeFile& file) {
            return !may_be_unpublished || file.is_partial || stands(file.path);
        };
        const auto parts = bronze_parts(files_, bronze, relation, is_wanted);
        for (const BronzePart& part : parts) remember(part.paths);
        return create_view(schema, relation, select_bronze(relation, parts));
    }

    bool stands(const std::string& path) const {
        const auto found = files_.exists(path);
        return found && found.value();
    }

    void remember(const std::vector<std::string>& paths) {
        readable_.insert(readable_.end(), paths.begin(), paths.end());
    }

    Result<void> create_view(std::string_view schema, std::string_view name,
                             const std::string& select) {
        return connection_.execute(fmt::format("create view {}.{} as {}", duck::quote_name(schema),
                                               duck::quote_name(name), select));
    }

    const FileSystem& files_;
    duck::Connection& connection_;
    std::vector<std::string> readable_;
};

bool arrives_as_text(const duck::Column& column) {
    return column.is_wide || column.kind == duck::Kind::other;
}

// The statement, with the columns that Rows cannot read exactly cast to text.
std::string readable_sql(std::string sql, const std::vector<duck::Column>& columns) {
    if (std::ranges::none_of(columns, arrives_as_text)) return sql;
    sql.erase(sql.find_last_not_of(" \t\r\n;") + 1);
    std::string selected;
    std::string names;
    for (std::size_t index = 0; index < columns.size(); ++index) {
        const std::string column = fmt::format("column_{}", index);
        const std::string separator = index == 0 ? "" : ", ";
        names += separator + column;
        selected += fmt::format(
            "{}{} as {}", separator,
            arrives_as_text(columns[index]) ? fmt::format("cast({} as varchar)", column) : column,
            duck::quote_name(columns[index].name));
    }
    return fmt::format("select {} from (\n{}\n) as statement({})", selected, sql, names);
}

Result<std::unique_ptr<Session>> open_session(const QueryOptions& options) {
    TRY_ASSIGN(storage::TemporaryFolder folder,
               storage::TemporaryFolder::make(
                   options.scratch.empty() ? default_scratch_parent() : options.scratch, "query"));
    TRY_ASSIGN(
        duck::Database database,
        duck::Database::open({.threads = static_cast<int>(options.threads),
                              .memory_bytes = options.memory_bytes != 0 ? options.memory_bytes
                                                                        : default_memory_bytes(),
                              .temp_directory = folder.path() + "/spill"}));
    TRY_ASSIGN(duck::Connection connection, database.connect());
    return std::make_unique<Session>(
        Session{std::move(folder), std::move(database), std::move(connection)});
}

}  // namespace

Result<QueryResult> query_lake(const FileSystem& files, const std::string& sql,
                               const QueryOptions& options, std::stop_token stop) {
    TRY_ASSIGN(auto session, open_session(options));
    duck::Connection& connection = session->connection;
    LakeViews views(files, connection);
    TRY(views.create());
    TRY(duck::sandbox(connection, views.readable()));
    const Watchdog watchdog(connection, options.timeout, std::move(stop));
    TRY_ASSIGN(auto columns, connection.describe_select(sql));
    auto rows = connection.query(readable_sql(sql, columns));
    if (!rows) return watchdog.explained(std::move(rows).error(), options.timeout);
    return QueryResult(std::move(session), std::move(columns), std::move(rows).value());
}

}  // namespace bassline::models
