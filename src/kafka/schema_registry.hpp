// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <map>
#include <mutex>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "net/http_client.hpp"
#include "storage/file_system.hpp"

// A Schema Registry by Confluent's REST interface (also Apicurio's /apis/ccompat/v7).
//
// An id means one schema for ever, so it is fetched once, kept in memory, and on disk if there is a
// folder: a restart works while the registry is down. Ids that no registry knows are remembered for
// a while. Base URLs are tried in order; threads that want one id share one request.
//
// Safe to use from several threads. A schema lives as long as the registry object.
namespace bassline::kafka {

enum class SchemaType : std::uint8_t { avro, json, other };

struct Schema {
    std::int32_t id = 0;
    SchemaType type = SchemaType::avro;
    std::string text;
    bool has_references = false;  // to other schemas: then the text alone is not enough
};

struct RegistryOptions {
    std::vector<std::string> urls;
    std::string user_info;  // "user:password"; empty: none
    net::HttpClientOptions http;
    int tries = 3;  // of all URLs, for ids not known yet and for servers in trouble
    std::chrono::milliseconds backoff{100};                // doubled after each try
    std::chrono::milliseconds unknown_ttl{30'000};         // an id nobody knew is asked for again
    std::chrono::milliseconds unavailable_ttl{1'000};      // after that, another attempt
    std::size_t unknown_max = 10'000;                      // remembered
    storage::FileSystem* files = nullptr;                  // outlives the registry; null: no disk
    const storage::FileSystem* read_only_files = nullptr;  // the same, without `files`: to read
    std::string folder;                                    // for <id>.json
};

/// `http://a:8085,http://b:8085`. Errors: `usage`.
Result<std::vector<std::string>> parse_registry_urls(std::string_view text);

/// Credentials and certificates: `basic.auth.user.info=user:password`, `ssl.ca.location=FILE` from
/// a file (empty: none), and BASSLINE_SCHEMA_REGISTRY_USER_INFO of the environment over it.
/// Errors: `config`, also for a file that others may read.
Result<void> read_registry_config(const std::string& path, RegistryOptions& options);

/// A folder name for what a registry of these URLs says.
std::string registry_folder_name(const std::vector<std::string>& urls);

struct RegistryCounts {
    std::uint64_t memory_hits = 0;
    std::uint64_t disk_hits = 0;
    std::uint64_t fetched = 0;
    std::uint64_t unknown = 0;      // answers that an id is not known, remembered ones included
    std::uint64_t unavailable = 0;  // questions without an answer
};

class SchemaRegistry {
public:
    explicit SchemaRegistry(RegistryOptions options);

    /// The schema of an id.
    /// Errors: `not_found` if registries do not know it, even after tries; `unavailable` if none
    /// answers; `config` if we may not ask.
    Result<const Schema*> find(std::int32_t id);

    /// Registers a schema, which may be there already; returns its id.
    /// Errors: `conflict` if it is incompatible with the former ones, `config` if it is refused or
    /// we are, `unavailable`.
    Result<std::int32_t> add(const std::string& subject, SchemaType type, const std::string& text);

    /// Whether the subject may take the schema; the first one of a subject always.
    /// Errors: `conflict` with the registry's reasons; else as add.
    Result<void> check_compatible(const std::string& subject, SchemaType type,
                                  const std::string& text);

    RegistryCounts counts() const;

private:
    using Clock = std::chrono::steady_clock;

    Result<net::HttpReply> ask(const net::HttpCall& call);
    Result<Schema> fetch(std::int32_t id);
    Result<const Schema*> fetch_alone(std::int32_t id, std::unique_lock<std::mutex>& lock);
    const Schema* remembered(std::int32_t id);
    bool is_known_unknown(std::int32_t id);
    /// Of the remembered ones, those that would not be asked for again yet.
    std::size_t count_unknown();
    void remember_unknown(std::int32_t id);
    std::string path_of(std::int32_t id) const;
    bool read_from_disk(std::int32_t id, Schema& schema) const;
    void write_to_disk(const Schema& schema) const;

    RegistryOptions options_;
    net::HttpClient http_;

    mutable std::mutex mutex_;
    std::condition_variable arrived_;
    std::map<std::int32_t, Schema> schemas_;
    std::map<std::int32_t, Clock::time_point> unknown_;  // until when
    std::set<std::int32_t> in_flight_;
    Clock::time_point unavailable_until_{};
    std::string trouble_;  // what made it so
    RegistryCounts counts_;
};

}  // namespace bassline::kafka
