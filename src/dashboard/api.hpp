// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/clock.hpp"
#include "dashboard/gold_store.hpp"
#include "dashboard/metrics.hpp"
#include "dashboard/serve.hpp"
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
    /// Store, clock and options must outlive the Api. Of the options it asks what the stages beside
    /// the server and the events' clock tell.
    Api(const GoldStore& store, const Clock& clock, const ServeOptions& options);

    net::Response answer(const net::Request& request);

private:
    void add_routes();
    net::Response status() const;
    net::Response readiness() const;
    net::Response pipeline() const;
    net::Response metrics() const;
    net::Response chart_list() const;
    net::Response chart(const net::Request& request, std::string_view id) const;
    net::Response summary(const net::Request& request) const;

    const GoldStore& store_;
    const Clock& clock_;
    const ServeOptions& options_;
    net::Router router_;
    RequestMetrics metrics_;
};

}  // namespace bassline::dashboard
