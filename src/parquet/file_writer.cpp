// SPDX-License-Identifier: Apache-2.0
#include "parquet/file_writer.hpp"

#include <cassert>
#include <exception>
#include <optional>

#include <arrow/config.h>
#include <arrow/io/interfaces.h>
#include <arrow/memory_pool.h>
#include <arrow/util/key_value_metadata.h>
#include <parquet/arrow/writer.h>
#include <parquet/properties.h>

#include "parquet/column_array.hpp"

namespace bassline::parquet {
namespace {

constexpr int kZstdLevel = 1;
constexpr std::int64_t kPageBytes = 1 << 20;
constexpr std::int64_t kDictionaryBytesMax = 16 << 20;  // past it, plain values
constexpr std::int64_t kWriteBatchRows = 1 << 14;
constexpr std::int64_t kNoRowLimit = 1 << 30;

// Our file as Arrow sees it; keeps the first error, which says more than Arrow's.
class FileStream final : public arrow::io::OutputStream {
public:
    explicit FileStream(std::unique_ptr<storage::WritableFile> file) : file_(std::move(file)) {}

    arrow::Status Write(const void* data, std::int64_t bytes) override {
        auto written =
            file_->append({static_cast<const char*>(data), static_cast<std::size_t>(bytes)});
        if (written) return arrow::Status::OK();
        error_ = std::move(written).error();
        return arrow::Status::IOError(error_->message);
    }
    arrow::Result<std::int64_t> Tell() const override {
        return static_cast<std::int64_t>(file_->size());
    }
    arrow::Status Close() override {
        closed_ = true;
        return arrow::Status::OK();
    }
    bool closed() const override { return closed_; }

    std::unique_ptr<storage::WritableFile> release() { return std::move(file_); }
    const std::optional<Error>& failure() const { return error_; }

private:
    std::unique_ptr<storage::WritableFile> file_;
    std::optional<Error> error_;
    bool closed_ = false;
};

std::shared_ptr<::parquet::WriterProperties> properties_of(const std::vector<ColumnSpec>& columns) {
    ::parquet::WriterProperties::Builder builder;
    builder.version(::parquet::ParquetVersion::PARQUET_2_6)
        ->data_page_version(::parquet::ParquetDataPageVersion::V1)
        ->compression(::parquet::Compression::ZSTD)
        ->compression_level(kZstdLevel)
        ->enable_page_checksum()
        ->data_pagesize(kPageBytes)
        ->max_rows_per_page(kNoRowLimit)
        ->max_row_group_length(kNoRowLimit)
        ->write_batch_size(kWriteBatchRows)
        ->dictionary_pagesize_limit(kDictionaryBytesMax)
        ->disable_statistics()
        ->created_by("bassline");
    for (const auto& column : columns) {
        const std::string name(column.name);
        if (column.statistics) builder.enable_statistics(name);
        if (column.layout != event::Layout::dictionary) builder.disable_dictionary(name);
        if (column.layout == event::Layout::delta) {
            builder.encoding(name, ::parquet::Encoding::DELTA_BINARY_PACKED);
        }
    }
    return builder.build();
}

std::shared_ptr<arrow::Schema> schema_of(const std::vector<ColumnSpec>& columns) {
    arrow::FieldVector fields;
    for (const auto& column : columns) {
        fields.push_back(
            arrow::field(std::string(column.name), arrow_type(column), !column.required));
    }
    return arrow::schema(std::move(fields));
}

class ArrowFileWriter final : public FileWriter {
public:
    ArrowFileWriter(std::unique_ptr<storage::WritableFile> file, std::vector<ColumnSpec> columns)
        : columns_(std::move(columns)), stream_(std::make_shared<FileStream>(std::move(file))) {}

    Result<void> open(const std::map<std::string, std::string>& metadata) {
        const auto pairs = std::make_shared<arrow::KeyValueMetadata>();
        for (const auto& [key, value] : metadata) pairs->Append(key, value);
        return guarded([&]() -> arrow::Status {
            ARROW_RETURN_NOT_OK(::parquet::arrow::FileWriter::Open(*schema_of(columns_),
                                                                   arrow::system_memory_pool(),
                                                                   stream_, properties_of(columns_))
                                    .Value(&writer_));
            return writer_->AddKeyValueMetadata(pairs);
        });
    }

    Result<void> write_row_group(std::size_t rows, std::span<const ColumnChunk> chunks) override {
        assert(chunks.size() == columns_.size());
        return guarded([&]() -> arrow::Status {
            ARROW_RETURN_NOT_OK(writer_->NewRowGroup());
            for (std::size_t i = 0; i < columns_.size(); ++i) {
                const auto array = arrays_.make(columns_[i], chunks[i], rows);
                ARROW_RETURN_NOT_OK(writer_->WriteColumnChunk(*array));
            }
            return arrow::Status::OK();
        });
    }

    Result<std::unique_ptr<storage::WritableFile>> finish() override {
        TRY(guarded([&] { return writer_->Close(); }));
        return stream_->release();
    }

private:
    // Runs a step of Arrow's; its status or exception becomes our error.
    template <class Step>
    Result<void> guarded(Step step) {
        std::string message;
        try {
            const arrow::Status status = step();
            if (status.ok()) return {};
            message = status.ToString();
        } catch (const std::exception& exception) {
            message = exception.what();
        }
        if (stream_->failure()) return *stream_->failure();
        return error(ErrorKind::io, "could not write Parquet: {}", message);
    }

    std::vector<ColumnSpec> columns_;
    std::shared_ptr<FileStream> stream_;
    std::unique_ptr<::parquet::arrow::FileWriter> writer_;
    ArrayMaker arrays_;
};

ColumnSpec spec_of(const event::ColumnDefinition& column, event::Topic topic) {
    return {column.name, column.type, column.in(topic) == event::Presence::required, column.layout,
            column.pruned};
}

}  // namespace

std::vector<ColumnSpec> bronze_specs(event::Topic topic) {
    std::vector<ColumnSpec> specs;
    for (const auto& column : event::bronze_columns()) {
        if (column.in(topic) != event::Presence::absent) specs.push_back(spec_of(column, topic));
    }
    return specs;
}

std::vector<ColumnSpec> quarantine_specs() {
    std::vector<ColumnSpec> specs;
    for (const auto& column : event::quarantine_columns()) {
        specs.push_back(spec_of(column, event::Topic::page_view_events));
    }
    return specs;
}

Result<std::unique_ptr<FileWriter>> FileWriter::make(
    std::unique_ptr<storage::WritableFile> file, std::vector<ColumnSpec> columns,
    const std::map<std::string, std::string>& metadata) {
    auto writer = std::make_unique<ArrowFileWriter>(std::move(file), std::move(columns));
    TRY(writer->open(metadata));
    return std::unique_ptr<FileWriter>(std::move(writer));
}

std::string library_version() {
    return arrow::GetBuildInfo().version_string;
}

}  // namespace bassline::parquet
