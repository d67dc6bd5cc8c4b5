// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include <arrow/io/interfaces.h>
#include <parquet/column_page.h>
#include <parquet/column_writer.h>
#include <parquet/metadata.h>

// The pages of one column chunk: compressed, with header and checksum. Inside this room only.
//
// In place of Arrow's own, which makes a zstd context for every page: ours are the thread's. Takes
// pages from Arrow's column writers and, by put_*, those that this room encodes; these are of
// version 2, where levels stand before the compressed values, so that a required column and an
// optional one can share them.
namespace bassline::parquet {

/// Bytes in memory that is used again and not zeroed.
class ByteBuffer {
public:
    void clear() { size_ = 0; }
    std::size_t size() const { return size_; }
    std::uint8_t* data() { return bytes_.get(); }
    std::span<const std::uint8_t> view() const { return {bytes_.get(), size_}; }

    /// Makes room for `bytes` more and returns where they go; advance() then counts them.
    std::uint8_t* reserve(std::size_t bytes);
    void advance(std::size_t bytes) { size_ += bytes; }
    void append(const void* from, std::size_t bytes);
    void append_varint(std::uint64_t value);

private:
    std::unique_ptr<std::uint8_t[]> bytes_;
    std::size_t size_ = 0;
    std::size_t capacity_ = 0;
};

/// What a page's header tells.
struct PageShape {
    std::size_t values_size;  // before compression
    std::size_t rows;         // of a dictionary, its values
    std::size_t nulls;
    ::parquet::Encoding::type encoding;
};

/// The pages of a column chunk as they lie in the file, which another chunk may hold too.
struct EncodedChunk {
    struct Page {
        PageShape shape;
        std::vector<std::uint8_t> levels;
        std::vector<std::uint8_t> values;
    };
    std::optional<Page> dictionary;
    std::vector<Page> data;
};

class PageWriter final : public ::parquet::PageWriter {
public:
    /// `sink` and `metadata` outlive it. The levels of a `required` column are not written.
    PageWriter(arrow::io::OutputStream& sink, ::parquet::ColumnChunkMetaDataBuilder& metadata,
               bool required);

    void Close(bool has_dictionary, bool fallback) override;
    std::int64_t WriteDataPage(const ::parquet::DataPage& page) override;
    std::int64_t WriteDictionaryPage(const ::parquet::DictionaryPage& page) override;
    std::int64_t total_compressed_bytes_written() const override { return compressed_bytes_; }
    bool has_compressor() override { return true; }
    void Compress(const arrow::Buffer& from, arrow::ResizableBuffer* to) override;

    /// Arrow's data pages are of plain doubles, which are compressed in their own way.
    void expect_doubles() { has_doubles_ = true; }

    /// Of `count` plain values.
    void put_dictionary(std::span<const std::uint8_t> body, std::size_t count);
    /// `rows` rows, of which `nulls` have no value.
    void put_data(std::span<const std::uint8_t> levels, std::span<const std::uint8_t> values,
                  std::size_t rows, std::size_t nulls, ::parquet::Encoding::type encoding);

    /// The pages that are put from here on are kept in `chunk` too.
    void keep_in(EncodedChunk& chunk) { kept_ = &chunk; }
    void put(const EncodedChunk& chunk);

    std::int64_t uncompressed_bytes() const { return uncompressed_bytes_; }

private:
    using Bytes = std::span<const std::uint8_t>;

    void put_dictionary_page(const PageShape& shape, Bytes values);
    void put_data_page(const PageShape& shape, Bytes levels, Bytes values);
    void count_data_page(std::int64_t offset, std::size_t rows, ::parquet::Encoding::type encoding);
    std::int64_t put(Bytes header, Bytes levels, Bytes values, std::size_t uncompressed_size);

    arrow::io::OutputStream& sink_;
    ::parquet::ColumnChunkMetaDataBuilder& metadata_;
    const bool required_;
    bool has_doubles_ = false;
    EncodedChunk* kept_ = nullptr;
    std::int64_t dictionary_offset_ = 0;
    std::int64_t data_offset_ = 0;
    std::int64_t values_ = 0;
    std::int64_t compressed_bytes_ = 0;  // headers included, as the metadata wants it
    std::int64_t uncompressed_bytes_ = 0;
    std::map<::parquet::Encoding::type, std::int32_t> dictionary_pages_;
    std::map<::parquet::Encoding::type, std::int32_t> data_pages_;
};

}  // namespace bassline::parquet
