// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

#include "base/result.hpp"

// Content coding of what we serve: files are kept compressed and sent plain to clients that ask so.
namespace bassline::net {

/// Does `Accept-Encoding` take gzip? No header means plain only, as scripts expect.
bool accepts_gzip(std::string_view accept_encoding);

/// The content of a gzip file of ours. Errors: `bad_data`.
Result<std::string> gunzip(std::string_view compressed);

}  // namespace bassline::net
