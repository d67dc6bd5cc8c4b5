// SPDX-License-Identifier: Apache-2.0
#include "net/gzip.hpp"

#include <algorithm>
#include <array>

#include <zlib.h>

#include "net/header_value.hpp"

namespace bassline::net {
namespace {

// "q=0", "q=0.0" and the like forbid a coding.
bool is_refused(std::string_view parameters) {
    const auto at = parameters.find("q=0");
    return at != std::string_view::npos &&
           parameters.find_first_of("123456789", at + 3) == std::string_view::npos;
}

}  // namespace

bool accepts_gzip(std::string_view accept_encoding) {
    while (!accept_encoding.empty()) {
        const auto end = std::min(accept_encoding.find(','), accept_encoding.size());
        const std::string_view item = accept_encoding.substr(0, end);
        accept_encoding.remove_prefix(std::min(end + 1, accept_encoding.size()));
        const auto semicolon = std::min(item.find(';'), item.size());
        const std::string_view coding = trimmed_value(item.substr(0, semicolon));
        if (coding == "gzip" || coding == "*") return !is_refused(item.substr(semicolon));
    }
    return false;
}

Result<std::string> gunzip(std::string_view compressed) {
    z_stream stream{};
    if (inflateInit2(&stream, 16 + MAX_WBITS) != Z_OK) {
        return error(ErrorKind::io, "no memory to decompress");
    }
    stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(compressed.data()));
    stream.avail_in = static_cast<uInt>(compressed.size());
    std::string plain;
    std::array<char, std::size_t{64} << 10> piece;
    int state = Z_OK;
    while (state == Z_OK) {
        stream.next_out = reinterpret_cast<Bytef*>(piece.data());
        stream.avail_out = piece.size();
        state = inflate(&stream, Z_NO_FLUSH);
        plain.append(piece.data(), piece.size() - stream.avail_out);
    }
    inflateEnd(&stream);
    if (state != Z_STREAM_END) return error(ErrorKind::bad_data, "damaged gzip data");
    return plain;
}

}  // namespace bassline::net
