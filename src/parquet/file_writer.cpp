// SPDX-License-Identifier: Apache-2.0
#include "parquet/file_writer.hpp"

#include <algorithm>
#include <cassert>
#include <exception>
#include <optional>

#include <arrow/config.h>
#include <arrow/io/interfaces.h>
#include <arrow/memory_pool.h>
#include <arrow/util/key_value_metadata.h>
#include <parquet/arrow/schema.h>
#include <parquet/file_writer.h>
#include <parquet/properties.h>

#include "parquet/column_array.hpp"
#include "parquet/delta_pages.hpp"
#include "parquet/page_writer.hpp"
#include "parquet/text_pages.hpp"

namespace bassline::parquet {
namespace {

constexpr std::int64_t kPageBytes = 1 << 20;
constexpr std::int64_t kDictionaryBytesMax = 16 << 20;  // past it, plain values
constexpr std::int64_t kWriteBatchRows = 1 << 14;
constexpr std::int64_t kNoRowLimit = 1 << 30;
constexpr std::size_t kWriteBytes = 256 << 10;

// Our file as Arrow sees it, written in large pieces; keeps the first error, which says more than
// Arrow's.
class FileStream final : public arrow::io::OutputStream {
public:
    explicit FileStream(std::unique_ptr<storage::WritableFile> file) : file_(std::move(file)) {}

