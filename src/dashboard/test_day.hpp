// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "dashboard/chart_request.hpp"

namespace bassline::dashboard {

/// A date that a test writes down, as in "2025-03-14".
inline Date day(const char* text) {
    return parse_date(text).value();
}

}  // namespace bassline::dashboard
