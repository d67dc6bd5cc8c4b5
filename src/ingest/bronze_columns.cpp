// SPDX-License-Identifier: Apache-2.0
#include "ingest/bronze_columns.hpp"

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
        std::string text = event::repair_utf8(interner.values()[code]);
        const auto size = static_cast<std::uint32_t>(text.size());
        text.append(event::kTextPadding, '\0');
        repaired.push_back(size == 0 ? kNullCode : interner.code({text.data(), size, false}));
    }
}

ColumnChunk BronzeColumns::texts_of(Column column, RowBuffer& buffer) {
    return parquet::Texts{buffer.values<std::uint32_t>(column), interners_.of(column).values()};
}

ColumnChunk BronzeColumns::repaired(Column column, RowBuffer& buffer) {
    if (buffer.values<std::uint32_t>(column) == nullptr) return parquet::Nulls{};
    return parquet::Texts{buffer.values<std::uint32_t>(column), interners_.of(column).values(),
                          repaired_[event::index_of(column)].data()};
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
        case Column::schema_id:
            return parquet::Nulls{};
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
