// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

// What a program tells Prometheus, in its text format 0.0.4
// (https://prometheus.io/docs/instrumenting/exposition_formats/):
//
//     MetricsText text;
//     text.begin("bassline_http_requests_total", MetricType::counter, "Requests answered.");
//     text.add({{"route", "/api"}, {"status", "200"}}, 7);
//
// Names follow Prometheus' conventions: a counter ends in _total, a unit is a base unit (seconds,
// bytes) and stands last. A family without samples is left out by not beginning it. One thread.
namespace bassline::net {

inline constexpr std::string_view kMetricsContentType = "text/plain; version=0.0.4; charset=utf-8";

enum class MetricType : std::uint8_t { counter, gauge, histogram };

using MetricLabels = std::vector<std::pair<std::string_view, std::string>>;

/// Counts of observations up to each bound. One thread at a time.
class Histogram {
public:
    /// The bounds, ascending and without infinity, outlive it.
    explicit Histogram(std::span<const double> bounds)
        : bounds_(bounds), counts_(bounds.size(), 0) {}

    void observe(double value);

    std::span<const double> bounds() const { return bounds_; }
    /// Observations of at most bounds()[at].
    std::uint64_t up_to(std::size_t at) const { return counts_[at]; }
    std::uint64_t count() const { return count_; }
    double sum() const { return sum_; }

private:
    std::span<const double> bounds_;
    std::vector<std::uint64_t> counts_;
    std::uint64_t count_ = 0;
    double sum_ = 0;
};

class MetricsText {
public:
    /// Begins a family; its samples follow. Each name once.
    void begin(std::string_view name, MetricType type, std::string_view help);
    /// A sample of a counter or gauge.
    void add(const MetricLabels& labels, double value);
    /// A series of a histogram.
    void add(const MetricLabels& labels, const Histogram& histogram);
    /// A family of one sample without labels.
    void add_single(std::string_view name, MetricType type, std::string_view help, double value);

    std::string take() { return std::move(text_); }

private:
    void sample(std::string_view suffix, const MetricLabels& labels, double value);

    std::string text_;
    std::string name_;
};

}  // namespace bassline::net
