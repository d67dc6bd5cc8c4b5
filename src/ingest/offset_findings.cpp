// SPDX-License-Identifier: Apache-2.0
#include "ingest/offset_findings.hpp"

#include <fmt/format.h>

namespace bassline::ingest {

void OffsetFindings::Ranges::add(std::uint64_t offset, std::string_view column) {
    const bool is_next = offset == end || offset + 1 == end;  // two rows may have one offset
    end = offset + 1;
    if (more == 0 && !told.empty() && is_next && told.back().column == column) {
        told.back().end = end;
        ++told.back().count;
    } else if (more == 0 && told.size() < kRangesToldMax) {
        told.push_back({offset, end, 1, std::string(column)});
    } else {
        ++more;
    }
}

void OffsetFindings::tell(const Ranges& ranges, std::string_view what,
                          std::vector<std::string>& findings) const {
    for (const Range& range : ranges.told) {
        findings.push_back(fmt::format("{} {}..{}: {}{}", to_string(partition_), range.first,
                                       range.end, fmt::format(fmt::runtime(what), range.count),
                                       range.column.empty() ? "" : " (" + range.column + ")"));
    }
    if (ranges.more > 0) {
        findings.push_back(fmt::format("{} from {} on: {}, beside those", to_string(partition_),
                                       ranges.told.back().end,
                                       fmt::format(fmt::runtime(what), ranges.more)));
    }
}

void OffsetFindings::tell(std::vector<std::string>& findings) const {
    tell(absent_, "no row in the lake for {} of the brokers' records", findings);
    tell(doubled_, "more than one row for {} of the brokers' records", findings);
    tell(unknown_, "no record at the brokers for {} of the lake's rows", findings);
    tell(differing_, "other content for {} of the brokers' records", findings);
}

}  // namespace bassline::ingest
