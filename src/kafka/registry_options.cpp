// SPDX-License-Identifier: Apache-2.0
#include <cstdlib>
#include <fstream>

#include <sys/stat.h>

#include "base/hash.hpp"
#include "kafka/schema_registry.hpp"

namespace bassline::kafka {
namespace {

constexpr const char* kUserInfoVariable = "BASSLINE_SCHEMA_REGISTRY_USER_INFO";
constexpr std::string_view kBlank = " \t\r";

std::string without_blanks(std::string_view text) {
    const auto first = text.find_first_not_of(kBlank);
    if (first == text.npos) return {};
    return std::string(text.substr(first, text.find_last_not_of(kBlank) - first + 1));
}

Result<void> take_property(const std::string& path, int line, std::string_view text,
                           RegistryOptions& options) {
    const auto equals = text.find('=');
    const std::string name = without_blanks(text.substr(0, equals));
    const std::string value = equals == text.npos ? "" : without_blanks(text.substr(equals + 1));
    if (name == "basic.auth.user.info" && value.find(':') != value.npos) {
        options.user_info = value;
    } else if (name == "ssl.ca.location") {
        options.http.ca_file = value;
    } else {
        return error(ErrorKind::config,
                     "{}:{}: expected basic.auth.user.info=user:password or ssl.ca.location=FILE",
                     path, line);
    }
    return {};
}

Result<void> read_file(const std::string& path, RegistryOptions& options) {
    std::ifstream file(path);
    if (!file) return error(ErrorKind::config, "cannot read {}", path);
    struct stat status {};
    if (::stat(path.c_str(), &status) == 0 && (status.st_mode & 077) != 0) {
        return error(ErrorKind::config,
                     "{} may hold a password and others may read it: chmod 600 {}", path, path);
    }
    std::string line;
    for (int number = 1; std::getline(file, line); ++number) {
        const std::string text = without_blanks(line);
        if (text.empty() || text.front() == '#') continue;
        TRY(take_property(path, number, text, options));
    }
    return {};
}

}  // namespace

Result<std::vector<std::string>> parse_registry_urls(std::string_view text) {
    std::vector<std::string> urls;
    while (true) {
        const auto comma = text.find(',');
        std::string url = without_blanks(text.substr(0, comma));
        while (url.ends_with('/')) url.pop_back();
        TRY(net::check_url(url));
        urls.push_back(std::move(url));
        if (comma == text.npos) return urls;
        text.remove_prefix(comma + 1);
    }
}

Result<void> read_registry_config(const std::string& path, RegistryOptions& options) {
    if (!path.empty()) TRY(read_file(path, options));
    if (const char* const user_info = std::getenv(kUserInfoVariable)) {
        options.user_info = user_info;
    }
    return {};
}

std::string registry_folder_name(const std::vector<std::string>& urls) {
    return xxh64_hex(urls.front());
}

}  // namespace bassline::kafka
