// SPDX-License-Identifier: Apache-2.0
#include "ingest/writer_name.hpp"

#include <random>

#include <fmt/format.h>
#include <unistd.h>

namespace bassline::ingest {

std::string new_writer() {
    std::random_device random;
    return fmt::format("{}-{:08x}{:08x}", ::getpid(), random(), random());
}

}  // namespace bassline::ingest
