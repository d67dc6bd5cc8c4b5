// SPDX-License-Identifier: Apache-2.0
#include "net/http_client.hpp"

#include <array>
#include <memory>

#include <curl/curl.h>

namespace bassline::net {
namespace {

struct CurlCloser {
    void operator()(CURL* handle) const { curl_easy_cleanup(handle); }
    void operator()(curl_slist* list) const { curl_slist_free_all(list); }
    void operator()(CURLU* url) const { curl_url_cleanup(url); }
};
using CurlHandle = std::unique_ptr<CURL, CurlCloser>;
using CurlList = std::unique_ptr<curl_slist, CurlCloser>;
using CurlUrl = std::unique_ptr<CURLU, CurlCloser>;

struct Inflow {
    std::string body;
    std::size_t bytes_max;
    bool is_too_long = false;
};

std::size_t take_bytes(char* bytes, std::size_t /*one*/, std::size_t count, void* into) {
    auto& inflow = *static_cast<Inflow*>(into);
    if (inflow.body.size() + count > inflow.bytes_max) {
        inflow.is_too_long = true;
        return 0;  // ends the transfer
    }
    inflow.body.append(bytes, count);
    return count;
}

CurlList header_list(const Headers& headers) {
    CurlList list;
    // "Expect:" would make curl wait for a 100 before a longer body.
    auto add = [&list](const std::string& line) {
        curl_slist* const longer = curl_slist_append(list.get(), line.c_str());
        (void)list.release();
        list.reset(longer);
    };
    add("Expect:");
    for (const auto& [name, value] : headers) add(fmt::format("{}: {}", name, value));
    return list;
}

ErrorKind kind_of_failure(CURLcode code) {
    switch (code) {
        case CURLE_URL_MALFORMAT:
        case CURLE_UNSUPPORTED_PROTOCOL:
        case CURLE_PEER_FAILED_VERIFICATION:
        case CURLE_SSL_CACERT_BADFILE:
            return ErrorKind::config;
        default:
            return ErrorKind::unavailable;
    }
}

void set_options(CURL* curl, const HttpCall& call, const HttpClientOptions& options) {
    curl_easy_setopt(curl, CURLOPT_URL, call.url.c_str());
    curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(curl, CURLOPT_PROXY, "");
    curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT_MS,
                     static_cast<long>(options.connect_timeout.count()));
    curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, static_cast<long>(options.timeout.count()));
    curl_easy_setopt(curl, CURLOPT_CUSTOMREQUEST, call.method.c_str());
    curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, take_bytes);
    if (!options.ca_file.empty()) {
        curl_easy_setopt(curl, CURLOPT_CAINFO, options.ca_file.c_str());
    }
    if (!call.user_and_password.empty()) {
        curl_easy_setopt(curl, CURLOPT_HTTPAUTH, CURLAUTH_BASIC);
        curl_easy_setopt(curl, CURLOPT_USERPWD, call.user_and_password.c_str());
    }
    if (call.method != "GET") {
        curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE, static_cast<long>(call.body.size()));
        curl_easy_setopt(curl, CURLOPT_POSTFIELDS, call.body.data());
    }
}

}  // namespace

HttpClient::HttpClient(HttpClientOptions options) : options_(std::move(options)) {
    static const CURLcode kStarted = curl_global_init(CURL_GLOBAL_DEFAULT);
    assert(kStarted == CURLE_OK);
}

Result<HttpReply> HttpClient::send(const HttpCall& call) const {
    const CurlHandle curl(curl_easy_init());
    assert(curl);
    Inflow inflow{.bytes_max = options_.body_bytes_max};
    std::array<char, CURL_ERROR_SIZE> reason{};
    set_options(curl.get(), call, options_);
    const CurlList headers = header_list(call.headers);
    curl_easy_setopt(curl.get(), CURLOPT_HTTPHEADER, headers.get());
    curl_easy_setopt(curl.get(), CURLOPT_WRITEDATA, &inflow);
    curl_easy_setopt(curl.get(), CURLOPT_ERRORBUFFER, reason.data());
    const CURLcode code = curl_easy_perform(curl.get());
    if (inflow.is_too_long) {
        return error(ErrorKind::bad_data, "{}: the reply is longer than {} bytes", call.url,
                     options_.body_bytes_max);
    }
    if (code != CURLE_OK) {
        return error(kind_of_failure(code), "{}: {}", call.url,
                     reason[0] != '\0' ? reason.data() : curl_easy_strerror(code));
    }
    long status = 0;
    curl_easy_getinfo(curl.get(), CURLINFO_RESPONSE_CODE, &status);
    return HttpReply{.status = static_cast<int>(status), .body = std::move(inflow.body)};
}

Result<void> check_url(std::string_view url) {
    const CurlUrl parsed(curl_url());
    const std::string text(url);
    // The text is not repeated where it may hold a password.
    if (curl_url_set(parsed.get(), CURLUPART_URL, text.c_str(), 0) != CURLUE_OK) {
        return error(ErrorKind::usage, "expected a URL such as http://host:8085");
    }
    const auto part = [&parsed](CURLUPart which) {
        char* found = nullptr;
        std::string value;
        if (curl_url_get(parsed.get(), which, &found, 0) == CURLUE_OK) value = found;
        curl_free(found);
        return value;
    };
    if (!part(CURLUPART_USER).empty() || !part(CURLUPART_PASSWORD).empty()) {
        return error(ErrorKind::usage, "a URL must not hold a user or password");
    }
    const std::string scheme = part(CURLUPART_SCHEME);
    if (scheme == "http" || scheme == "https") return {};
    return error(ErrorKind::usage, "'{}' is neither http:// nor https://", url);
}

}  // namespace bassline::net
