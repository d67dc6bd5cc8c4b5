// SPDX-License-Identifier: Apache-2.0
#include "kafka/schema_registry.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <thread>

#include <unistd.h>

#include "base/log.hpp"

namespace bassline::kafka {
namespace {

using nlohmann::json;

constexpr const char* kMediaType = "application/vnd.schemaregistry.v1+json";
constexpr std::size_t kUnknownWithoutRetries = 16;
constexpr int kUnknownSubject = 40401;
constexpr int kUnknownVersion = 40402;
constexpr int kUnknownSchema = 40403;

SchemaType schema_type_of(std::string_view name) {
    if (name == "AVRO") return SchemaType::avro;
    return name == "JSON" ? SchemaType::json : SchemaType::other;
}

std::string_view name_of(SchemaType type) {
    return type == SchemaType::json ? "JSON" : "AVRO";
}

json parse(const std::string& text) {
    return json::parse(text, nullptr, false);
}

// The registry's error_code, or 0.
int error_code_of(const json& body) {
    if (!body.is_object()) return 0;
    const auto code = body.find("error_code");
    return code != body.end() && code->is_number_integer() ? code->get<int>() : 0;
}

std::string message_of(const json& body, int status) {
    if (body.is_object() && body.contains("message") && body["message"].is_string()) {
        return fmt::format("{} (status {})", body["message"].get<std::string>(), status);
    }
    return fmt::format("status {}", status);
}

// `schemaType` is left out for Avro. None if this is no answer of a registry.
std::optional<Schema> schema_of(const json& body, std::int32_t id) {
    if (!body.is_object() || !body.contains("schema") || !body["schema"].is_string()) return {};
    const json type = body.value("schemaType", json("AVRO"));
    const json references = body.value("references", json::array());
    return Schema{.id = id,
                  .type = schema_type_of(type.is_string() ? type.get<std::string>() : ""),
                  .text = body["schema"].get<std::string>(),
                  .has_references = references.is_array() && !references.empty()};
}

// Whether another URL, or a later try, may give a better answer.
bool is_worth_retrying(int status) {
    return status >= 500 || status == 408 || status == 429 || (status >= 300 && status < 400);
}

std::string schema_body(SchemaType type, const std::string& text) {
    return json{{"schemaType", name_of(type)}, {"schema", text}}.dump();
}

}  // namespace

SchemaRegistry::SchemaRegistry(RegistryOptions options)
    : options_(std::move(options)), http_(options_.http) {
    assert(!options_.urls.empty());
}

// One round of the URLs, in order. `call.url` is the path behind them.
Result<net::HttpReply> SchemaRegistry::ask(const net::HttpCall& call) {
    Error last{ErrorKind::unavailable, ""};
    for (const std::string& base : options_.urls) {
        net::HttpCall full = call;
        full.url = base + call.url;
        full.user_and_password = options_.user_info;
        full.headers.emplace_back("Accept", std::string(kMediaType) + ", application/json");
        if (!call.body.empty()) full.headers.emplace_back("Content-Type", kMediaType);
        auto reply = http_.send(full);
        if (!reply && reply.error().kind == ErrorKind::config) return reply;
        if (!reply) {
            last.message = reply.error().message;
            continue;
        }
        const int status = reply.value().status;
        if (status == 401 || status == 403) {
            return error(ErrorKind::config,
                         "{}: the schema registry refuses us (status {}): put "
                         "basic.auth.user.info=user:password into the file of "
                         "--schema-registry-config",
                         base, status);
        }
        const json body = parse(reply.value().body);
        if (!is_worth_retrying(status) && !body.is_discarded()) return reply;
        last.message = fmt::format("{}: {}", base, message_of(body, status));
    }
    return error(ErrorKind::unavailable, "no schema registry answers: {}", last.message);
}

// Not known at once is not unknown: a follower may lag behind the registry that took the schema.
// While many ids are known to be unknown, each is asked for once only.
Result<Schema> SchemaRegistry::fetch(std::int32_t id) {
    if (id < 0) return error(ErrorKind::not_found, "no schema has the id {}", id);
    const bool is_one_of_many = count_unknown() >= kUnknownWithoutRetries;
    const std::string path = fmt::format("/schemas/ids/{}", id);
    for (int attempt = 1;; ++attempt) {
        auto reply = ask({.url = path});
        if (!reply && reply.error().kind != ErrorKind::unavailable) return reply.error();
        const bool is_last = attempt >= options_.tries;
        if (reply) {
            const json body = parse(reply.value().body);
            if (auto schema = schema_of(body, id); schema && reply.value().status == 200) {
                return *std::move(schema);
            }
            const int status = reply.value().status;
            if (error_code_of(body) == kUnknownSchema || status == 400 || status == 422) {
                if (is_last || is_one_of_many) {
                    return error(ErrorKind::not_found, "the schema registry knows no schema {}",
                                 id);
                }
            } else if (is_last) {
                return error(ErrorKind::unavailable, "the schema registry's answer is none: {}",
                             message_of(body, reply.value().status));
            }
        } else if (is_last) {
            return reply.error();
        }
        std::this_thread::sleep_for(options_.backoff * (1 << (attempt - 1)));
    }
}

const Schema* SchemaRegistry::remembered(std::int32_t id) {
    const auto found = schemas_.find(id);
    return found == schemas_.end() ? nullptr : &found->second;
}

bool SchemaRegistry::is_known_unknown(std::int32_t id) {
    const auto found = unknown_.find(id);
    return found != unknown_.end() && Clock::now() < found->second;
}

std::size_t SchemaRegistry::count_unknown() {
    const std::lock_guard lock(mutex_);
    const auto now = Clock::now();
    return static_cast<std::size_t>(
        std::ranges::count_if(unknown_, [now](const auto& one) { return now < one.second; }));
}

void SchemaRegistry::remember_unknown(std::int32_t id) {
    if (unknown_.size() >= options_.unknown_max) {
        std::erase_if(unknown_,
                      [now = Clock::now()](const auto& one) { return one.second <= now; });
    }
    if (unknown_.size() >= options_.unknown_max) unknown_.erase(unknown_.begin());
    unknown_[id] = Clock::now() + options_.unknown_ttl;
}

Result<const Schema*> SchemaRegistry::find(std::int32_t id) {
    std::unique_lock lock(mutex_);
    while (true) {
        if (const Schema* const schema = remembered(id)) {
            ++counts_.memory_hits;
            return schema;
        }
        if (is_known_unknown(id)) {
            ++counts_.unknown;
            return error(ErrorKind::not_found, "the schema registry knows no schema {}", id);
        }
        if (!in_flight_.contains(id)) return fetch_alone(id, lock);
        arrived_.wait(lock);
    }
}

// The lock is released while others are asked.
Result<const Schema*> SchemaRegistry::fetch_alone(std::int32_t id,
                                                  std::unique_lock<std::mutex>& lock) {
    in_flight_.insert(id);
    const bool is_down = Clock::now() < unavailable_until_;
    const Error trouble{ErrorKind::unavailable, trouble_};
    lock.unlock();
    Schema schema;
    const bool is_on_disk = read_from_disk(id, schema);
    Result<Schema> fetched = is_on_disk ? Result<Schema>(std::move(schema))
                             : is_down  ? Result<Schema>(trouble)
                                        : fetch(id);
    if (fetched && !is_on_disk) write_to_disk(fetched.value());
    lock.lock();
    in_flight_.erase(id);
    arrived_.notify_all();
    if (fetched) {
        ++(is_on_disk ? counts_.disk_hits : counts_.fetched);
        unknown_.erase(id);
        return &schemas_.insert_or_assign(id, std::move(fetched).value()).first->second;
    }
    if (fetched.error().kind == ErrorKind::not_found) {
        ++counts_.unknown;
        remember_unknown(id);
    } else if (fetched.error().kind == ErrorKind::unavailable) {
        ++counts_.unavailable;
        if (!is_down) {
            unavailable_until_ = Clock::now() + options_.unavailable_ttl;
            trouble_ = fetched.error().message;
        }
    }
    return std::move(fetched).error();
}

Result<std::int32_t> SchemaRegistry::add(const std::string& subject, SchemaType type,
                                         const std::string& text) {
    TRY_ASSIGN(const net::HttpReply reply,
               ask({.method = "POST",
                    .url = fmt::format("/subjects/{}/versions", subject),
                    .body = schema_body(type, text)}));
    const json body = parse(reply.body);
    if (reply.status == 200 && body.is_object() && body.contains("id") &&
        body["id"].is_number_integer()) {
        return body["id"].get<std::int32_t>();
    }
    return error(reply.status == 409 ? ErrorKind::conflict : ErrorKind::config,
                 "the schema registry refuses the schema of {}: {}", subject,
                 message_of(body, reply.status));
}

Result<void> SchemaRegistry::check_compatible(const std::string& subject, SchemaType type,
                                              const std::string& text) {
    TRY_ASSIGN(
        const net::HttpReply reply,
        ask({.method = "POST",
             .url = fmt::format("/compatibility/subjects/{}/versions/latest?verbose=true", subject),
             .body = schema_body(type, text)}));
    const json body = parse(reply.body);
    const int code = error_code_of(body);
    if (reply.status == 404 && (code == kUnknownSubject || code == kUnknownVersion)) return {};
    if (reply.status != 200 || !body.is_object() || !body.contains("is_compatible")) {
        return error(ErrorKind::config,
                     "the schema registry does not say whether {} is compatible: {}", subject,
                     message_of(body, reply.status));
    }
    if (body["is_compatible"] == true) return {};
    return error(ErrorKind::conflict,
                 "the schema of {} is not compatible with the registered one: {}", subject,
                 body.value("messages", json::array()).dump());
}

RegistryCounts SchemaRegistry::counts() const {
    const std::lock_guard lock(mutex_);
    return counts_;
}

std::string SchemaRegistry::path_of(std::int32_t id) const {
    return fmt::format("{}/{}.json", options_.folder, id);
}

// What a killed writer left half-written is no JSON object with our id, and is fetched anew.
bool SchemaRegistry::read_from_disk(std::int32_t id, Schema& schema) const {
    const storage::FileSystem* const files =
        options_.files != nullptr ? options_.files : options_.read_only_files;
    if (files == nullptr) return false;
    const auto text = files->read(path_of(id));
    if (!text) return false;
    const json body = parse(text.value());
    auto found = schema_of(body, id);
    if (!found || body.value("id", json()) != id) return false;
    schema = *std::move(found);
    return true;
}

// A cache: what cannot be kept is fetched again.
void SchemaRegistry::write_to_disk(const Schema& schema) const {
    if (options_.files == nullptr || schema.type == SchemaType::other) return;
    const json body{
        {"id", schema.id},
        {"schemaType", name_of(schema.type)},
        {"schema", schema.text},
        {"references", schema.has_references ? json::array({"not kept"}) : json::array()}};
    auto write = [&]() -> Result<void> {
        TRY(options_.files->make_directories(options_.folder));
        const std::string staged = fmt::format("{}.{}", path_of(schema.id), ::getpid());
        TRY(options_.files->remove(staged));
        TRY(options_.files->write_durably(staged, body.dump()));
        return options_.files->rename_over(staged, path_of(schema.id));
    };
    if (auto written = write(); !written) {
        log_warn("schema {} is not kept on disk: {}", schema.id, written.error().message);
    }
}

}  // namespace bassline::kafka
