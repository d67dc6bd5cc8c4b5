// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <span>
#include <string_view>

#include "net/http.hpp"

// The page's files, compiled into the program by web/build.mjs: gzip bytes, and what a response
// says about them.
namespace bassline::dashboard {

struct PageFile {
    std::string_view path;  // "/" or "/assets/<name>-<hash>.js"
    std::string_view content_type;
    std::string_view etag;  // quoted, of the plain content
    std::string_view gzip;
    bool is_immutable;  // the name changes with the content
};

/// Defined by the generated source.
std::span<const PageFile> page_files();

/// 304 if the client has it, gzip if it takes that, else plain.
net::Response page_response(const PageFile& file, const net::Request& request);

}  // namespace bassline::dashboard
