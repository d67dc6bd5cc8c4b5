// SPDX-License-Identifier: Apache-2.0
#include "simulator/catalogue_file.hpp"

#include <cstring>

#include <zlib.h>

namespace bassline::simulator {
namespace {

constexpr unsigned char kFirstSharedByte = 32;
constexpr std::uint32_t kContentBytesMax = 1u << 26;

Error damaged(std::string_view how) {
    return error(ErrorKind::bad_data, "the embedded catalogue is damaged: {}", how);
}

// Collects texts; views are made once the bytes no longer move.
class TextCollector {
public:
    explicit TextCollector(std::size_t bytes) { list_.bytes.reserve(bytes); }

    void add(std::string_view part) {
        list_.bytes.insert(list_.bytes.end(), part.begin(), part.end());
    }
    std::size_t size() const { return list_.bytes.size(); }
    void add_again(std::size_t from, std::size_t bytes) {
        for (std::size_t i = 0; i < bytes; ++i) list_.bytes.push_back(list_.bytes[from + i]);
    }
    void end_text() { ends_.push_back(list_.bytes.size()); }

    TextList take() && {
        list_.texts.reserve(ends_.size());
        std::size_t begin = 0;
        for (const std::size_t end : ends_) {
            list_.texts.emplace_back(list_.bytes.data() + begin, end - begin);
            begin = end;
        }
        return std::move(list_);
    }

private:
    TextList list_;
    std::vector<std::size_t> ends_;
};

}  // namespace

Result<CatalogueReader> CatalogueReader::open(std::string_view content) {
    if (!content.starts_with(kCatalogueHeading)) return damaged("it has another heading");
    return CatalogueReader(content.substr(kCatalogueHeading.size()));
}

Result<std::string_view> CatalogueReader::column() {
    std::uint32_t bytes = 0;
    if (rest_.size() < sizeof bytes) return damaged("a column is missing");
    std::memcpy(&bytes, rest_.data(), sizeof bytes);
    rest_.remove_prefix(sizeof bytes);
    if (rest_.size() < bytes) return damaged("a column is cut short");
    const std::string_view column = rest_.substr(0, bytes);
    rest_.remove_prefix(bytes);
    return column;
}

Result<TextList> CatalogueReader::texts() {
    TRY_ASSIGN(std::string_view column, column());
    TextCollector list(3 * column.size());
    std::size_t before = 0;  // where the text before begins
    while (!column.empty()) {
        const std::size_t end = column.find('\n');
        const auto shared = static_cast<std::size_t>(static_cast<unsigned char>(column[0]));
        const std::size_t begin = list.size();
        if (end == column.npos || end == 0 || shared < kFirstSharedByte ||
            shared - kFirstSharedByte > begin - before) {
            return damaged("a text does not follow from the one before");
        }
        list.add_again(before, shared - kFirstSharedByte);
        list.add(column.substr(1, end - 1));
        list.end_text();
        before = begin;
        column.remove_prefix(end + 1);
    }
    return std::move(list).take();
}

Result<std::vector<std::uint32_t>> CatalogueReader::numbers() {
    TRY_ASSIGN(const std::string_view column, column());
    if (column.size() % 4 != 0) return damaged("numbers have four planes");
    const std::size_t count = column.size() / 4;
    std::vector<std::uint32_t> numbers(count);
    for (std::size_t plane = 0; plane < 4; ++plane) {
        const auto* bytes = reinterpret_cast<const unsigned char*>(column.data()) + plane * count;
        for (std::size_t i = 0; i < count; ++i) numbers[i] |= std::uint32_t{bytes[i]} << 8 * plane;
    }
    return numbers;
}

Result<std::vector<std::int64_t>> CatalogueReader::deltas() {
    TRY_ASSIGN(const std::vector<std::uint32_t> zigzag, numbers());
    std::vector<std::int64_t> values;
    values.reserve(zigzag.size());
    std::int64_t value = 0;
    for (const std::int64_t coded : zigzag) {
        value += (coded & 1) != 0 ? -(coded + 1) / 2 : coded / 2;
        values.push_back(value);
    }
    return values;
}

Result<TextList> CatalogueReader::phrases(const TextList& words) {
    TRY_ASSIGN(const std::vector<std::uint32_t> numbers, numbers());
    TextCollector list(8 * numbers.size());
    bool first = true;
    for (const std::uint32_t number : numbers) {
        if (number > words.texts.size()) return damaged("a word is unknown");
        if (number == 0) list.end_text();
        if (number != 0 && !first) list.add(" ");
        if (number != 0) list.add(words.texts[number - 1]);
        first = number == 0;
    }
    return std::move(list).take();
}

Result<std::vector<char>> inflate_catalogue(std::string_view gzip) {
    std::uint32_t size = 0;  // a gzip file ends with it
    if (gzip.size() < sizeof size) return damaged("it is cut short");
    std::memcpy(&size, gzip.data() + gzip.size() - sizeof size, sizeof size);
    if (size > kContentBytesMax) return damaged("it is cut short");
    std::vector<char> content(size);
    z_stream state{};
    inflateInit2(&state, 15 + 16);  // 16: a gzip header and trailer
    // zlib's interface takes its input without const; it does not write to it.
    state.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(gzip.data()));
    state.avail_in = static_cast<uInt>(gzip.size());
    state.next_out = reinterpret_cast<Bytef*>(content.data());
    state.avail_out = size;
    const int code = inflate(&state, Z_FINISH);
    inflateEnd(&state);
    if (code != Z_STREAM_END || state.avail_out != 0) return damaged("it does not inflate");
    return content;
}

}  // namespace bassline::simulator
