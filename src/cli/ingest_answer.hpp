// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "ingest/ingest.hpp"
#include "ingest/kafka_ingest.hpp"

// What `bassline ingest` prints on stdout.
namespace bassline::cli {

/// Of files.
void print_ingest_answer(const ingest::IngestSummary& summary, bool json);
/// Of Kafka.
void print_ingest_answer(const ingest::KafkaSummary& summary, bool json);

}  // namespace bassline::cli
