// SPDX-License-Identifier: Apache-2.0
#include "pipeline/metrics.hpp"

#include "net/metrics_text.hpp"

namespace bassline::pipeline {
namespace {

using net::MetricType;

void describe_source(net::MetricsText& text, const SourceView& source) {
    text.add_single("bassline_source_clock_timestamp_seconds", MetricType::gauge,
                    "Time by the simulated clock.", static_cast<double>(source.now_s));
    text.add_single("bassline_source_records_total", MetricType::counter, "Records simulated.",
                    static_cast<double>(source.records));
    text.add_single("bassline_source_lag_bytes", MetricType::gauge,
                    "Bytes that were simulated and are not in the lake yet.",
                    static_cast<double>(source.lag_bytes));
    text.add_single("bassline_source_segments", MetricType::gauge,
                    "Files of simulated records that stand.", static_cast<double>(source.segments));
}

void describe_builds(net::MetricsText& text, const PipelineView& view) {
    text.begin("bassline_builds_total", MetricType::counter,
               "Builds that had something to do, by what came of them.");
    text.add({{"result", "published"}}, static_cast<double>(view.builds));
    text.add({{"result", "failed"}}, static_cast<double>(view.failed_builds));
    text.add_single("bassline_build_running", MetricType::gauge, "1 while a build runs.",
                    view.is_building ? 1 : 0);
    text.add_single("bassline_build_last_duration_seconds", MetricType::gauge,
                    "Time that the last build took.", view.last_build_s);
    text.add_single("bassline_build_last_dates", MetricType::gauge,
                    "Event dates that the last build wrote.",
                    static_cast<double>(view.last_build_dates));
    text.add_single("bassline_compactions_total", MetricType::counter,
                    "Times that small files were merged.", static_cast<double>(view.compactions));
}

void describe_freshness(net::MetricsText& text, const Freshness::Report& report) {
    text.add_single("bassline_charts_age_seconds", MetricType::gauge,
                    "Time since the oldest append that the charts do not show yet.",
                    report.oldest_waiting_s);
    if (!report.p50_s || !report.p99_s || !report.max_s) return;
    text.begin("bassline_charts_latency_seconds", MetricType::gauge,
               "Time from an append to the charts that show it, by share of the latest appends.");
    text.add({{"share", "0.5"}}, *report.p50_s);
    text.add({{"share", "0.99"}}, *report.p99_s);
    text.add({{"share", "1"}}, *report.max_s);
}

}  // namespace

std::string metrics_text(const PipelineView& view) {
    net::MetricsText text;
    if (view.source) describe_source(text, *view.source);
    describe_builds(text, view);
    if (view.source) describe_freshness(text, view.freshness);
    return text.take();
}

}  // namespace bassline::pipeline
