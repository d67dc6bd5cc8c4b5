// SPDX-License-Identifier: Apache-2.0
#include "net/metrics_text.hpp"

#include <cmath>
#include <iterator>

#include <fmt/format.h>

namespace bassline::net {
namespace {

std::string escaped_label(std::string_view value) {
    std::string escaped;
    for (const char c : value) {
        if (c == '\\' || c == '"') escaped += '\\';
        if (c == '\n') {
            escaped += "\\n";
        } else {
            escaped += c;
        }
    }
    return escaped;
}

std::string number_text(double value) {
    if (std::isnan(value)) return "NaN";
    if (std::isinf(value)) return value > 0 ? "+Inf" : "-Inf";
    // Counters in full: 1e+06 reads as well for Prometheus, but not for people.
    constexpr double kExactMax = 9'007'199'254'740'992;  // 2^53
    if (value == std::floor(value) && std::abs(value) < kExactMax) {
        return fmt::format("{}", static_cast<std::int64_t>(value));
    }
    return fmt::format("{}", value);
}

}  // namespace

void Histogram::observe(double value) {
    for (std::size_t at = 0; at < bounds_.size(); ++at) counts_[at] += value <= bounds_[at];
    ++count_;
    sum_ += value;
}

void MetricsText::begin(std::string_view name, MetricType type, std::string_view help) {
    constexpr std::string_view kTypes[] = {"counter", "gauge", "histogram"};
    name_ = name;
    fmt::format_to(std::back_inserter(text_), "# HELP {} {}\n# TYPE {} {}\n", name, help, name,
                   kTypes[static_cast<std::size_t>(type)]);
}

void MetricsText::sample(std::string_view suffix, const MetricLabels& labels, double value) {
    text_ += name_;
    text_ += suffix;
    std::string_view separator = "{";
    for (const auto& [label, text] : labels) {
        fmt::format_to(std::back_inserter(text_), "{}{}=\"{}\"", separator, label,
                       escaped_label(text));
        separator = ",";
    }
    if (!labels.empty()) text_ += '}';
    fmt::format_to(std::back_inserter(text_), " {}\n", number_text(value));
}

void MetricsText::add(const MetricLabels& labels, double value) {
    sample("", labels, value);
}

void MetricsText::add(const MetricLabels& labels, const Histogram& histogram) {
    MetricLabels with_bound = labels;
    with_bound.emplace_back("le", "");
    for (std::size_t at = 0; at < histogram.bounds().size(); ++at) {
        with_bound.back().second = fmt::format("{}", histogram.bounds()[at]);
        sample("_bucket", with_bound, static_cast<double>(histogram.up_to(at)));
    }
    with_bound.back().second = "+Inf";
    sample("_bucket", with_bound, static_cast<double>(histogram.count()));
    sample("_sum", labels, histogram.sum());
    sample("_count", labels, static_cast<double>(histogram.count()));
}

void MetricsText::add_single(std::string_view name, MetricType type, std::string_view help,
                             double value) {
    begin(name, type, help);
    add({}, value);
}

}  // namespace bassline::net
