// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "base/result.hpp"
#include "dashboard/date_range.hpp"
#include "net/http.hpp"

// What a chart's or the summary's address asks for. Pure.
namespace bassline::dashboard {

struct ChartRequest {
    DateRange range;  // cut to the dates there are; may be empty
    bool wants_csv = false;
    std::string key;  // the same for requests that mean the same
};

/// Reads `from`, `to` and `format`; `available` fills what is missing.
/// Errors: `usage`, in words for the one who wrote the address: an unknown, repeated or unreadable
/// parameter, or a range that ends before it begins.
Result<ChartRequest> parse_chart_request(const net::Query& query, const DateRange& available);

}  // namespace bassline::dashboard
