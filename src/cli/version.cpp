// SPDX-License-Identifier: Apache-2.0
#include "cli/version.hpp"

#include <fmt/format.h>

#include "duck/database.hpp"
#include "event/decoder.hpp"
#include "kafka/cluster.hpp"
#include "parquet/file_writer.hpp"

namespace bassline::cli {

std::string program_version() {
    return BASSLINE_VERSION;
}

std::string program_commit() {
    return BASSLINE_COMMIT;
}

std::string version_text() {
    return fmt::format("bassline " BASSLINE_VERSION " (" BASSLINE_COMMIT
                       ")\nduckdb {}, arrow {}, simdjson {}, librdkafka {}",
                       duck::library_version(), parquet::library_version(),
                       event::library_version(), kafka::library_version());
}

}  // namespace bassline::cli
