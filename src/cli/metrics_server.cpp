// SPDX-License-Identifier: Apache-2.0
#include "cli/metrics_server.hpp"

#include "base/log.hpp"
#include "cli/version.hpp"
#include "net/metrics_text.hpp"

namespace bassline::cli {

MetricsServer::MetricsServer() : metrics_(program_version(), program_commit()) {}

Result<std::unique_ptr<MetricsServer>> MetricsServer::start(std::optional<std::uint16_t> port) {
    std::unique_ptr<MetricsServer> started;
    if (!port) return started;
    started.reset(new MetricsServer());
    MetricsServer& self = *started;
    auto listening =
        net::Server::listen({.port = *port, .admission = {.bound_host = "127.0.0.1"}},
                            [&self](const net::Request& request) { return self.answer(request); });
    if (!listening) return std::move(listening.error()).during("opening --metrics-port");
    self.server_ = std::move(listening).value();
    self.thread_ = std::jthread(
        [&server = *self.server_](std::stop_token stop) { server.run(std::move(stop)); });
    log_info("metrics on http://127.0.0.1:{}/metrics", self.server_->port());
    return started;
}

net::Response MetricsServer::answer(const net::Request& request) const {
    if (request.path == "/healthz") return {.body = "ok\n"};
    if (request.path != "/metrics") {
        return net::error_response(404, "not_found", "here are /metrics and /healthz");
    }
    return {.content_type = std::string(net::kMetricsContentType),
            .body = metrics_.text(SystemClock().now()),
            .headers = {{"Cache-Control", "no-store"}}};
}

CLI::Option* add_metrics_option(CLI::App& app, std::optional<std::uint16_t>& port) {
    return app
        .add_option("--metrics-port", port,
                    "Serve Prometheus' /metrics on 127.0.0.1 at this port while it runs; 0 takes a "
                    "free one and tells it")
        ->type_name("PORT");
}

}  // namespace bassline::cli