    arrow::Status Write(const void* data, std::int64_t bytes) override {
        buffer_.append(data, static_cast<std::size_t>(bytes));
        return buffer_.size() < kWriteBytes ? arrow::Status::OK() : Flush();
    }
    arrow::Status Flush() override {
        auto written =
            file_->append({reinterpret_cast<const char*>(buffer_.data()), buffer_.size()});
        buffer_.clear();
        if (written) return arrow::Status::OK();
        error_ = std::move(written).error();
        return arrow::Status::IOError(error_->message);
    }
    arrow::Result<std::int64_t> Tell() const override {
        return static_cast<std::int64_t>(file_->size() + buffer_.size());
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
    ByteBuffer buffer_;  // pages are many and small
    std::optional<Error> error_;
    bool closed_ = false;
};

std::shared_ptr<::parquet::WriterProperties> properties_of(const std::vector<ColumnSpec>& columns) {
    ::parquet::WriterProperties::Builder builder;
    builder.version(::parquet::ParquetVersion::PARQUET_2_6)
        ->data_page_version(::parquet::ParquetDataPageVersion::V1)
        ->compression(::parquet::Compression::ZSTD)
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
        : columns_(std::move(columns)),
          properties_(properties_of(columns_)),
          stream_(std::make_shared<FileStream>(std::move(file))) {}

    Result<void> open(const std::map<std::string, std::string>& metadata) {
        for (const auto& [key, value] : metadata) metadata_->Append(key, value);
        return guarded([&]() -> arrow::Status {
            ARROW_RETURN_NOT_OK(::parquet::arrow::ToParquetSchema(schema_of(columns_).get(),
                                                                  *properties_, &schema_));
            footer_ = ::parquet::FileMetaDataBuilder::Make(schema_.get(), properties_);
            return stream_->Write(::parquet::kParquetMagic, sizeof ::parquet::kParquetMagic);
        });
    }

    Result<void> write_row_group(std::size_t rows, std::span<const ColumnChunk> chunks) override {
        assert(chunks.size() == columns_.size());
        text_pages().forget();  // of a row group that failed
        return guarded([&]() -> arrow::Status {
            auto* const group = footer_->AppendRowGroup();
            group->set_num_rows(static_cast<std::int64_t>(rows));
            std::int64_t bytes = 0;
            for (std::size_t i = 0; i < columns_.size(); ++i) {
                const bool again = comes_again(chunks, i);
                ARROW_ASSIGN_OR_RAISE(
                    const std::int64_t of_column,
                    write_column(columns_[i], chunks[i], rows, again, *group->NextColumnChunk()));
                bytes += of_column;
            }
            text_pages().forget();
            group->Finish(bytes, row_groups_++);
            return arrow::Status::OK();
        });
    }

    Result<std::unique_ptr<storage::WritableFile>> finish() override {
        TRY(guarded([&] {
            ::parquet::WriteFileMetaData(*footer_->Finish(metadata_), stream_.get());
            return stream_->Flush();
        }));
        return stream_->release();
    }

private:
    // The thread's, whatever files it writes.
    static TextPages& text_pages() {
        thread_local TextPages of_thread;
        return of_thread;
    }

    // What columns of the same texts have in common.
    static const std::uint32_t* key_of(const ColumnChunk& chunk) {
        if (const auto* const texts = std::get_if<Texts>(&chunk)) return texts->codes;
        const auto* const packed = std::get_if<Packed>(&chunk);
        return packed == nullptr ? nullptr : packed->starts;
    }

    static bool comes_again(std::span<const ColumnChunk> chunks, std::size_t at) {
        const std::uint32_t* const key = key_of(chunks[at]);
        if (key == nullptr) return false;
        return std::ranges::any_of(chunks.subspan(at + 1),
                                   [&](const ColumnChunk& later) { return key_of(later) == key; });
    }

    // Returns the bytes before compression.
    arrow::Result<std::int64_t> write_column(const ColumnSpec& column, const ColumnChunk& chunk,
                                             std::size_t rows, bool again,
                                             ::parquet::ColumnChunkMetaDataBuilder& metadata) {
        if (is_delta(column, chunk) || is_ours(chunk)) {
            PageWriter pages(*stream_, metadata, column.required);
            const bool has_dictionary = write_pages(column, chunk, rows, again, pages, metadata);
            pages.Close(has_dictionary, false);
            return pages.uncompressed_bytes();
        }
        const auto array = make_array(column, chunk, rows);
        auto pages = std::make_unique<PageWriter>(*stream_, metadata, column.required);
        if (column.type == event::Type::real && column.layout != event::Layout::dictionary) {
            pages->expect_doubles();
        }
        const auto writer =
            ::parquet::ColumnWriter::Make(&metadata, std::move(pages), properties_.get());
        ARROW_RETURN_NOT_OK(writer->WriteArrow(column.required ? nullptr : levels_of(chunk, rows),
                                               nullptr, static_cast<std::int64_t>(rows), *array,
                                               &context_, !column.required));
        return writer->Close();
    }

    static bool is_ours(const ColumnChunk& chunk) {
        if (const auto* const constant = std::get_if<Constant>(&chunk)) {
            return std::holds_alternative<std::string_view>(constant->value);
        }
        return !std::holds_alternative<Flat>(chunk) && !std::holds_alternative<Strings>(chunk);
    }

    // Whether the column became one of codes.
    bool write_pages(const ColumnSpec& column, const ColumnChunk& chunk, std::size_t rows,
                     bool again, PageWriter& pages,
                     ::parquet::ColumnChunkMetaDataBuilder& metadata) {
        if (is_delta(column, chunk)) {
            const auto statistics = write_delta_pages(column, chunk, rows, pages);
            if (column.statistics) metadata.SetStatistics(statistics);
            return false;
        }
        const bool has_dictionary = column.layout == event::Layout::dictionary;
        if (const auto* const texts = std::get_if<Texts>(&chunk)) {
            if (has_dictionary && text_pages().write_coded(*texts, rows, again, pages)) {
                if (column.statistics) metadata.SetStatistics(text_pages().statistics(*texts));
                return true;
            }
            text_pages().write_texts(*texts, rows, pages);
            return false;
        }
        if (const auto* const packed = std::get_if<Packed>(&chunk)) {
            text_pages().write_texts(*packed, rows, again, pages);
            return false;
        }
        if (const auto* const constant = std::get_if<Constant>(&chunk)) {
            text_pages().write_constant(std::get<std::string_view>(constant->value), rows, pages);
            return true;
        }
        text_pages().write_nulls(rows, has_dictionary, pages);
        return has_dictionary;
    }

    // Definition levels, which Arrow wants as numbers.
    const std::int16_t* levels_of(const ColumnChunk& chunk, std::size_t rows) {
        levels_.assign(rows, 1);
        const auto* const flat = std::get_if<Flat>(&chunk);
        if (flat != nullptr && flat->present != nullptr) {
            for (std::size_t row = 0; row < rows; ++row) {
                levels_[row] = (flat->present[row] & flat->bit) != 0;
            }
        }
        return levels_.data();
    }

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
    const std::shared_ptr<::parquet::WriterProperties> properties_;
    std::shared_ptr<FileStream> stream_;
    const std::shared_ptr<arrow::KeyValueMetadata> metadata_ =
        std::make_shared<arrow::KeyValueMetadata>();
    std::shared_ptr<::parquet::SchemaDescriptor> schema_;
    std::unique_ptr<::parquet::FileMetaDataBuilder> footer_;
    std::int16_t row_groups_ = 0;
    ::parquet::ArrowWriteContext context_{arrow::system_memory_pool(),
                                          ::parquet::default_arrow_writer_properties().get()};
    std::vector<std::int16_t> levels_;
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
