// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "duck/rows.hpp"

// An embedded DuckDB with every setting explicit: memory, threads, temporary folder, time zone UTC;
// no extension is installed or loaded from outside, no configuration of the user's home is read.
//
// A Database may be shared by threads; a Connection belongs to one thread at a time, only
// `interrupt` may be called from another. Connections keep their database alive.
namespace bassline::duck {

struct DatabaseOptions {
    std::string path;  // empty: in memory, catalog "memory"; else the catalog is the file's stem
    int threads = 1;
    std::uint64_t memory_bytes = std::uint64_t{1} << 30;
    std::string temp_directory;  // where it spills; made when needed
};

struct DatabaseHandle;

class Connection {
public:
    Connection(Connection&&) noexcept;
    Connection& operator=(Connection&&) noexcept;
    ~Connection();

    /// Runs one or more statements; the rows are those of the last.
    /// Errors: `sql` with DuckDB's message; `io` for the disk; `config` where its memory is too
    /// little; `cancelled` after `interrupt`.
    Result<Rows> query(const std::string& sql);
    /// The same where nobody reads rows.
    Result<void> execute(const std::string& sql);

    /// The columns of one statement that only reads, without running it.
    /// Errors: `usage` for anything but exactly one SELECT-like statement, or for a statement that
    /// does not bind.
    Result<std::vector<Column>> describe_select(const std::string& sql);

    /// Stops the running query soon; it fails with `cancelled`. From any thread.
    void interrupt();

private:
    friend class Database;
    struct State;
    explicit Connection(std::unique_ptr<State> state);
    std::unique_ptr<State> state_;
};

class Database {
public:
    /// Errors: `config` if DuckDB refuses a setting, `io` if the file cannot be made.
    static Result<Database> open(const DatabaseOptions& options);

    Result<Connection> connect();

private:
    explicit Database(std::shared_ptr<DatabaseHandle> handle) : handle_(std::move(handle)) {}
    std::shared_ptr<DatabaseHandle> handle_;
};

/// Closes the database for SQL of strangers, for good: it reads the named files and nothing else of
/// the disk or the network, and no setting can be changed any more.
Result<void> sandbox(Connection& connection, std::span<const std::string> readable_files);

/// As linked, such as "v1.5.6".
std::string library_version();

}  // namespace bassline::duck
