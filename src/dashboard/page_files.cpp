// SPDX-License-Identifier: Apache-2.0
#include "dashboard/page_files.hpp"

#include "dashboard/etag.hpp"
#include "net/gzip.hpp"

namespace bassline::dashboard {

net::Response page_response(const PageFile& file, const net::Request& request) {
    net::Response response;
    response.headers = {
        {"ETag", std::string(file.etag)},
        {"Vary", "Accept-Encoding"},
        {"Cache-Control", file.is_immutable ? "public, max-age=31536000, immutable" : "no-cache"}};
    if (client_has(request, file.etag)) {
        response.status = 304;
        return response;
    }
    response.content_type = file.content_type;
    if (net::accepts_gzip(request.header("Accept-Encoding").value_or(""))) {
        response.headers.emplace_back("Content-Encoding", "gzip");
        response.body = file.gzip;
        return response;
    }
    auto plain = net::gunzip(file.gzip);
    if (!plain) return net::error_response(500, "internal", plain.error().message);
    response.body = std::move(plain).value();
    return response;
}

}  // namespace bassline::dashboard
