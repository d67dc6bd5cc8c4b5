// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <span>
#include <string>
#include <string_view>

// Names and texts put into SQL, always through here. Pure.
namespace bassline::duck {

/// `"a ""b"""`
std::string quote_name(std::string_view name);

/// `'it''s'`
std::string quote_text(std::string_view text);

/// `['a', 'b']`; the empty list is `[]`.
std::string text_list(std::span<const std::string> texts);

}  // namespace bassline::duck
