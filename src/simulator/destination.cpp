// SPDX-License-Identifier: Apache-2.0
#include "simulator/destination.hpp"

#include <algorithm>
#include <array>
#include <filesystem>

namespace bassline::simulator {
namespace {

namespace fs = std::filesystem;

constexpr std::array<std::string_view, 3> kFileEndings = {".ndjson", ".jsonl", ".json"};
constexpr std::string_view kTopicEnding = ".ndjson";

std::string_view without_compression(std::string_view name) {
    name.remove_suffix(suffix_of(compression_of(name)).size());
    return name;
}

bool names_a_file(std::string_view out) {
    return std::any_of(kFileEndings.begin(), kFileEndings.end(), [out](std::string_view ending) {
        return without_compression(out).ends_with(ending);
    });
}

FileOutput one_file(const std::string& out) {
    const fs::path path(out);
    const std::string name = path.filename().string();
    return {.folder = path.has_parent_path() ? path.parent_path().string() : ".",
            .names = {std::string(without_compression(name))},
            .compression = compression_of(name)};
}

FileOutput file_a_topic(const DestinationOptions& options) {
    FileOutput output{.folder = options.out, .compression = options.compression};
    if (options.format == OutputFormat::single) {
        output.names.push_back("events" + std::string(kTopicEnding));
        return output;
    }
    for (const event::Topic topic : event::kTopics) {
        output.names.push_back(std::string(event::to_string(topic)) + std::string(kTopicEnding));
    }
    return output;
}

}  // namespace

Result<Destination> open_destination(const DestinationOptions& options) {
    const bool is_file = names_a_file(options.out) && !fs::is_directory(options.out);
    if (options.compression != Compression::none && (is_file || options.out == "-")) {
        return error(ErrorKind::usage,
                     "--compress is for the files of a folder: end the name of a single file in "
                     ".gz or .zst, pipe standard output through zstd");
    }
    Destination destination;
    if (options.out == "-") {
        destination.layout = StreamLayout::together;
        destination.sink = make_stdout_sink();
        return destination;
    }
    const bool together = is_file || options.format == OutputFormat::single;
    FileOutput output = is_file ? one_file(options.out) : file_a_topic(options);
    output.is_live = options.is_live;
    output.resume_at = options.resume_at;
    destination.layout = together ? StreamLayout::together : StreamLayout::by_topic;
    TRY_ASSIGN(auto files, FileSink::open(output));
    destination.files = files.get();
    destination.sink = std::move(files);
    return destination;
}

Result<Destination> open_kafka_destination(const KafkaOutput& output, std::stop_token stop) {
    Destination destination;
    TRY_ASSIGN(auto sink, KafkaSink::open(output, std::move(stop)));
    destination.kafka = sink.get();
    destination.sink = std::move(sink);
    return destination;
}

}  // namespace bassline::simulator
