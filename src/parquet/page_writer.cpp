// SPDX-License-Identifier: Apache-2.0
#include "parquet/page_writer.hpp"

#include <algorithm>
#include <cstring>
#include <new>

#include <arrow/buffer.h>
#include <libdeflate.h>
#include <parquet/exception.h>
#include <zstd.h>

namespace bassline::parquet {
namespace {

using ::parquet::Encoding;

constexpr int kZstdLevel = 1;

// Doubles that repeat do so in whole, so shorter matches than the level's are worth finding; others
// have nothing to find and are passed by in larger steps: a quarter less time for about as many
// bytes (docs/adr/0006-own-pages-for-texts.md).
constexpr int kDoublesMinMatch = 5;
constexpr int kDoublesStep = 4;

class Compressor {
public:
    explicit Compressor(bool is_for_doubles) : context_(ZSTD_createCCtx(), ZSTD_freeCCtx) {
        if (!context_) throw std::bad_alloc();
        set(ZSTD_c_compressionLevel, kZstdLevel);
        if (!is_for_doubles) return;
        set(ZSTD_c_minMatch, kDoublesMinMatch);
        set(ZSTD_c_targetLength, kDoublesStep);
    }

    static std::size_t bound(std::size_t bytes) { return ZSTD_compressBound(bytes); }
    std::size_t compress(std::span<const std::uint8_t> from, std::uint8_t* to, std::size_t room) {
        const std::size_t size = ZSTD_compress2(context_.get(), to, room, from.data(), from.size());
        if (ZSTD_isError(size) != 0) throw ::parquet::ParquetException(ZSTD_getErrorName(size));
        return size;
    }

private:
    void set(ZSTD_cParameter parameter, int value) {
        const std::size_t set = ZSTD_CCtx_setParameter(context_.get(), parameter, value);
        if (ZSTD_isError(set) != 0) throw ::parquet::ParquetException(ZSTD_getErrorName(set));
    }

    std::unique_ptr<ZSTD_CCtx, decltype(&ZSTD_freeCCtx)> context_;
};

// A context costs as much to make as a page to compress.
Compressor& compressor(bool is_for_doubles = false) {
    thread_local Compressor of_thread(false);
    thread_local Compressor of_thread_for_doubles(true);
    return is_for_doubles ? of_thread_for_doubles : of_thread;
}

std::span<const std::uint8_t> compress(std::span<const std::uint8_t> body) {
    thread_local ByteBuffer compressed;
    compressed.clear();
    const std::size_t room = Compressor::bound(body.size());
    compressed.advance(compressor().compress(body, compressed.reserve(room), room));
    return compressed.view();
}

// A page header in Thrift's compact protocol, of which it needs numbers, structures and one truth.
class Header {
public:
    void number(int field, std::int64_t value) {
        begin(field, kNumber);
        bytes_.append_varint(static_cast<std::uint64_t>(value) << 1 ^
                             static_cast<std::uint64_t>(value >> 63));
    }
    void yes(int field) { begin(field, kTrue); }
    void open(int field) {
        begin(field, kStructure);
        outer_ = field;
        last_ = 0;
    }
    void close() {
        stop();
        last_ = outer_;
    }
    std::span<const std::uint8_t> finish() {
        stop();
        return bytes_.view();
    }

private:
    static constexpr int kTrue = 1;
    static constexpr int kNumber = 5;
    static constexpr int kStructure = 12;

    void begin(int field, int type) {
        const auto byte = static_cast<std::uint8_t>((field - last_) << 4 | type);
        bytes_.append(&byte, 1);
        last_ = field;
    }
    void stop() {
        const std::uint8_t byte = 0;
        bytes_.append(&byte, 1);
    }

