// SPDX-License-Identifier: Apache-2.0
#include "ingest/bronze_columns.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>
#include <string>

#include "event/text.hpp"

namespace bassline::ingest {
namespace {

using event::Column;
using event::Presence;
using event::Type;
using parquet::ColumnChunk;
using parquet::kNullCode;

constexpr std::int64_t kMicrosecondsPerMs = 1000;
constexpr std::size_t kSampleRows = 8192;
constexpr std::size_t kSampleBits = kSampleRows * 16;

bool is_packed(const RowBuffer& buffer, Column column) {
    return event::index_of(column) < event::kProducerColumnCount &&
           (buffer.packed() & event::bit_of(column)) != 0;
}

// Eight bytes at a time: nearly every text is looked at to its end.
bool is_ascii(std::string_view text) {
    std::uint64_t seen = 0;
    for (; text.size() >= sizeof seen; text.remove_prefix(sizeof seen)) {
        std::uint64_t word = 0;
        std::memcpy(&word, text.data(), sizeof word);
        seen |= word;
    }
    std::uint64_t rest = 0;
    std::memcpy(&rest, text.data(), text.size());
    return ((seen | rest) & 0x8080808080808080u) == 0;
}

bool may_need_repair(std::string_view text) {
    if (text.empty()) return false;
    return text.front() == ' ' || text.back() == ' ' || !is_ascii(text);
}

bool is_repaired(std::string_view text) {
    return !may_need_repair(text) || event::repair_utf8(text) == text;
}

// The column of that name, or for a repaired text the one it was made from.
Column raw_column(std::string_view name) {
    if (name == event::definition(Column::artist_utf8).name) return Column::artist;
    if (name == event::definition(Column::song_utf8).name) return Column::song;
    return event::column_of_field(name).value_or(Column::event_at);
}

// A column that only Kafka's records have.
ColumnChunk of_record(RowBuffer& buffer, Column column, std::uint32_t bit) {
    const auto* const values = buffer.values<char>(column);
    if (values == nullptr) return parquet::Nulls{};
    return parquet::Flat{values, buffer.present(), bit};
}

// Whether the 64-bit numbers of the first rows, where there are any, are mostly different.
bool mostly_differ(RowBuffer& buffer, Column column) {
    const Type type = event::definition(column).type;
    if ((type != Type::real && type != Type::int64) || buffer.rows() < kSampleRows) return false;
    const auto* const values = buffer.values<std::uint64_t>(column);
    // One bit a value: two that share theirs by chance count once.
    std::array<std::uint64_t, kSampleBits / 64> seen{};
    std::size_t numbers = 0;
    std::size_t distinct = 0;
    for (std::size_t row = 0; row < kSampleRows; ++row) {
        if ((buffer.present()[row] & event::bit_of(column)) == 0) continue;
        ++numbers;
        const std::uint64_t bit =
            values[row] * 0x9E3779B97F4A7C15u >> (64 - std::countr_zero(kSampleBits));
        std::uint64_t& word = seen[bit / 64];
        distinct += (word >> bit % 64 & 1) == 0;
        word |= std::uint64_t{1} << bit % 64;
    }
    return distinct * 2 > numbers;
}

}  // namespace

BronzeColumns::BronzeColumns(const BatchContext& context, Interners& interners)
    : context_(context), interners_(interners) {}

void BronzeColumns::forget_repairs() {
    for (auto& codes : repaired_) codes = {};
}

// Every value is repaired once, when it is first written.
void BronzeColumns::repair_new_values(Column column) {
    Interner& interner = interners_.of(column);
    auto& repaired = repaired_[event::index_of(column)];
    const std::size_t known = interner.values().size();
    for (std::size_t code = repaired.size(); code < known; ++code) {
        const std::string_view value = interner.values()[code];
        if (!value.empty() && !may_need_repair(value)) {
            repaired.push_back(static_cast<std::uint32_t>(code));
            continue;
        }
        std::string text = event::repair_utf8(value);
        const auto size = static_cast<std::uint32_t>(text.size());
        text.append(event::kTextPadding, '\0');
        repaired.push_back(size == 0 ? kNullCode : interner.code({text.data(), size, false}));
    }
}

ColumnChunk BronzeColumns::texts_of(Column column, RowBuffer& buffer) {
    if (is_packed(buffer, column)) {
        return parquet::Packed{buffer.values<std::uint32_t>(column), buffer.packed_texts(column),
                               buffer.present(), event::bit_of(column)};
    }
    return parquet::Texts{buffer.values<std::uint32_t>(column), interners_.of(column).values()};
}

ColumnChunk BronzeColumns::repaired(Column column, RowBuffer& buffer) {
    if (buffer.values<std::uint32_t>(column) == nullptr) return parquet::Nulls{};
    if (is_packed(buffer, column)) return repaired_packed(column, buffer);
    return parquet::Texts{buffer.values<std::uint32_t>(column), interners_.of(column).values(),
                          repaired_[event::index_of(column)].data()};
}

ColumnChunk BronzeColumns::repaired_packed(Column column, RowBuffer& buffer) {
    const auto* const starts = buffer.values<std::uint32_t>(column);
    const std::string_view texts = buffer.packed_texts(column);
    const auto text_of = [&](std::size_t row) {
        return texts.substr(starts[row], starts[row + 1] - starts[row]);
    };
    const auto is_same = [&](std::size_t row) {  // an empty text is repaired to none
        const std::string_view text = text_of(row);
        return text.empty() ? (buffer.present()[row] & event::bit_of(column)) == 0
                            : is_repaired(text);
    };
    std::size_t good = 0;  // rows before the first that a repair changes
    while (good < buffer.rows() && is_same(good)) ++good;
    if (good == buffer.rows()) return texts_of(column, buffer);
    Repairs& out = repaired_texts_[event::index_of(column)];
    out.starts.clear();
    out.present.clear();
    out.texts.clear();
    for (std::size_t row = 0; row < buffer.rows(); ++row) {
        const std::size_t start = out.texts.size();
        const std::string_view text = text_of(row);
        if (may_need_repair(text)) {
            out.texts += event::repair_utf8(text);
        } else {
            out.texts += text;
        }
        out.starts.push_back(static_cast<std::uint32_t>(start));
        out.present.push_back(out.texts.size() > start);
    }
    out.starts.push_back(static_cast<std::uint32_t>(out.texts.size()));
    return parquet::Packed{out.starts.data(), out.texts, out.present.data(), 1};
}

std::vector<parquet::ColumnSpec> BronzeColumns::specs_of(RowBuffer& buffer) const {
    std::vector<parquet::ColumnSpec> specs = parquet::bronze_specs(buffer.topic());
    for (parquet::ColumnSpec& spec : specs) {
        if (spec.layout != event::Layout::dictionary) continue;
        const Column column = raw_column(spec.name);
        if (event::index_of(column) >= event::kProducerColumnCount) continue;
        if (is_packed(buffer, column) || mostly_differ(buffer, column)) {
            spec.layout = event::Layout::plain;
        }
    }
    return specs;
}

ColumnChunk BronzeColumns::chunk_of(Column column, RowBuffer& buffer) {
    switch (column) {
        case Column::event_at:
            return parquet::Flat{event_at_.data()};
        case Column::artist_utf8:
            return repaired(Column::artist, buffer);
        case Column::song_utf8:
            return repaired(Column::song, buffer);
        case Column::producer:
            if (!context_.producer) return parquet::Nulls{};
            return parquet::Constant{std::string_view(*context_.producer)};
        case Column::source:
            return parquet::Constant{std::string_view(context_.source)};
        case Column::ingested_at:
            return parquet::Constant{context_.ingested_at.time_since_epoch().count()};
        case Column::chain:
            return parquet::Constant{std::string_view(context_.chain)};
        case Column::seq:
            return parquet::Constant{static_cast<std::int64_t>(context_.seq)};
        case Column::source_timestamp:
            return of_record(buffer, column, kTimestampBit);
        case Column::schema_id:
            return of_record(buffer, column, kSchemaIdBit);
        default:
            break;
    }
    const auto& definition = event::definition(column);
    if (definition.type == Type::text) return texts_of(column, buffer);
    parquet::Flat flat{buffer.values<char>(column)};
    if (definition.in(buffer.topic()) == Presence::optional) {
        flat.present = buffer.present();
        flat.bit = event::bit_of(column);
    }
    return flat;
}

const std::vector<ColumnChunk>& BronzeColumns::chunks_of(RowBuffer& buffer) {
    buffer.close_texts();
    repair_new_values(Column::artist);
    repair_new_values(Column::song);
    const auto* const ts = buffer.values<std::int64_t>(Column::ts);
    event_at_.resize(buffer.rows());
    for (std::size_t row = 0; row < buffer.rows(); ++row) {
        event_at_[row] = ts[row] * kMicrosecondsPerMs;
    }
    chunks_.clear();
    for (std::size_t i = 0; i < event::kColumnCount; ++i) {
        const auto column = static_cast<Column>(i);
        if (event::definition(column).in(buffer.topic()) == Presence::absent) continue;
        chunks_.push_back(chunk_of(column, buffer));
    }
    return chunks_;
}

}  // namespace bassline::ingest
