// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <CLI/CLI.hpp>
#include <cstdint>
#include <memory>
#include <optional>
#include <thread>

#include "base/result.hpp"
#include "ingest/metrics.hpp"
#include "net/server.hpp"

// `ingest --metrics-port`: /metrics and /healthz on 127.0.0.1 while an ingest runs.
namespace bassline::cli {

class MetricsServer {
public:
    /// Listens, answers, and tells the address on stderr; nothing without a port. Port 0: any free
    /// one. Errors: `config` if the port is taken.
    static Result<std::unique_ptr<MetricsServer>> start(std::optional<std::uint16_t> port);

    /// What the ingest is to tell.
    ingest::Metrics& metrics() { return metrics_; }

private:
    MetricsServer();
    net::Response answer(const net::Request& request) const;

    ingest::Metrics metrics_;
    std::unique_ptr<net::Server> server_;
    std::jthread thread_;  // last: ends first
};

/// Adds --metrics-port.
CLI::Option* add_metrics_option(CLI::App& app, std::optional<std::uint16_t>& port);

}  // namespace bassline::cli
