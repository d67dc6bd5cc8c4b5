// SPDX-License-Identifier: Apache-2.0
#include "ingest/row_buffer.hpp"

#include <algorithm>
#include <bit>
#include <cassert>
#include <cstring>
#include <new>
#include <numeric>
#include <vector>

#include "event/text.hpp"
#include "parquet/file_writer.hpp"

namespace bassline::ingest {
namespace {

using event::Column;
using event::Type;
using parquet::kNullCode;

constexpr std::size_t kRowsMin = 64;
constexpr std::size_t kTextBytesMin = 1024;
constexpr std::size_t kReservedMore = 16;       // a sixteenth
constexpr std::size_t kLinesToJudge = 1 << 10;  // where memory does not allow more
constexpr std::size_t kDistinctPercent = 45;    // of lines; past it texts are not worth a code

bool differs_from_row_to_row(Column column, Origin origin) {
    if (event::index_of(column) < event::kProducerColumnCount) return true;
    if (column == Column::source_timestamp || column == Column::schema_id) {
        return origin == Origin::kafka;
    }
    return column == Column::input_format || column == Column::source_partition ||
           column == Column::source_offset || column == Column::rescued_data;
}

std::vector<StoredColumn> find_stored_columns(event::Topic topic, Origin origin) {
    std::vector<StoredColumn> stored;
    for (std::size_t i = 0; i < event::kColumnCount; ++i) {
        const auto column = static_cast<Column>(i);
        const auto& definition = event::definition(column);
        if (definition.in(topic) == event::Presence::absent) continue;
        if (differs_from_row_to_row(column, origin)) stored.push_back({column, definition.type});
    }
    return stored;
}

const std::uint32_t kTexts = [] {  // the producer columns that are texts
    std::uint32_t texts = 0;
    for (std::size_t i = 0; i < event::kProducerColumnCount; ++i) {
        if (event::bronze_columns()[i].type == Type::text) texts |= 1u << i;
    }
    return texts;
}();

template <class Visit>
void for_each_bit(std::uint32_t bits, Visit visit) {
    for (; bits != 0; bits &= bits - 1) visit(static_cast<std::size_t>(std::countr_zero(bits)));
}

}  // namespace

Interners::Interners() {
    for_each_bit(event::kClosedColumns, [&](std::size_t i) {
        vocabularies_[i] = &event::vocabulary_of(static_cast<Column>(i));
    });
    clear();
}

void Interners::clear() {
    find_packed(kLinesToJudge);
    lines_ = 0;
    for (Interner& interner : interners_) interner.clear();
    // The codes of these are their places in their lists.
    const auto add = [&](Column column, std::string_view word) {
        std::array<char, 16 + event::kTextPadding> padded{};
        word.copy(padded.data(), word.size());
        of(column).code({padded.data(), static_cast<std::uint32_t>(word.size()), false});
    };
    for (const auto format : {event::InputFormat::topics, event::InputFormat::single}) {
        add(Column::input_format, to_string(format));
    }
    for_each_bit(event::kClosedColumns, [&](std::size_t i) {
        const auto column = static_cast<Column>(i);
        for (const auto word : event::definition(column).vocabulary) add(column, word);
    });
}

void Interners::begin(const event::Line& line, Lookup& lookup) const {
    lookup.begun = line.fields.present & kTexts & ~packed_ & ~event::kClosedColumns;
    lookup.found = 0;
    for_each_bit(lookup.begun, [&](std::size_t i) {
        lookup.hashes[i] = Interner::hash_of(line.fields.values[i].text);
        interners_[i].prefetch(lookup.hashes[i]);
    });
}

void Interners::find_candidates(const event::Line& line, Lookup& lookup) const {
    lookup.found = lookup.begun;
    for_each_bit(lookup.found, [&](std::size_t i) {
        lookup.candidates[i] =
            interners_[i].candidate(line.fields.values[i].text, lookup.hashes[i]);
    });
}

void Interners::finish(const event::Line& line, std::uint32_t wanted, Lookup& lookup,
                       RowCodes& codes) {
    ++lines_;
    const std::uint32_t present = line.fields.present & kTexts & wanted;
    const std::uint32_t looked_up = present & ~event::kClosedColumns;
    for_each_bit(looked_up & ~lookup.begun, [&](std::size_t i) {
        lookup.hashes[i] = Interner::hash_of(line.fields.values[i].text);
    });
    for_each_bit(looked_up & ~lookup.found, [&](std::size_t i) {
        lookup.candidates[i] =
            interners_[i].candidate(line.fields.values[i].text, lookup.hashes[i]);
    });
    for_each_bit(kTexts & ~present, [&](std::size_t i) { codes[i] = kNullCode; });
    for_each_bit(looked_up, [&](std::size_t i) {
        codes[i] =
            interners_[i].code(line.fields.values[i].text, lookup.hashes[i], lookup.candidates[i]);
    });
    for_each_bit(present & event::kClosedColumns, [&](std::size_t i) {
        const event::Text& text = line.fields.values[i].text;
        const int word = vocabularies_[i]->find(text);
        // Another word is refused, but not in a topic without the column.
        codes[i] = word >= 0 ? static_cast<std::uint32_t>(word) : interners_[i].code(text);
    });
    codes[event::index_of(Column::input_format)] = static_cast<std::uint32_t>(*line.format);
    auto& rescued = codes[event::index_of(Column::rescued_data)];
    rescued = kNullCode;
    if (!line.rescued.empty()) {
        rescued = of(Column::rescued_data)
                      .code({line.rescued.data(), static_cast<std::uint32_t>(line.rescued.size()),
                             false});
    }
}

void Interners::find_packed(std::size_t lines_min) {
    if (lines_ < lines_min) return;
    for_each_bit(kTexts & ~packed_, [&](std::size_t i) {
        const std::size_t distinct = interners_[i].values().size();
        if (distinct * 100 > lines_ * kDistinctPercent) packed_ |= 1u << i;
    });
}

std::size_t Interners::bytes() const {
    std::size_t bytes = 0;
    for (const Interner& interner : interners_) bytes += interner.bytes();
    return bytes;
}

std::span<const StoredColumn> stored_columns(event::Topic topic, Origin origin) {
    using OfTopics = std::array<std::vector<StoredColumn>, event::kTopicCount>;
    static const std::array<OfTopics, 2> kStored = [] {
        std::array<OfTopics, 2> all;
        for (const auto each : event::kTopics) {
            for (const auto from : {Origin::file, Origin::kafka}) {
                all[static_cast<std::size_t>(from)][static_cast<std::size_t>(each)] =
                    find_stored_columns(each, from);
            }
        }
        return all;
    }();
    return kStored[static_cast<std::size_t>(origin)][static_cast<std::size_t>(topic)];
}

RowBuffer::RowBuffer(event::Topic topic, Origin origin)
    : topic_(topic),
      origin_(origin),
      stored_(stored_columns(topic, origin)),
      allowed_(event::columns_of(topic).allowed),
      row_bytes_(sizeof(std::uint32_t)) {
    for (const auto& stored : stored_) row_bytes_ += stored.width();
}

void RowBuffer::resize(Array& array, std::size_t bytes) {
    void* const grown = std::realloc(array.get(), bytes);
    if (grown == nullptr) throw std::bad_alloc();
    (void)array.release();
    array.reset(static_cast<std::byte*>(grown));
}

void RowBuffer::reserve(std::size_t rows) {
    if (rows_ + rows <= capacity_) return;
    const std::size_t grown = capacity_ < (1u << 16) ? capacity_ * 2 : capacity_ + capacity_ / 4;
    set_capacity(std::max({kRowsMin, grown, rows_ + rows}));
}

void RowBuffer::Size::include(const Size& other) {
    rows = std::max(rows, other.rows);
    for (std::size_t i = 0; i < text_bytes.size(); ++i) {
        text_bytes[i] = std::max(text_bytes[i], other.text_bytes[i]);
    }
}

RowBuffer::Size RowBuffer::size() const {
    Size size{.rows = rows_};
    for_each_bit(packed_, [&](std::size_t i) { size.text_bytes[i] = texts_[i].size; });
    return size;
}

std::size_t RowBuffer::bytes_of(const Size& size) const {
    return std::accumulate(size.text_bytes.begin(), size.text_bytes.end(), size.rows * row_bytes_);
}

// Growing copies what is there, and fresh memory costs as much as what is put there.
void RowBuffer::reserve_like(const Size& size) {
    assert(rows_ == 0);
    const auto more = [](std::size_t count) { return count + count / kReservedMore; };
    if (const std::size_t rows = more(size.rows); rows > capacity_) {
        present_.reset();  // not to be copied
        for (Array& array : arrays_) array.reset();
        set_capacity(rows);
    }
    for_each_bit(packed_, [&](std::size_t i) {
        const std::size_t bytes = more(size.text_bytes[i]);
        if (bytes <= texts_[i].capacity) return;
        texts_[i].bytes.reset();
        set_capacity(texts_[i], bytes);
    });
}

void RowBuffer::set_capacity(std::size_t rows) {
    capacity_ = rows;
    resize(present_, capacity_ * sizeof(std::uint32_t));
    for (const auto& stored : stored_) {
        resize(arrays_[event::index_of(stored.column)], (capacity_ + 1) * stored.width());
    }
}

void RowBuffer::forget_rows() {
    rows_ = 0;
    for (Texts& texts : texts_) texts.size = 0;
}

void RowBuffer::clear() {
    rows_ = 0;
    capacity_ = 0;
    present_.reset();
    packed_bytes_ = 0;
    for (Array& array : arrays_) array.reset();
    for (Texts& texts : texts_) texts = {};
}

void RowBuffer::set_packed(std::uint32_t columns) {
    assert(rows_ == 0);
    packed_ = columns & allowed_;
}

void RowBuffer::set_capacity(Texts& texts, std::size_t bytes) {
    packed_bytes_ += bytes - texts.capacity;
    texts.capacity = bytes;
    resize(texts.bytes, bytes);
}

void RowBuffer::put_text(Column column, std::size_t row, const event::Text& text) {
    Texts& texts = texts_[event::index_of(column)];
    values<std::uint32_t>(column)[row] = static_cast<std::uint32_t>(texts.size);
    if (texts.capacity - texts.size < text.size + event::kTextPadding) {
        set_capacity(texts, std::max(texts.capacity * 2, texts.size + text.size + kTextBytesMin));
    }
    char* const end = reinterpret_cast<char*>(texts.bytes.get()) + texts.size;
    if (text.escaped) {  // the value is never longer than its spelling
        texts.size += static_cast<std::size_t>(event::unescape_to(end, text.view()) - end);
        return;
    }
    for (std::size_t at = 0; at < text.size;
         at += event::kTextPadding) {  // no call for a few bytes
        std::memcpy(end + at, text.data + at, event::kTextPadding);
    }
    texts.size += text.size;
}

void RowBuffer::close_texts() {
    for_each_bit(packed_, [&](std::size_t i) {
        const auto column = static_cast<Column>(i);
        values<std::uint32_t>(column)[rows_] = static_cast<std::uint32_t>(texts_[i].size);
    });
}

void RowBuffer::append(const event::Fields& fields, const RowCodes& codes, LinePosition position) {
    if (rows_ == capacity_) reserve(1);
    const std::size_t row = rows_++;
    present()[row] = fields.present & allowed_;
    for (const auto& [column, type] : stored_) {
        const std::size_t i = event::index_of(column);
        if (type == Type::text) {
            if (i < event::kProducerColumnCount && (packed_ >> i & 1) != 0) {
                put_text(column, row,
                         fields.has(column) ? fields[column].text : event::Text{"", 0, false});
            } else {
                values<std::uint32_t>(column)[row] = codes[i];
            }
            continue;
        }
        if (i >= event::kProducerColumnCount) continue;
        const event::Value& value = fields.values[i];
        if (type == Type::int32) {
            values<std::int32_t>(column)[row] = static_cast<std::int32_t>(value.integer);
        } else if (type == Type::boolean) {
            values<std::uint8_t>(column)[row] = fields.has(column) && value.boolean;
        } else {
            values<std::int64_t>(column)[row] = value.integer;  // doubles by their bits
        }
    }
    values<std::uint32_t>(Column::source_partition)[row] = position.source_partition;
    values<std::uint64_t>(Column::source_offset)[row] = position.offset;
    if (origin_ == Origin::file) return;
    values<std::int64_t>(Column::source_timestamp)[row] = position.timestamp_us;
    values<std::int32_t>(Column::schema_id)[row] = position.schema_id;
    if (position.timestamp_us != kNoTimestamp) present()[row] |= kTimestampBit;
    if (position.schema_id != kNoSchemaId) present()[row] |= kSchemaIdBit;
}

}  // namespace bassline::ingest
