// SPDX-License-Identifier: Apache-2.0
#include "dashboard/serve.hpp"

#include <thread>

#include "base/clock.hpp"
#include "dashboard/api.hpp"
#include "dashboard/gold_store.hpp"
#include "net/server.hpp"

namespace bassline::dashboard {
namespace {

Result<net::AdmissionRules> admission_rules(const ServeOptions& options) {
    net::AdmissionRules rules;
    rules.bound_host = options.host;
    if (!options.token_file.empty()) {
        TRY_ASSIGN(rules.token, net::Token::read_file(options.token_file));
    } else if (!net::is_loopback(options.host)) {
        return error(ErrorKind::config,
                     "serving to other machines on {} needs --token-file; without a token only "
                     "127.0.0.1 is allowed",
                     options.host);
    }
    return rules;
}

std::string address_of(const std::string& host, std::uint16_t port) {
    const bool is_ipv6 = host.find(':') != std::string::npos;
    return fmt::format("http://{}:{}/", is_ipv6 ? "[" + host + "]" : host, port);
}

}  // namespace

Result<void> check_address(const ServeOptions& options) {
    TRY_ASSIGN(net::AdmissionRules admission, admission_rules(options));
    TRY_ASSIGN(const auto server,
               net::Server::listen(
                   {.host = options.host, .port = options.port, .admission = std::move(admission)},
                   [](const net::Request&) { return net::Response{}; }));
    return {};
}

Result<void> serve(const storage::FileSystem& files, const ServeOptions& options,
                   std::stop_token stop) {
    TRY_ASSIGN(net::AdmissionRules admission, admission_rules(options));
    const SystemClock clock;
    GoldStore store(files, options.on_snapshot);
    Api api(store, clock, options);
    TRY_ASSIGN(const auto server,
               net::Server::listen(
                   {.host = options.host, .port = options.port, .admission = std::move(admission)},
                   [&api](const net::Request& request) { return api.answer(request); }));
    store.refresh();
    const std::jthread follower(
        [&store](const std::stop_token& follower_stop) { store.follow(follower_stop); });
    if (options.on_listening) options.on_listening(address_of(options.host, server->port()));
    server->run(std::move(stop));
    return {};
}

}  // namespace bassline::dashboard
