// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <nlohmann/json.hpp>
#include <string>
#include <thread>
#include <vector>

#include "net/server.hpp"

// A schema registry inside the test's process that says what the test tells it to. For tests only.
namespace bassline::kafka {

class TestRegistry {
public:
    TestRegistry()
        : server_(
              net::Server::listen({.port = 0, .admission = {.bound_host = "127.0.0.1"}},
                                  [this](const net::Request& request) { return answer(request); })
                  .value()),
          thread_([this](std::stop_token stop) { server_->run(std::move(stop)); }) {}

    std::string url() const { return "http://127.0.0.1:" + std::to_string(server_->port()); }

    /// The answer to GET /schemas/ids/<id>; an empty type leaves it out, as for Avro.
    void put(int id, const std::string& schema, const std::string& type = "") {
        nlohmann::json body{{"schema", schema}};
        if (!type.empty()) body["schemaType"] = type;
        reply("/schemas/ids/" + std::to_string(id), {.body = body.dump()});
    }
    void reply(const std::string& path, net::Response response) {
        const std::lock_guard lock(mutex_);
        replies_[path] = std::move(response);
    }
    /// The next so many requests fail with this status.
    void fail_next(int count, int status) {
        const std::lock_guard lock(mutex_);
        failures_ = count;
        failure_status_ = status;
    }
    void demand(const std::string& authorization) {
        const std::lock_guard lock(mutex_);
        authorization_ = authorization;
    }
    /// "GET /schemas/ids/1", in order.
    std::vector<std::string> requests() const {
        const std::lock_guard lock(mutex_);
        return requests_;
    }

private:
    net::Response answer(const net::Request& request) {
        const std::lock_guard lock(mutex_);
        requests_.push_back(request.method + " " + request.path);
        if (failures_ > 0) {
            --failures_;
            return {.status = failure_status_, .body = R"({"error_code":50001,"message":"no"})"};
        }
        if (!authorization_.empty() && request.header("authorization") != authorization_) {
            return {.status = 401, .body = R"({"error_code":401,"message":"who?"})"};
        }
        const auto found = replies_.find(request.path);
        if (found != replies_.end()) return found->second;
        const bool asks_for_schema = request.path.starts_with("/schemas/");
        return {.status = 404,
                .body = nlohmann::json{{"error_code", asks_for_schema ? 40403 : 40401},
                                       {"message", "not found"}}
                            .dump()};
    }

    mutable std::mutex mutex_;
    std::map<std::string, net::Response> replies_;
    std::vector<std::string> requests_;
    std::string authorization_;
    int failures_ = 0;
    int failure_status_ = 0;
    std::unique_ptr<net::Server> server_;
    std::jthread thread_;  // ends before the rest
};

}  // namespace bassline::kafka
