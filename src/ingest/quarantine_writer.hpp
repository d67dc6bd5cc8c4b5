// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "event/schema.hpp"
#include "ingest/batch_writer.hpp"
#include "ingest/row_buffer.hpp"
#include "parquet/file_writer.hpp"

// The refused records of one worker, one staged file a topic.
namespace bassline::ingest {

struct RefusedRecord {
    event::Topic topic;
    event::Reason reason;
    std::string_view detail;
    std::string_view raw;  // at most kLineBytesMax are kept
    std::uint64_t raw_bytes;
    std::optional<event::InputFormat> format;
    LinePosition position;
};

class QuarantineWriter {
public:
    /// Both outlive it.
    QuarantineWriter(storage::FileSystem& files, const BatchContext& context);

    /// Keeps a copy; writes a row group when a few megabytes have come together. Errors: `io`.
    Result<void> add(const RefusedRecord& record);

    /// Memory held, in bytes.
    std::size_t bytes() const;

    /// Closes the files; appends one output a topic that has rows.
    Result<void> finish(std::vector<lake::Output>& outputs);

private:
    struct Row {
        std::string_view reason;
        std::string detail;
        std::string raw;
        std::uint64_t raw_bytes;
        std::optional<event::InputFormat> format;
        LinePosition position;
    };
    struct TopicRows {
        std::vector<Row> rows;
        std::size_t bytes = 0;
        std::uint64_t written = 0;
        std::string path;
        std::unique_ptr<parquet::FileWriter> file;
    };

    Result<void> write(event::Topic topic, TopicRows& rows);
    Result<void> open(event::Topic topic, TopicRows& rows);

    storage::FileSystem& files_;
    const BatchContext& context_;
    std::array<TopicRows, event::kTopicCount> topics_;
};

/// The key-value metadata of every file of the batch.
std::map<std::string, std::string> file_metadata(const BatchContext& context);

}  // namespace bassline::ingest
