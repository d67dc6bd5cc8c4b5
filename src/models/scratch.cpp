// SPDX-License-Identifier: Apache-2.0
#include "models/scratch.hpp"

#include <algorithm>
#include <cstdlib>
#include <fstream>

#include <unistd.h>

#include "duck/sql_text.hpp"
#include "models/relation_maker.hpp"
#include "storage/open_file_limit.hpp"

namespace bassline::models {
namespace {

// What the control group allows, or the greatest number if it sets no limit.
std::uint64_t container_limit() {
    for (const char* path :
         {"/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes"}) {
        std::uint64_t bytes = 0;
        if (std::ifstream(path) >> bytes) return bytes;
    }
    return UINT64_MAX;
}

}  // namespace

Result<Scratch> Scratch::open(const ScratchOptions& options, const Manifest& manifest,
                              const std::string& run) {
    storage::raise_open_file_limit();  // a partitioned COPY keeps a file open for each date
    TRY_ASSIGN(storage::TemporaryFolder folder,
               storage::TemporaryFolder::make(options.parent, run));
    TRY_ASSIGN(duck::Database database,
               duck::Database::open({.threads = static_cast<int>(options.threads),
                                     .memory_bytes = options.memory_bytes,
                                     .temp_directory = folder.path() + "/spill"}));
    Scratch scratch(std::move(folder), std::move(database));
    TRY(scratch.prepare(manifest, options.threads));
    return scratch;
}

Result<void> Scratch::prepare(const Manifest& manifest, std::size_t workers) {
    for (std::size_t worker = 0; worker < workers; ++worker) {
        TRY_ASSIGN(duck::Connection connection, database_.connect());
        connections_.push_back(std::move(connection));
    }
    duck::Connection& first = connections_.front();
    const std::string catalog = duck::quote_name(manifest.database);
    TRY(first.execute("set global preserve_insertion_order = false"));
    TRY(first.execute("set global partitioned_write_max_open_files = 100000"));  // one file a date
    TRY(first.execute("attach ':memory:' as " + catalog));
    std::vector<std::string> schemas = manifest.schemas;
    schemas.emplace_back(kComputedSchema);
    schemas.emplace_back(kKeptSchema);
    for (const std::string& schema : schemas) {
        TRY(first.execute(
            fmt::format("create schema if not exists {}.{}", catalog, duck::quote_name(schema))));
    }
    return {};
}

Result<void> Scratch::use_one_thread_a_query() {
    return connections_.front().execute("set global threads = 1");
}

void Scratch::interrupt() {
    for (duck::Connection& connection : connections_) connection.interrupt();
}

std::string default_scratch_parent() {
    const char* folder = std::getenv("TMPDIR");
    return folder != nullptr && *folder != '\0' ? folder : "/tmp";
}

std::uint64_t default_memory_bytes() {
    const auto machine = static_cast<std::uint64_t>(::sysconf(_SC_PHYS_PAGES)) *
                         static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
    return std::min(machine, container_limit()) / 10 * 7;
}

}  // namespace bassline::models