    ByteBuffer bytes_;
    int last_ = 0;
    int outer_ = 0;
};

constexpr int kDataPage = 0;
constexpr int kDictionaryPage = 2;
constexpr int kDataPageV2 = 3;

// The checksum is of levels and values as they lie in the file.
void begin(Header& header, int type, std::span<const std::uint8_t> levels,
           std::span<const std::uint8_t> values, std::size_t uncompressed_size) {
    const std::uint32_t checksum = libdeflate_crc32(
        libdeflate_crc32(0, levels.data(), levels.size()), values.data(), values.size());
    header.number(1, type);
    header.number(2, static_cast<std::int64_t>(uncompressed_size));
    header.number(3, static_cast<std::int64_t>(levels.size() + values.size()));
    header.number(4, static_cast<std::int32_t>(checksum));
}

std::span<const std::uint8_t> view(const arrow::Buffer& buffer) {
    return {buffer.data(), static_cast<std::size_t>(buffer.size())};
}

}  // namespace

std::uint8_t* ByteBuffer::reserve(std::size_t bytes) {
    if (capacity_ - size_ < bytes) {
        capacity_ = std::max(capacity_ * 2, size_ + bytes);
        auto grown = std::make_unique_for_overwrite<std::uint8_t[]>(capacity_);
        if (size_ > 0) std::memcpy(grown.get(), bytes_.get(), size_);
        bytes_ = std::move(grown);
    }
    return bytes_.get() + size_;
}

void ByteBuffer::append(const void* from, std::size_t bytes) {
    std::uint8_t* const to = reserve(bytes);
    if (bytes > 0) std::memcpy(to, from, bytes);
    size_ += bytes;
}

void ByteBuffer::append_varint(std::uint64_t value) {
    std::uint8_t* const to = reserve(10);
    std::size_t count = 0;
    for (; value > 0x7F; value >>= 7) to[count++] = static_cast<std::uint8_t>(value | 0x80);
    to[count++] = static_cast<std::uint8_t>(value);
    size_ += count;
}

PageWriter::PageWriter(arrow::io::OutputStream& sink,
                       ::parquet::ColumnChunkMetaDataBuilder& metadata, bool required)
    : sink_(sink), metadata_(metadata), required_(required) {}

void PageWriter::Compress(const arrow::Buffer& from, arrow::ResizableBuffer* to) {
    const std::size_t room = Compressor::bound(static_cast<std::size_t>(from.size()));
    PARQUET_THROW_NOT_OK(to->Resize(static_cast<std::int64_t>(room), false));
    const std::size_t size =
        compressor(has_doubles_).compress(view(from), to->mutable_data(), room);
    PARQUET_THROW_NOT_OK(to->Resize(static_cast<std::int64_t>(size), false));
}

std::int64_t PageWriter::put(Bytes header, Bytes levels, Bytes values,
                             std::size_t uncompressed_size) {
    PARQUET_ASSIGN_OR_THROW(const std::int64_t offset, sink_.Tell());
    std::size_t bytes = 0;
    for (const Bytes part : {header, levels, values}) {
        PARQUET_THROW_NOT_OK(sink_.Write(part.data(), static_cast<std::int64_t>(part.size())));
        bytes += part.size();
    }
    compressed_bytes_ += static_cast<std::int64_t>(bytes);
    uncompressed_bytes_ += static_cast<std::int64_t>(header.size() + uncompressed_size);
    return offset;
}

void PageWriter::put_dictionary_page(const PageShape& shape, Bytes values) {
    Header header;
    begin(header, kDictionaryPage, {}, values, shape.values_size);
    header.open(7);
    header.number(1, static_cast<std::int64_t>(shape.rows));
    header.number(2, shape.encoding);
    header.close();
    dictionary_offset_ = put(header.finish(), {}, values, shape.values_size);
    ++dictionary_pages_[shape.encoding];
}

void PageWriter::count_data_page(std::int64_t offset, std::size_t rows, Encoding::type encoding) {
    if (data_pages_.empty()) data_offset_ = offset;
    ++data_pages_[encoding];
    values_ += static_cast<std::int64_t>(rows);
}

void PageWriter::put_data_page(const PageShape& shape, Bytes levels, Bytes values) {
    if (required_ && shape.nulls > 0) {
        throw ::parquet::ParquetException("a required column has rows without a value");
    }
    if (required_) levels = {};
    const std::size_t uncompressed_size = levels.size() + shape.values_size;
    Header header;
    begin(header, kDataPageV2, levels, values, uncompressed_size);
    header.open(8);
    header.number(1, static_cast<std::int64_t>(shape.rows));
    header.number(2, static_cast<std::int64_t>(shape.nulls));
    header.number(3, static_cast<std::int64_t>(shape.rows));
    header.number(4, shape.encoding);
    header.number(5, static_cast<std::int64_t>(levels.size()));
    header.number(6, 0);  // repetition
    header.yes(7);        // compressed
    header.close();
    const std::int64_t offset = put(header.finish(), levels, values, uncompressed_size);
    count_data_page(offset, shape.rows, shape.encoding);
}

void PageWriter::put_dictionary(Bytes body, std::size_t count) {
    const PageShape shape{body.size(), count, 0, Encoding::PLAIN};
    const Bytes compressed = compress(body);
    put_dictionary_page(shape, compressed);
    if (kept_ == nullptr) return;
    kept_->dictionary = {shape, {}, {compressed.begin(), compressed.end()}};
}

void PageWriter::put_data(Bytes levels, Bytes values, std::size_t rows, std::size_t nulls,
                          Encoding::type encoding) {
    const PageShape shape{values.size(), rows, nulls, encoding};
    const Bytes compressed = compress(values);
    put_data_page(shape, levels, compressed);
    if (kept_ == nullptr) return;
    kept_->data.push_back(
        {shape, {levels.begin(), levels.end()}, {compressed.begin(), compressed.end()}});
}

void PageWriter::put(const EncodedChunk& chunk) {
    if (chunk.dictionary) put_dictionary_page(chunk.dictionary->shape, chunk.dictionary->values);
    for (const auto& page : chunk.data) put_data_page(page.shape, page.levels, page.values);
}

std::int64_t PageWriter::WriteDictionaryPage(const ::parquet::DictionaryPage& page) {
    const std::int64_t before = uncompressed_bytes_;
    put_dictionary(view(*page.buffer()), static_cast<std::size_t>(page.num_values()));
    return uncompressed_bytes_ - before;
}

// Of version 1, which Compress() has seen, levels and all.
std::int64_t PageWriter::WriteDataPage(const ::parquet::DataPage& page) {
    const std::int64_t before = uncompressed_bytes_;
    const Bytes body = view(*page.buffer());
    const auto uncompressed_size = static_cast<std::size_t>(page.uncompressed_size());
    Header header;
    begin(header, kDataPage, {}, body, uncompressed_size);
    header.open(5);
    header.number(1, page.num_values());
    header.number(2, page.encoding());
    header.number(3, Encoding::RLE);
    header.number(4, Encoding::RLE);
    header.close();
    const std::int64_t offset = put(header.finish(), {}, body, uncompressed_size);
    count_data_page(offset, static_cast<std::size_t>(page.num_values()), page.encoding());
    return uncompressed_bytes_ - before;
}

void PageWriter::Close(bool has_dictionary, bool fallback) {
    constexpr std::int64_t kNoIndexPage = -1;
    metadata_.Finish(values_, dictionary_offset_, kNoIndexPage, data_offset_, compressed_bytes_,
                     uncompressed_bytes_, has_dictionary, fallback, dictionary_pages_, data_pages_);
}

}  // namespace bassline::parquet
