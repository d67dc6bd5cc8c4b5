// SPDX-License-Identifier: Apache-2.0
#include "parquet/file_merger.hpp"

#include <algorithm>
#include <cassert>
#include <numeric>

#include <arrow/buffer.h>
#include <arrow/chunked_array.h>
#include <arrow/io/memory.h>
#include <arrow/memory_pool.h>
#include <arrow/table.h>
#include <parquet/arrow/reader.h>
#include <parquet/file_reader.h>
#include <parquet/metadata.h>

#include "parquet/column_array.hpp"
#include "parquet/column_rows.hpp"

namespace bassline::parquet {
namespace {

using event::Layout;

// Arrow's side of one input.
class InputFile {
public:
    arrow::Status open(std::string_view bytes, const std::vector<ColumnSpec>& columns) {
        auto buffer =
            std::make_shared<arrow::Buffer>(reinterpret_cast<const std::uint8_t*>(bytes.data()),
                                            static_cast<std::int64_t>(bytes.size()));
        ::parquet::ReaderProperties properties(arrow::system_memory_pool());
        properties.set_page_checksum_verification(true);
        ::parquet::ArrowReaderProperties arrow_properties;
        for (std::size_t at = 0; at < columns.size(); ++at) {
            const bool is_coded =
                columns[at].type == event::Type::text && columns[at].layout == Layout::dictionary;
            arrow_properties.set_read_dictionary(static_cast<int>(at), is_coded);
        }
        ::parquet::arrow::FileReaderBuilder builder;
        ARROW_RETURN_NOT_OK(
            builder.Open(std::make_shared<arrow::io::BufferReader>(std::move(buffer)), properties));
        builder.memory_pool(arrow::system_memory_pool())->properties(arrow_properties);
        ARROW_ASSIGN_OR_RAISE(reader_, builder.Build());
        return check(columns);
    }

    int row_groups() const { return reader_->num_row_groups(); }
    arrow::Result<std::shared_ptr<arrow::Table>> read(int row_group) {
        return reader_->ReadRowGroup(row_group);
    }
    bool has_dictionary(int column) const {
        const auto metadata = reader_->parquet_reader()->metadata();
        return metadata->num_row_groups() == 0 ||
               metadata->RowGroup(0)->ColumnChunk(column)->has_dictionary_page();
    }

private:
    arrow::Status check(const std::vector<ColumnSpec>& columns) const {
        std::shared_ptr<arrow::Schema> schema;
        ARROW_RETURN_NOT_OK(reader_->GetSchema(&schema));
        if (schema->num_fields() != static_cast<int>(columns.size())) {
            return arrow::Status::Invalid(schema->num_fields(), " columns instead of ",
                                          columns.size());
        }
        for (std::size_t at = 0; at < columns.size(); ++at) {
            const auto expected = arrow::field(std::string(columns[at].name),
                                               arrow_type(columns[at]), !columns[at].required);
            const auto& field = schema->field(static_cast<int>(at));
            if (field->Equals(*expected, false)) continue;
            return arrow::Status::Invalid("column ", field->ToString(), " instead of ",
                                          expected->ToString());
        }
        return arrow::Status::OK();
    }

    std::unique_ptr<::parquet::arrow::FileReader> reader_;
};

class ArrowFileMerger final : public FileMerger {
public:
    ArrowFileMerger(std::unique_ptr<storage::WritableFile> file, MergeOptions options)
        : file_(std::move(file)), options_(std::move(options)) {}

    Result<std::uint64_t> add(std::string_view name, std::string_view bytes) override {
        std::uint64_t rows = 0;
        try {
            if (collected_.empty()) take_layouts(bytes);
            InputFile input;
            const arrow::Status opened = input.open(bytes, options_.columns);
            if (!opened.ok()) return unreadable(name, opened.message());
            for (int group = 0; group < input.row_groups(); ++group) {
                const auto table = input.read(group);
                if (!table.ok()) return unreadable(name, table.status().message());
                collect(**table);
                rows += static_cast<std::uint64_t>((*table)->num_rows());
                TRY(flush_if_full());
            }
        } catch (const std::exception& cause) {  // Parquet's own
            return unreadable(name, cause.what());
        }
        return rows;
    }

    Result<storage::FileDigest> close() override {
        TRY(flush());
        TRY_ASSIGN(const auto file, writer_->finish());
        return file->close_durably();
    }

private:
    static Error unreadable(std::string_view name, std::string_view cause) {
        return error(ErrorKind::bad_data, "{} cannot be read as a file of its topic: {}", name,
                     cause);
    }

    // What the first file keeps without a dictionary stays so.
    void take_layouts(std::string_view bytes) {
        InputFile first;
        if (first.open(bytes, options_.columns).ok()) {
            for (std::size_t at = 0; at < options_.columns.size(); ++at) {
                Layout& layout = options_.columns[at].layout;
                if (layout == Layout::dictionary && !first.has_dictionary(static_cast<int>(at))) {
                    layout = Layout::plain;
                }
            }
        }
        collected_.reserve(options_.columns.size());
        for (const ColumnSpec& column : options_.columns) collected_.emplace_back(column);
    }

    void collect(const arrow::Table& table) {
        for (int at = 0; at < table.num_columns(); ++at) {
            for (const auto& chunk : table.column(at)->chunks()) {
                collected_[static_cast<std::size_t>(at)].append(*chunk);
            }
        }
        rows_ += static_cast<std::size_t>(table.num_rows());
    }

    Result<void> flush_if_full() {
        const std::size_t bytes = std::accumulate(
            collected_.begin(), collected_.end(), std::size_t{0},
            [](std::size_t sum, const ColumnRows& column) { return sum + column.bytes(); });
        if (rows_ < options_.row_group_rows && bytes < options_.row_group_bytes) return {};
        return flush();
    }

    Result<void> flush() {
        if (!writer_) {
            TRY_ASSIGN(writer_,
                       FileWriter::make(std::move(file_), options_.columns, options_.metadata));
        }
        if (rows_ == 0) return {};
        const auto order = sorted_rows();
        std::vector<ColumnChunk> chunks;
        for (ColumnRows& column : collected_) chunks.push_back(column.in_order(order));
        TRY(writer_->write_row_group(rows_, chunks));
        for (ColumnRows& column : collected_) column.clear();
        rows_ = 0;
        return {};
    }

    std::vector<std::uint32_t> sorted_rows() const {
        std::vector<const ColumnRows*> keys;
        for (const std::string_view name : options_.order) {
            const auto column = std::ranges::find(options_.columns, name, &ColumnSpec::name);
            assert(column != options_.columns.end());
            keys.push_back(&collected_[static_cast<std::size_t>(
                std::distance(options_.columns.begin(), column))]);
        }
        std::vector<std::uint32_t> order(rows_);
        std::iota(order.begin(), order.end(), 0u);
        std::ranges::stable_sort(order, [&keys](std::uint32_t left, std::uint32_t right) {
            for (const ColumnRows* key : keys) {
                const std::int64_t a = key->integer(left);
                const std::int64_t b = key->integer(right);
                if (a != b) return a < b;
            }
            return false;
        });
        return order;
    }

    std::unique_ptr<storage::WritableFile> file_;
    MergeOptions options_;
    std::vector<ColumnRows> collected_;
    std::size_t rows_ = 0;
    std::unique_ptr<FileWriter> writer_;
};

}  // namespace

std::unique_ptr<FileMerger> FileMerger::make(std::unique_ptr<storage::WritableFile> file,
                                             MergeOptions options) {
    return std::make_unique<ArrowFileMerger>(std::move(file), std::move(options));
}

}  // namespace bassline::parquet
