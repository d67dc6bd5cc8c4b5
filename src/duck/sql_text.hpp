// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <span>
#include <string>
#include <string_view>

// Names, texts and paths put into SQL, always through here. Pure.
//
// DuckDB takes the path of a file to read for a pattern: it would find `lake1/a` for `lake[1]/a`.
// So paths are written as patterns that match themselves alone. There is none for a path that has a
// backslash beside a mark of patterns, which matches nothing: lake/lake.cpp refuses such a lake.
namespace bassline::duck {

/// `"a ""b"""`
std::string quote_name(std::string_view name);

/// `'it''s'`
std::string quote_text(std::string_view text);

/// `['a', 'b']`; the empty list is `[]`.
std::string text_list(std::span<const std::string> texts);

/// The pattern that matches the path alone: `/lake[[]1]/a` for /lake[1]/a.
std::string pattern_of(std::string_view path);

/// A file to read: its pattern in quotes.
std::string quote_path(std::string_view path);

/// Files to read: a `text_list` of their patterns.
std::string path_list(std::span<const std::string> paths);

}  // namespace bassline::duck
