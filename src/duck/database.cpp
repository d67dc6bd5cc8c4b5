// SPDX-License-Identifier: Apache-2.0
#include "duck/database.hpp"

#include <fmt/format.h>

#include "duck/rows_state.hpp"
#include "duck/sql_text.hpp"
#include "duck/vendor.hpp"

namespace bassline::duck {
namespace {

struct ConfigHandle {
    duckdb_config handle = nullptr;
    ConfigHandle() { duckdb_create_config(&handle); }
    ConfigHandle(const ConfigHandle&) = delete;
    ConfigHandle& operator=(const ConfigHandle&) = delete;
    ~ConfigHandle() { duckdb_destroy_config(&handle); }
};

Result<void> configure(duckdb_config config, const DatabaseOptions& options) {
    const std::pair<const char*, std::string> settings[] = {
        {"threads", std::to_string(options.threads)},
        {"memory_limit", fmt::format("{}B", options.memory_bytes)},
        {"temp_directory", options.temp_directory},
        {"autoinstall_known_extensions", "false"},
        {"autoload_known_extensions", "false"},
        {"allow_community_extensions", "false"},
    };
    for (const auto& [name, value] : settings) {
        if (duckdb_set_config(config, name, value.c_str()) != DuckDBSuccess) {
            return error(ErrorKind::config, "DuckDB refuses the setting {} = {}", name, value);
        }
    }
    return {};
}

}  // namespace

Error vendor_error(duckdb_error_type type, const char* message) {
    const std::string text = message == nullptr ? "DuckDB failed without a message" : message;
    switch (type) {
        case DUCKDB_ERROR_INTERRUPT:
            return {ErrorKind::cancelled, text};
        case DUCKDB_ERROR_IO:
            return {ErrorKind::io, text};
        case DUCKDB_ERROR_OUT_OF_MEMORY:  // of the limit that it was given
            return {ErrorKind::config, "too little memory: " + text.substr(0, text.find('\n'))};
        default:
            return {ErrorKind::sql, text};
    }
}

struct Connection::State {
    std::shared_ptr<DatabaseHandle> database;
    duckdb_connection handle = nullptr;
    State() = default;
    State(const State&) = delete;
    State& operator=(const State&) = delete;
    ~State() { duckdb_disconnect(&handle); }
};

Connection::Connection(std::unique_ptr<State> state) : state_(std::move(state)) {}
Connection::Connection(Connection&&) noexcept = default;
Connection& Connection::operator=(Connection&&) noexcept = default;
Connection::~Connection() = default;

Result<Rows> Connection::query(const std::string& sql) {
    auto state = std::make_unique<Rows::State>();
    if (duckdb_query(state_->handle, sql.c_str(), &state->result.handle) != DuckDBSuccess) {
        return vendor_error(duckdb_result_error_type(&state->result.handle),
                            duckdb_result_error(&state->result.handle));
    }
    state->describe();
    return Rows(std::move(state));
}

Result<void> Connection::execute(const std::string& sql) {
    TRY(query(sql));
    return {};
}

Result<std::vector<Column>> Connection::describe_select(const std::string& sql) {
    ExtractedHandle extracted;
    const idx_t count = duckdb_extract_statements(state_->handle, sql.c_str(), &extracted.handle);
    if (count == 0) {
        const char* message = duckdb_extract_statements_error(extracted.handle);
        return error(ErrorKind::usage, "{}",
                     message != nullptr ? message : "there is no statement");
    }
    if (count > 1) return error(ErrorKind::usage, "one statement at a time, got {}", count);
    StatementHandle statement;
    if (duckdb_prepare_extracted_statement(state_->handle, extracted.handle, 0,
                                           &statement.handle) != DuckDBSuccess) {
        return error(ErrorKind::usage, "{}", duckdb_prepare_error(statement.handle));
    }
    if (duckdb_prepared_statement_type(statement.handle) != DUCKDB_STATEMENT_TYPE_SELECT) {
        return error(ErrorKind::usage,
                     "only SELECT, VALUES, DESCRIBE, SHOW and SUMMARIZE are allowed here");
    }
    std::vector<Column> columns;
    for (idx_t index = 0; index < duckdb_prepared_statement_column_count(statement.handle);
         ++index) {
        const char* name = duckdb_prepared_statement_column_name(statement.handle, index);
        columns.push_back(
            column_of(name, duckdb_prepared_statement_column_type(statement.handle, index)));
        duckdb_free(const_cast<char*>(name));
    }
    return columns;
}

void Connection::interrupt() {
    duckdb_interrupt(state_->handle);
}

Result<Database> Database::open(const DatabaseOptions& options) {
    ConfigHandle config;
    TRY(configure(config.handle, options));
    auto database = std::make_shared<DatabaseHandle>();
    char* message = nullptr;
    const char* path = options.path.empty() ? nullptr : options.path.c_str();
    if (duckdb_open_ext(path, &database->handle, config.handle, &message) != DuckDBSuccess) {
        Error failure = error(ErrorKind::io, "cannot open DuckDB at {}: {}", options.path,
                              message == nullptr ? "no reason given" : message);
        duckdb_free(message);
        return failure;
    }
    Database opened(std::move(database));
    TRY_ASSIGN(Connection connection, opened.connect());
    // A lake's files are immutable, and a build opens each of them dozens of times.
    TRY(connection.execute(
        "set global TimeZone = 'UTC'; set global parquet_metadata_cache = true"));
    return opened;
}

Result<Connection> Database::connect() {
    auto state = std::make_unique<Connection::State>();
    state->database = handle_;
    if (duckdb_connect(handle_->handle, &state->handle) != DuckDBSuccess) {
        return error(ErrorKind::io, "cannot connect to DuckDB");
    }
    return Connection(std::move(state));
}

Result<void> sandbox(Connection& connection, std::span<const std::string> readable_files) {
    // Held against them is what a statement names, the pattern, and then what it found, the file.
    std::vector<std::string> allowed(readable_files.begin(), readable_files.end());
    for (const std::string& file : readable_files) {
        std::string pattern = pattern_of(file);
        if (pattern != file) allowed.push_back(std::move(pattern));
    }
    TRY(connection.execute("set allowed_directories = []"));
    TRY(connection.execute("set allowed_paths = " + text_list(allowed)));
    TRY(connection.execute("set enable_external_access = false"));
    return connection.execute("set lock_configuration = true");
}

std::string library_version() {
    return duckdb_library_version();
}

}  // namespace bassline::duck
