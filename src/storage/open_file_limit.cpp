// SPDX-License-Identifier: Apache-2.0
#include "storage/open_file_limit.hpp"

#include <algorithm>

#include <sys/resource.h>

namespace bassline::storage {
namespace {

constexpr rlim_t kOpenFilesWanted = 65536;

}  // namespace

void raise_open_file_limit() {
    rlimit limit{};
    if (::getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur >= kOpenFilesWanted) return;
    limit.rlim_cur = std::min(limit.rlim_max, kOpenFilesWanted);
    ::setrlimit(RLIMIT_NOFILE, &limit);
}

std::size_t open_file_limit() {
    rlimit limit{};
    if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return 0;
    return std::min(limit.rlim_cur, kOpenFilesWanted);
}

}  // namespace bassline::storage
