// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <nlohmann/json.hpp>

#include "base/clock.hpp"
#include "dashboard/gold_store.hpp"
#include "dashboard/metrics.hpp"
#include "net/http.hpp"
#include "net/router.hpp"

// Every address of the dashboard (docs/formats/api.md): the page, `/api/v1/...`, /healthz, /readyz,
// /metrics.
//
// One request is answered from one snapshot, whose number stands in the answer. Charts and the
// summary carry an ETag made of snapshot and address, so an unchanged one costs a 304. Safe from
// all threads.
namespace bassline::dashboard {

class Api {
public:
    /// Store and clock must outlive the Api.
    /// `pipeline`: what `/api/v1/pipeline` answers; empty where no `run` is around the server.
    /// `is_simulated`: the events are those of a simulated service, by a clock of its own.
    Api(const GoldStore& store, const Clock& clock, std::function<nlohmann::json()> pipeline = {},
        bool is_simulated = false);

    net::Response answer(const net::Request& request);

private:
    void add_routes();
    net::Response status() const;
    net::Response readiness() const;
    net::Response pipeline() const;
    net::Response chart_list() const;
    net::Response chart(const net::Request& request, std::string_view id) const;
    net::Response summary(const net::Request& request) const;

    const GoldStore& store_;
    const Clock& clock_;
    const std::function<nlohmann::json()> pipeline_;
    const bool is_simulated_;
    net::Router router_;
    RequestMetrics metrics_;
};

}  // namespace bassline::dashboard
