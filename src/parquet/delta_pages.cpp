// SPDX-License-Identifier: Apache-2.0
#include "parquet/delta_pages.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>
#include <limits>
#include <string>
#include <type_traits>
#include <variant>

namespace bassline::parquet {
namespace {

using ::parquet::EncodedStatistics;

constexpr std::size_t kPageValuesBytes = 1 << 20;  // before they are packed
constexpr std::size_t kMiniBlocks = 4;             // of a block

template <class Number>
constexpr std::size_t kMiniBlock = sizeof(Number) * 8;  // numbers
template <class Number>
constexpr std::size_t kBlock = kMiniBlocks* kMiniBlock<Number>;

std::uint64_t zigzag(std::int64_t value) {
    return static_cast<std::uint64_t>(value) << 1 ^ static_cast<std::uint64_t>(value >> 63);
}

template <class Number>
void append_header(std::size_t count, Number first, ByteBuffer& out) {
    out.append_varint(kBlock<Number>);
    out.append_varint(kMiniBlocks);
    out.append_varint(count);
    out.append_varint(zigzag(first));
}

// A miniblock in `width` bits a number, the first in the lowest bits. Returns where it ends.
template <class Unsigned>
std::uint8_t* pack(const Unsigned* numbers, unsigned width, std::uint8_t* to) {
    constexpr unsigned kWordBits = 64;
    std::uint64_t word = 0;
    unsigned bits = 0;
    for (std::size_t i = 0; i < kMiniBlock<Unsigned>; ++i) {
        const std::uint64_t number = numbers[i];
        word |= number << bits;
        bits += width;
        if (bits < kWordBits) continue;
        std::memcpy(to, &word, sizeof word);
        to += sizeof word;
        bits -= kWordBits;
        word = bits == 0 ? 0 : number >> (width - bits);
    }
    std::memcpy(to, &word, bits / 8);  // a miniblock fills whole words, or half of the last
    return to + bits / 8;
}

template <class Number>
void append_numbers(std::span<const Number> values, ByteBuffer& out) {
    using Unsigned = std::make_unsigned_t<Number>;
    append_header(values.size(), values.empty() ? Number{0} : values.front(), out);
    std::array<Unsigned, kBlock<Number>> excess;
    for (std::size_t first = 1; first < values.size(); first += excess.size()) {
        const std::size_t count = std::min(excess.size(), values.size() - first);
        Number least = std::numeric_limits<Number>::max();
        for (std::size_t i = 0; i < count; ++i) {
            excess[i] = static_cast<Unsigned>(values[first + i]) -
                        static_cast<Unsigned>(values[first + i - 1]);
            least = std::min(least, static_cast<Number>(excess[i]));
        }
        for (std::size_t i = 0; i < count; ++i) excess[i] -= static_cast<Unsigned>(least);
        std::fill(excess.begin() + static_cast<std::ptrdiff_t>(count), excess.end(), Unsigned{0});

        out.append_varint(zigzag(least));
        std::uint8_t* const widths = out.reserve(kMiniBlocks + sizeof excess);
        std::uint8_t* to = widths + kMiniBlocks;
        for (std::size_t mini = 0; mini < kMiniBlocks; ++mini) {
            const Unsigned* const numbers = excess.data() + mini * kMiniBlock<Number>;
            Unsigned any = 0;
            for (std::size_t i = 0; i < kMiniBlock<Number>; ++i) any |= numbers[i];
            const auto width = static_cast<unsigned>(std::bit_width(any));
            widths[mini] = static_cast<std::uint8_t>(width);
            if (width > 0) to = pack(numbers, width, to);
        }
        out.advance(static_cast<std::size_t>(to - widths));
    }
}

// The same value `count` times: of each block the difference 0 and no bits.
template <class Number>
void append_same(Number value, std::size_t count, ByteBuffer& out) {
    append_header(count, value, out);
    const std::size_t blocks = (count + kBlock<Number> - 2) / kBlock<Number>;
    const std::size_t bytes = blocks * (1 + kMiniBlocks);
    std::memset(out.reserve(bytes), 0, bytes);
    out.advance(bytes);
}

template <class Number>
EncodedStatistics statistics_of(Number min, Number max) {
    const auto bytes_of = [](Number number) {
        return std::string(reinterpret_cast<const char*>(&number), sizeof number);
    };
    EncodedStatistics statistics;
    statistics.set_null_count(0);
    statistics.set_min(bytes_of(min));
    statistics.set_max(bytes_of(max));
    statistics.is_min_value_exact = statistics.is_max_value_exact = true;
    statistics.set_is_signed(true);
    return statistics;
}

template <class Number>
EncodedStatistics write_numbers(const ColumnChunk& chunk, std::size_t rows, PageWriter& pages) {
    constexpr std::size_t kPageRows = kPageValuesBytes / sizeof(Number);
    thread_local ByteBuffer body;
    const auto put_page = [&](std::size_t count) {
        pages.put_data({}, body.view(), count, 0, ::parquet::Encoding::DELTA_BINARY_PACKED);
    };
    body.clear();
    if (const auto* const constant = std::get_if<Constant>(&chunk)) {
        const auto value = static_cast<Number>(std::get<std::int64_t>(constant->value));
        append_same(value, rows, body);
        put_page(rows);
        return rows == 0 ? EncodedStatistics{} : statistics_of(value, value);
    }
    const std::span values(static_cast<const Number*>(std::get<Flat>(chunk).values), rows);
    std::size_t first = 0;
    do {
        const auto of_page = values.subspan(first, std::min(kPageRows, rows - first));
        body.clear();
        append_numbers(of_page, body);
        put_page(of_page.size());
        first += of_page.size();
    } while (first < rows);
    if (rows == 0) return {};
    const auto [min, max] = std::ranges::minmax(values);
    return statistics_of(min, max);
}

}  // namespace

void append_delta(std::span<const std::int32_t> values, ByteBuffer& out) {
    append_numbers(values, out);
}

void append_delta(std::span<const std::int64_t> values, ByteBuffer& out) {
    append_numbers(values, out);
}

bool is_delta(const ColumnSpec& column, const ColumnChunk& chunk) {
    using event::Type;
    const bool is_integer =
        column.type == Type::int32 || column.type == Type::int64 || column.type == Type::timestamp;
    if (!is_integer || !column.required || column.layout != event::Layout::delta) return false;
    if (const auto* const flat = std::get_if<Flat>(&chunk)) return flat->present == nullptr;
    return std::holds_alternative<Constant>(chunk);
}

EncodedStatistics write_delta_pages(const ColumnSpec& column, const ColumnChunk& chunk,
                                    std::size_t rows, PageWriter& pages) {
    return column.type == event::Type::int32 ? write_numbers<std::int32_t>(chunk, rows, pages)
                                             : write_numbers<std::int64_t>(chunk, rows, pages);
}

}  // namespace bassline::parquet
