// SPDX-License-Identifier: Apache-2.0
#include "dashboard/chart_request.hpp"

#include <optional>

namespace bassline::dashboard {
namespace {

// Values of the parameters, each at most once.
struct Parameters {
    std::optional<std::string> from, to, format;

    std::optional<std::string>* slot(std::string_view name) {
        if (name == "from") return &from;
        if (name == "to") return &to;
        if (name == "format") return &format;
        return nullptr;
    }
};

// What a stranger wrote is quoted back in part only.
std::string quoted(const std::string& text) {
    return '"' + text.substr(0, 40) + '"';
}

Result<Date> date_or(const std::optional<std::string>& text, std::string_view name,
                     Date otherwise) {
    if (!text) return otherwise;
    const auto date = parse_date(*text);
    if (!date) {
        return error(ErrorKind::usage, "{} must be a date such as 2025-03-14, not {}", name,
                     quoted(*text));
    }
    return *date;
}

}  // namespace

Result<ChartRequest> parse_chart_request(const net::Query& query, const DateRange& available) {
    Parameters given;
    for (const auto& [name, value] : query) {
        auto* slot = given.slot(name);
        if (slot == nullptr) {
            return error(ErrorKind::usage, "unknown parameter {}; there are from, to and format",
                         quoted(name));
        }
        if (slot->has_value()) return error(ErrorKind::usage, "{} is given twice", name);
        *slot = value;
    }
    const std::string format = given.format.value_or("json");
    if (format != "json" && format != "csv") {
        return error(ErrorKind::usage, "format must be json or csv, not {}", quoted(format));
    }
    TRY_ASSIGN(const Date from, date_or(given.from, "from", available.from));
    TRY_ASSIGN(const Date last, date_or(given.to, "to", available.last));
    if (given.from && given.to && last < from) {
        return error(ErrorKind::usage, "to ({}) lies before from ({})", *given.to, *given.from);
    }
    ChartRequest request;
    request.range = intersection({from, last}, available);
    request.wants_csv = format == "csv";
    request.key = fmt::format("{}-{}-{}", format_date(from), format_date(last), format);
    return request;
}

}  // namespace bassline::dashboard
