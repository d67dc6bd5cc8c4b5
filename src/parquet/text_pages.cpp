// SPDX-License-Identifier: Apache-2.0
#include "parquet/text_pages.hpp"

#include <algorithm>
#include <bit>
#include <cstring>

#include "parquet/delta_pages.hpp"

namespace bassline::parquet {
namespace {

using ::parquet::Encoding;

constexpr std::size_t kPageBodyBytes = 1 << 20;
constexpr std::size_t kDictionaryBodyBytesMax = 16 << 20;
constexpr std::size_t kGroup = 8;  // numbers that bit-packing takes together

bool is_run(const std::uint32_t* values) {
    return std::all_of(values + 1, values + kGroup,
                       [&](std::uint32_t value) { return value == values[0]; });
}

// `count` numbers of `width` bits (at most 32), padded with zeros to whole groups.
void put_packed_bits(const std::uint32_t* values, std::size_t count, unsigned width,
                     ByteBuffer& out) {
    const std::size_t bytes = (count + kGroup - 1) / kGroup * width;
    std::uint8_t* to = out.reserve(bytes + sizeof(std::uint64_t));
    std::uint64_t word = 0;
    unsigned bits = 0;
    for (std::size_t i = 0; i < count; ++i) {
        word |= std::uint64_t{values[i]} << bits;
        bits += width;
        if (bits < 32) continue;
        std::memcpy(to, &word, 4);
        to += 4;
        word >>= 32;
        bits -= 32;
    }
    std::memset(
        to, 0,
        static_cast<std::size_t>(out.data() + out.size() + bytes + sizeof(std::uint64_t) - to));
    std::memcpy(to, &word, 4);
    out.advance(bytes);
}

// Parquet's hybrid of runs and packed bits: eight equal numbers or more become a run.
void put_hybrid(std::span<const std::uint32_t> values, unsigned width, ByteBuffer& out) {
    const std::uint32_t* const end = values.data() + values.size();
    for (const std::uint32_t* at = values.data(); at < end;) {
        const auto* const other =
            std::find_if(at, end, [&](std::uint32_t value) { return value != *at; });
        if (static_cast<std::size_t>(other - at) >= kGroup || other == end) {
            out.append_varint(static_cast<std::uint64_t>(other - at) << 1);
            out.append(at, (width + 7) / 8);
            at = other;
            continue;
        }
        const std::uint32_t* literal = at + std::min<std::ptrdiff_t>(end - at, kGroup);
        while (end - literal >= static_cast<std::ptrdiff_t>(kGroup) && !is_run(literal)) {
            literal += kGroup;
        }
        if (end - literal < static_cast<std::ptrdiff_t>(kGroup)) literal = end;
        const auto count = static_cast<std::size_t>(literal - at);
        out.append_varint((count + kGroup - 1) / kGroup << 1 | 1);
        put_packed_bits(at, count, width, out);
        at = literal;
    }
}

void put_value(std::string_view text, ByteBuffer& out) {
    const auto size = static_cast<std::uint32_t>(text.size());
    std::uint8_t* const to = out.reserve(sizeof size + size);
    std::memcpy(to, &size, sizeof size);
    if (size > 0) std::memcpy(to + sizeof size, text.data(), size);
    out.advance(sizeof size + size);
}

}  // namespace

// Definition levels of rows that all have a value, or none.
void TextPages::set_level_run(std::size_t rows, bool has_value) {
    levels_.clear();
    levels_.append_varint(static_cast<std::uint64_t>(rows) << 1);
    const std::uint8_t level = has_value;
    levels_.append(&level, 1);
}

// Definition levels of the rows [first, last): one bit each, whether there is a value.
template <class HasValue>
void TextPages::set_levels(std::size_t first, std::size_t last, HasValue has_value) {
    std::size_t same = first;
    while (same < last && has_value(same) == has_value(first)) ++same;
    const std::size_t rows = last - first;
    if (same == last) return set_level_run(rows, rows > 0 && has_value(first));
    levels_.clear();
    const std::size_t groups = (rows + kGroup - 1) / kGroup;
    levels_.append_varint(groups << 1 | 1);
    std::uint8_t* const bits = levels_.reserve(groups);
    std::memset(bits, 0, groups);
    for (std::size_t row = 0; row < rows; ++row) {
        bits[row / 8] = static_cast<std::uint8_t>(
            bits[row / 8] | static_cast<unsigned>(has_value(first + row)) << row % 8);
    }
    levels_.advance(groups);
}

const TextPages::Kept* TextPages::find_kept(const std::uint32_t* key) const {
    const auto found = std::ranges::find(kept_, key, &Kept::key);
    return found == kept_.end() ? nullptr : &*found;
}

// The kept chunk with the same codes, if every value that it uses is mapped to itself.
const TextPages::Kept* TextPages::find_equal(const Texts& texts) const {
    const Kept* const kept = texts.mapped == nullptr ? nullptr : find_kept(texts.codes);
    if (kept == nullptr) return nullptr;
    const bool is_equal = std::ranges::all_of(
        kept->used, [&](std::uint32_t code) { return texts.mapped[code] == code; });
    return is_equal ? kept : nullptr;
}

// What a row holds, by the caller's code.
template <class CodeOf>
void TextPages::find_indices(std::size_t rows, std::size_t values, CodeOf code_of) {
    if (local_codes_.size() < values) local_codes_.resize(values, kNullCode);
    used_codes_.clear();
    indices_.resize(rows);
    nulls_ = 0;
    std::uint32_t* const local_codes = local_codes_.data();
    std::uint32_t* const indices = indices_.data();
    for (std::size_t row = 0; row < rows; ++row) {
        const std::uint32_t code = code_of(row);
        if (code == kNullCode) {
            indices[row] = kNullCode;
            ++nulls_;
            continue;
        }
        std::uint32_t& local = local_codes[code];
        if (local == kNullCode) {
            local = static_cast<std::uint32_t>(used_codes_.size());
            used_codes_.push_back(code);
        }
        indices[row] = local;
    }
    for (const std::uint32_t code : used_codes_) local_codes[code] = kNullCode;
}

void TextPages::find_indices(const Texts& texts, std::size_t rows) {
    const std::uint32_t* const codes = texts.codes;
    const std::uint32_t* const mapped = texts.mapped;
    if (mapped == nullptr) {
        return find_indices(rows, texts.values.size(), [&](std::size_t row) { return codes[row]; });
    }
    find_indices(rows, texts.values.size(), [&](std::size_t row) {
        return codes[row] == kNullCode ? kNullCode : mapped[codes[row]];
    });
}

bool TextPages::fill_dictionary(const Texts& texts) {
    body_.clear();
    for (const std::uint32_t code : used_codes_) {
        put_value(texts.values[code], body_);
        if (body_.size() > kDictionaryBodyBytesMax) return false;
    }
    return true;
}

void TextPages::put_indices(PageWriter& pages) {
    const std::size_t used = used_codes_.size();
    const auto width = used <= 2 ? 1u : static_cast<unsigned>(std::bit_width(used - 1));
    const std::size_t rows_max = kPageBodyBytes * 8 / width;
    std::size_t first = 0;
    do {
        const std::size_t last = std::min(indices_.size(), first + rows_max);
        auto of_page = std::span<const std::uint32_t>(indices_).subspan(first, last - first);
        if (nulls_ > 0) {
            set_levels(first, last, [&](std::size_t row) { return indices_[row] != kNullCode; });
            dense_.clear();
            std::ranges::copy_if(of_page, std::back_inserter(dense_),
                                 [](std::uint32_t index) { return index != kNullCode; });
            of_page = dense_;
        } else {
            set_level_run(of_page.size(), true);
        }
        body_.clear();
        const auto width_byte = static_cast<std::uint8_t>(width);
        body_.append(&width_byte, 1);
        put_hybrid(of_page, width, body_);
        pages.put_data(levels_.view(), body_.view(), last - first, last - first - of_page.size(),
                       Encoding::RLE_DICTIONARY);
        first = last;
    } while (first < indices_.size());
}

bool TextPages::write_coded(const Texts& texts, std::size_t rows, bool again, PageWriter& pages) {
    if (const Kept* const equal = find_equal(texts)) {
        pages.put(equal->chunk);
        used_codes_ = equal->used;
        nulls_ = equal->nulls;
        return true;
    }
    find_indices(texts, rows);
    if (!fill_dictionary(texts)) return false;
    EncodedChunk chunk;
    const bool is_kept = again && texts.mapped == nullptr;
    if (is_kept) pages.keep_in(chunk);
    pages.put_dictionary(body_.view(), used_codes_.size());
    put_indices(pages);
    if (is_kept) kept_.push_back({texts.codes, used_codes_, nulls_, std::move(chunk)});
    return true;
}

::parquet::EncodedStatistics TextPages::statistics(const Texts& texts) const {
    ::parquet::EncodedStatistics statistics;
    statistics.set_null_count(static_cast<std::int64_t>(nulls_));
    if (used_codes_.empty()) return statistics;
    const auto value = [&](std::uint32_t code) { return texts.values[code]; };
    const auto [min, max] = std::ranges::minmax(used_codes_, {}, value);
    statistics.set_min(std::string(value(min)));
    statistics.set_max(std::string(value(max)));
    return statistics;
}

void TextPages::write_constant(std::string_view text, std::size_t rows, PageWriter& pages) {
    body_.clear();
    put_value(text, body_);
    pages.put_dictionary(body_.view(), 1);
    set_level_run(rows, true);
    constexpr std::uint8_t kWidth = 1;
    constexpr std::uint8_t kFirst = 0;
    body_.clear();
    body_.append(&kWidth, 1);
    body_.append_varint(std::uint64_t{rows} << 1);
    body_.append(&kFirst, 1);
    pages.put_data(levels_.view(), body_.view(), rows, 0, Encoding::RLE_DICTIONARY);
}

// Pages of whole texts, each closed with the text that fills it: the lengths, then the texts
// (DELTA_LENGTH_BYTE_ARRAY). A length before each text, as PLAIN has it, costs zstd a match a
// value.
template <class SizeOf, class HasValue, class PutTexts>
void TextPages::write_text_pages(std::size_t rows, PageWriter& pages, SizeOf size_of,
                                 HasValue has_value, PutTexts put_texts) {
    std::size_t first = 0;
    do {
        std::size_t last = first;
        lengths_.clear();
        for (std::size_t bytes = 0; last < rows && bytes < kPageBodyBytes; ++last) {
            const std::size_t size = size_of(last);
            if (has_value(last)) lengths_.push_back(static_cast<std::int32_t>(size));
            bytes += sizeof(std::uint32_t) + size;
        }
        set_levels(first, last, has_value);
        body_.clear();
        append_delta(lengths_, body_);
        put_texts(first, last);
        pages.put_data(levels_.view(), body_.view(), last - first, last - first - lengths_.size(),
                       Encoding::DELTA_LENGTH_BYTE_ARRAY);
        first = last;
    } while (first < rows);
}

void TextPages::write_texts(const Texts& texts, std::size_t rows, PageWriter& pages) {
    const auto code_of = [&](std::size_t row) {
        const std::uint32_t code = texts.codes[row];
        return texts.mapped != nullptr && code != kNullCode ? texts.mapped[code] : code;
    };
    const auto text_of = [&](std::size_t row) {
        const std::uint32_t code = code_of(row);
        return code == kNullCode ? std::string_view() : texts.values[code];
    };
    write_text_pages(
        rows, pages, [&](std::size_t row) { return text_of(row).size(); },
        [&](std::size_t row) { return code_of(row) != kNullCode; },
        [&](std::size_t first, std::size_t last) {
            for (std::size_t row = first; row < last; ++row) {
                const std::string_view text = text_of(row);
                body_.append(text.data(), text.size());
            }
        });
}

// A row without a value has no bytes.
void TextPages::write_texts(const Packed& packed, std::size_t rows, bool again, PageWriter& pages) {
    if (const Kept* const equal = find_kept(packed.starts)) return pages.put(equal->chunk);
    EncodedChunk chunk;
    if (again) pages.keep_in(chunk);
    const std::uint32_t* const starts = packed.starts;
    write_text_pages(
        rows, pages, [&](std::size_t row) { return starts[row + 1] - starts[row]; },
        [&](std::size_t row) {
            return packed.present == nullptr || (packed.present[row] & packed.bit) != 0;
        },
        [&](std::size_t first, std::size_t last) {
            body_.append(packed.bytes.data() + starts[first], starts[last] - starts[first]);
        });
    if (again) kept_.push_back({.key = packed.starts, .chunk = std::move(chunk)});
}

void TextPages::write_nulls(std::size_t rows, bool has_dictionary, PageWriter& pages) {
    set_level_run(rows, false);
    body_.clear();
    if (has_dictionary) pages.put_dictionary({}, 0);
    const std::uint8_t width = 1;
    if (has_dictionary) body_.append(&width, 1);
    pages.put_data(levels_.view(), body_.view(), rows, rows,
                   has_dictionary ? Encoding::RLE_DICTIONARY : Encoding::PLAIN);
}

}  // namespace bassline::parquet
