// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/result.hpp"

// JSON with the line of every value, so that a mistake in a user's file can be shown where it is.
namespace bassline::simulator {

struct PositionedJson {
    using Elements = std::vector<PositionedJson>;
    struct Members {  // in the file's order
        std::vector<std::string> names;
        Elements values;
    };

    std::size_t line = 0;  // from 1; of an object or array where it begins
    std::variant<std::monostate, bool, double, std::string, Members, Elements> value;

    /// The member of that name, the last one if it stands there twice; null if it is none.
    const PositionedJson* find(std::string_view name) const;
    /// "a number", "an object", ... for messages.
    std::string_view type_name() const;
};

/// Parses a text. Errors: `config`, "file:line: reason".
Result<PositionedJson> parse_positioned_json(std::string_view text, std::string_view file);

}  // namespace bassline::simulator
