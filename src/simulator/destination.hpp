// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "simulator/compressor.hpp"
#include "simulator/event_writer.hpp"
#include "simulator/file_sink.hpp"
#include "simulator/kafka_sink.hpp"
#include "simulator/sink.hpp"

// From `--out` to a sink.
namespace bassline::simulator {

/// `kafka` is the sink if it is one of Kafka, else none; `files` likewise.
struct Destination {
    StreamLayout layout = StreamLayout::by_topic;
    std::unique_ptr<Sink> sink;
    FileSink* files = nullptr;
    KafkaSink* kafka = nullptr;
};

struct DestinationOptions {
    std::string out;
    Compression compression = Compression::none;
    OutputFormat format = OutputFormat::topics;
    bool is_live = false;
    std::vector<std::uint64_t> resume_at;  // as FileOutput has it
};

/// `-` is standard output; a name that ends in .ndjson, .jsonl or .json, with .gz or .zst behind it
/// or not, is one file for all records; anything else is a folder with a file a topic
/// (`<topic>.ndjson`), or `events.ndjson` for the single stream. Errors: as FileSink::open.
Result<Destination> open_destination(const DestinationOptions& options);

/// A topic a topic. Errors: as KafkaSink::open.
Result<Destination> open_kafka_destination(const KafkaOutput& output, std::stop_token stop);

}  // namespace bassline::simulator
