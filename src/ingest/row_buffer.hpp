// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "event/record.hpp"
#include "event/schema.hpp"
#include "event/vocabulary.hpp"
#include "ingest/interner.hpp"

// Rows of one topic in memory, column by column, as the Parquet writer takes them.
//
// Texts are codes of the worker's interners; those of a column whose values hardly repeat are kept
// as they are ("packed"), since a dictionary would cost more than it saves. Which columns are
// stored follows from the schema table: the topic's producer columns, and of ours those that differ
// from row to row.
namespace bassline::ingest {

/// The code of every text column of one line, kNullCode where there is none.
using RowCodes = std::array<std::uint32_t, event::kColumnCount>;

inline constexpr std::int64_t kNoTimestamp = INT64_MIN;
inline constexpr std::int32_t kNoSchemaId = -1;

/// Where a line stands in its source; the rest is Kafka's alone.
struct LinePosition {
    std::uint32_t source_partition;
    std::uint64_t offset;
    std::int64_t timestamp_us = kNoTimestamp;  // the record's
    std::int32_t schema_id = kNoSchemaId;      // of the Schema Registry
};

/// One interner a text column, shared by all rows of a worker.
class Interners {
public:
    Interners();

    Interner& of(event::Column column) { return interners_[event::index_of(column)]; }
    const Interner& of(event::Column column) const { return interners_[event::index_of(column)]; }

    /// A line's texts are looked up in three steps, begin, find_candidates and finish; the first
    /// two fetch the memory that the next one reads, and with a line between two steps it is in the
    /// cache by then. Words of closed vocabularies and packed columns take none.
    struct Lookup {
        std::array<std::uint64_t, event::kProducerColumnCount> hashes;
        std::array<const Interner::Candidate*, event::kProducerColumnCount> candidates;
        std::uint32_t begun = 0;  // bits of event::bit_of
        std::uint32_t found = 0;  // of these, those with candidates
    };
    void begin(const event::Line& line, Lookup& lookup) const;
    void find_candidates(const event::Line& line, Lookup& lookup) const;

    /// The codes of the line's texts in the columns `wanted`, of its format and of its rescued
    /// fields.
    void finish(const event::Line& line, std::uint32_t wanted, Lookup& lookup, RowCodes& codes);

    /// The columns whose values hardly repeat, so far as the lines have shown. Never shrinks.
    std::uint32_t packed() const { return packed_; }
    /// Looks at the lines since the last clear(), if there are `lines_min`.
    void find_packed(std::size_t lines_min = std::size_t{1} << 15);

    std::size_t bytes() const;
    /// No row may be in memory any more.
    void clear();

private:
    std::array<Interner, event::kColumnCount> interners_;
    std::array<const event::Vocabulary*, event::kProducerColumnCount> vocabularies_{};
    std::uint32_t packed_ = 0;
    std::size_t lines_ = 0;  // since clear()
};

/// A column that is kept for every row.
struct StoredColumn {
    event::Column column;
    event::Type type;

    std::size_t width() const {
        if (type == event::Type::boolean) return 1;
        return type == event::Type::text || type == event::Type::int32 ? 4 : 8;
    }
};
enum class Origin : std::uint8_t { file, kafka };
std::span<const StoredColumn> stored_columns(event::Topic topic, Origin origin);

/// Beside those of the producer's columns, in present(): columns of Kafka records.
inline constexpr std::uint32_t kTimestampBit = 1u << 31;
inline constexpr std::uint32_t kSchemaIdBit = 1u << 30;
static_assert(event::kProducerColumnCount <= 30);

class RowBuffer {
public:
    RowBuffer(event::Topic topic, Origin origin);

    event::Topic topic() const { return topic_; }
    std::span<const StoredColumn> stored() const { return stored_; }
    std::size_t rows() const { return rows_; }
    /// Memory held, in bytes.
    std::size_t bytes() const { return capacity_ * row_bytes_ + packed_bytes_; }

    /// What of it the rows take.
    std::size_t used_bytes() const {
        std::size_t bytes = rows_ * row_bytes_;
        for (const Texts& texts : texts_) bytes += texts.size;
        return bytes;
    }

    /// The columns whose texts are kept as they are; to be set while there are no rows.
    std::uint32_t packed() const { return packed_; }
    void set_packed(std::uint32_t columns);
    /// Whether the next row makes it grow.
    bool full() const { return rows_ == capacity_; }

    /// `codes` need not hold the packed columns.
    void append(const event::Fields& fields, const RowCodes& codes, LinePosition position);
    /// Makes room for `rows` more rows.
    void reserve(std::size_t rows);
    /// What rows take: how many they are, and the bytes of their packed texts by column.
    struct Size {
        std::size_t rows = 0;
        std::array<std::size_t, event::kProducerColumnCount> text_bytes{};

        void include(const Size& other);
    };
    Size size() const;
    /// The memory that so much takes.
    std::size_t bytes_of(const Size& size) const;
    /// Makes room for so much, and a little more; there are no rows yet. Memory that is too little
    /// is given back, not copied.
    void reserve_like(const Size& size);
    /// Counts `rows` rows more, which the caller has written behind the last one.
    void add_rows(std::size_t rows) { rows_ += rows; }
    /// Forgets the rows and keeps the memory.
    void forget_rows();
    /// Forgets the rows and gives the memory back.
    void clear();

    /// A packed column's texts in one piece. values() are where each row's start; the text of row
    /// `row` is to be put behind all others.
    std::string_view packed_texts(event::Column column) const {
        const Texts& texts = texts_[event::index_of(column)];
        return {reinterpret_cast<const char*>(texts.bytes.get()), texts.size};
    }
    void put_text(event::Column column, std::size_t row, const event::Text& text);
    /// Writes where the last row's text ends behind the starts, for the reader of a packed column.
    void close_texts();

    /// Which producer columns have a value, by row (bits of event::bit_of).
    std::uint32_t* present() { return reinterpret_cast<std::uint32_t*>(present_.get()); }
    template <class T>
    T* values(event::Column column) {
        return reinterpret_cast<T*>(arrays_[event::index_of(column)].get());
    }

private:
    struct Free {
        void operator()(std::byte* memory) const { std::free(memory); }
    };
    using Array = std::unique_ptr<std::byte, Free>;

    struct Texts {
        Array bytes;
        std::size_t size = 0;
        std::size_t capacity = 0;
    };

    static void resize(Array& array, std::size_t bytes);
    void set_capacity(std::size_t rows);
    void set_capacity(Texts& texts, std::size_t bytes);

    event::Topic topic_;
    Origin origin_;
    std::span<const StoredColumn> stored_;
    std::uint32_t allowed_;
    std::size_t rows_ = 0;
    std::size_t capacity_ = 0;
    std::size_t row_bytes_ = 0;
    std::uint32_t packed_ = 0;
    std::size_t packed_bytes_ = 0;
    Array present_;
    std::array<Array, event::kColumnCount> arrays_;
    std::array<Texts, event::kProducerColumnCount> texts_;
};

}  // namespace bassline::ingest
