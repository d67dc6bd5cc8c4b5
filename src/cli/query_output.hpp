// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdio>
#include <string>
#include <string_view>

#include "models/query.hpp"

// Query results as text.
namespace bassline::cli {

enum class OutputFormat {
    table,  // for people: aligned, control bytes escaped, null as an empty cell
    csv,    // RFC 4180 with a header line; null is an empty field, the empty string is ""
    json,   // one array of objects, column names as given; exact numbers stay exact
};

/// Writes all rows. Errors: `io` if the stream takes no more.
Result<void> write_result(models::QueryResult& result, OutputFormat format, std::FILE* stream);

/// One CSV field. Pure.
std::string csv_field(std::string_view text);

/// Text without control bytes, for a terminal. Pure.
std::string printable(std::string_view text);

}  // namespace bassline::cli
