// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>

#include <duckdb.h>

#include "base/result.hpp"
#include "duck/rows.hpp"

// Inside this room only: DuckDB's handles with owners, and its errors as ours.
namespace bassline::duck {

struct DatabaseHandle {
    duckdb_database handle = nullptr;
    DatabaseHandle() = default;
    DatabaseHandle(const DatabaseHandle&) = delete;
    DatabaseHandle& operator=(const DatabaseHandle&) = delete;
    ~DatabaseHandle() { duckdb_close(&handle); }
};

struct ResultHandle {
    duckdb_result handle{};
    ResultHandle() = default;
    ResultHandle(const ResultHandle&) = delete;
    ResultHandle& operator=(const ResultHandle&) = delete;
    ~ResultHandle() { duckdb_destroy_result(&handle); }
};

struct StatementHandle {
    duckdb_prepared_statement handle = nullptr;
    StatementHandle() = default;
    StatementHandle(const StatementHandle&) = delete;
    StatementHandle& operator=(const StatementHandle&) = delete;
    ~StatementHandle() { duckdb_destroy_prepare(&handle); }
};

struct ExtractedHandle {
    duckdb_extracted_statements handle = nullptr;
    ExtractedHandle() = default;
    ExtractedHandle(const ExtractedHandle&) = delete;
    ExtractedHandle& operator=(const ExtractedHandle&) = delete;
    ~ExtractedHandle() { duckdb_destroy_extracted(&handle); }
};

Column column_of(const char* name, duckdb_type type);

/// A vendor message as our error: `cancelled` for an interrupt, `io` for the disk, else `sql`.
Error vendor_error(duckdb_error_type type, const char* message);

}  // namespace bassline::duck
