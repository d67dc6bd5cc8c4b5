// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "pipeline/monitor.hpp"

namespace bassline::pipeline {

/// What the source, builds and charts of a `run` tell on /metrics, in Prometheus' text format
/// (docs/formats/metrics.md). Pure.
std::string metrics_text(const PipelineView& view);

}  // namespace bassline::pipeline
