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

class Compressor {
public:
    Compressor() : context_(ZSTD_createCCtx(), ZSTD_freeCCtx) {
        if (!context_) throw std::bad_alloc();
    }

    static std::size_t bound(std::size_t bytes) { return ZSTD_compressBound(bytes); }
    std::size_t compress(std::span<const std::uint8_t> from, std::uint8_t* to, std::size_t room) {
        const std::size_t size =
            ZSTD_compressCCtx(context_.get(), to, room, from.data(), from.size(), kZstdLevel);
        if (ZSTD_isError(size) != 0) throw ::parquet::ParquetException(ZSTD_getErrorName(size));
        return size;
    }

private:
    std::unique_ptr<ZSTD_CCtx, decltype(&ZSTD_freeCCtx)> context_;
};

// A context costs as much to make as a page to compress.
Compressor& compressor() {
    thread_local Compressor of_thread;
    return of_thread;
}

std::span<const std::uint8_t> compress(std::span<const std::uint8_t> body) {
    thread_local ByteBuffer compressed;
    compressed.clear();
    const std::size_t room = Compressor::bound(body.size());
    compressed.advance(compressor().compress(body, compressed.reserve(room), room));
    return compressed.view();
}

// A page header in Thrift's compact protocol, of which it needs numbers and structures only.
class Header {
public:
    void number(int field, std::int64_t value) {
        begin(field, kNumber);
        bytes_.append_varint(static_cast<std::uint64_t>(value) << 1 ^
                             static_cast<std::uint64_t>(value >> 63));
    }
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

void begin(Header& header, int type, std::span<const std::uint8_t> body,
           std::size_t uncompressed_size) {
    header.number(1, type);
    header.number(2, static_cast<std::int64_t>(uncompressed_size));
    header.number(3, static_cast<std::int64_t>(body.size()));
    header.number(4, static_cast<std::int32_t>(libdeflate_crc32(0, body.data(), body.size())));
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
                       ::parquet::ColumnChunkMetaDataBuilder& metadata)
    : sink_(sink), metadata_(metadata) {}

void PageWriter::Compress(const arrow::Buffer& from, arrow::ResizableBuffer* to) {
    const std::size_t room = Compressor::bound(static_cast<std::size_t>(from.size()));
    PARQUET_THROW_NOT_OK(to->Resize(static_cast<std::int64_t>(room), false));
    const std::size_t size = compressor().compress(view(from), to->mutable_data(), room);
    PARQUET_THROW_NOT_OK(to->Resize(static_cast<std::int64_t>(size), false));
}

std::int64_t PageWriter::put(std::span<const std::uint8_t> header,
                             std::span<const std::uint8_t> body, std::size_t uncompressed_size) {
    PARQUET_ASSIGN_OR_THROW(const std::int64_t offset, sink_.Tell());
    PARQUET_THROW_NOT_OK(sink_.Write(header.data(), static_cast<std::int64_t>(header.size())));
    PARQUET_THROW_NOT_OK(sink_.Write(body.data(), static_cast<std::int64_t>(body.size())));
    compressed_bytes_ += static_cast<std::int64_t>(header.size() + body.size());
    uncompressed_bytes_ += static_cast<std::int64_t>(header.size() + uncompressed_size);
    return offset;
}

void PageWriter::put_dictionary_page(std::span<const std::uint8_t> compressed,
                                     std::size_t uncompressed_size, std::size_t values) {
    Header header;
    begin(header, kDictionaryPage, compressed, uncompressed_size);
    header.open(7);
    header.number(1, static_cast<std::int64_t>(values));
    header.number(2, Encoding::PLAIN);
    header.close();
    dictionary_offset_ = put(header.finish(), compressed, uncompressed_size);
    ++dictionary_pages_[Encoding::PLAIN];
}

void PageWriter::put_data_page(std::span<const std::uint8_t> compressed,
                               std::size_t uncompressed_size, std::size_t rows,
                               Encoding::type encoding) {
    Header header;
    begin(header, kDataPage, compressed, uncompressed_size);
    header.open(5);
    header.number(1, static_cast<std::int64_t>(rows));
    header.number(2, encoding);
    header.number(3, Encoding::RLE);
    header.number(4, Encoding::RLE);
    header.close();
    const std::int64_t offset = put(header.finish(), compressed, uncompressed_size);
    if (data_pages_.empty()) data_offset_ = offset;
    ++data_pages_[encoding];
    values_ += static_cast<std::int64_t>(rows);
}

void PageWriter::put_dictionary(std::span<const std::uint8_t> body, std::size_t values,
                                CompressedPage* kept) {
    const auto compressed = compress(body);
    put_dictionary_page(compressed, body.size(), values);
    if (kept == nullptr) return;
    kept->bytes.assign(compressed.begin(), compressed.end());
    kept->uncompressed_size = body.size();
}

void PageWriter::put_dictionary(const CompressedPage& page, std::size_t values) {
    put_dictionary_page(page.bytes, page.uncompressed_size, values);
}

void PageWriter::put_data(std::span<const std::uint8_t> body, std::size_t rows,
                          Encoding::type encoding) {
    put_data_page(compress(body), body.size(), rows, encoding);
}

std::int64_t PageWriter::WriteDictionaryPage(const ::parquet::DictionaryPage& page) {
    const std::int64_t before = uncompressed_bytes_;
    put_dictionary(view(*page.buffer()), static_cast<std::size_t>(page.num_values()));
    return uncompressed_bytes_ - before;
}

// Of a page that Compress() has seen.
std::int64_t PageWriter::WriteDataPage(const ::parquet::DataPage& page) {
    const std::int64_t before = uncompressed_bytes_;
    put_data_page(view(*page.buffer()), static_cast<std::size_t>(page.uncompressed_size()),
                  static_cast<std::size_t>(page.num_values()), page.encoding());
    return uncompressed_bytes_ - before;
}

void PageWriter::Close(bool has_dictionary, bool fallback) {
    constexpr std::int64_t kNoIndexPage = -1;
    metadata_.Finish(values_, dictionary_offset_, kNoIndexPage, data_offset_, compressed_bytes_,
                     uncompressed_bytes_, has_dictionary, fallback, dictionary_pages_, data_pages_);
}

}  // namespace bassline::parquet
