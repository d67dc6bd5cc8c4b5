// SPDX-License-Identifier: Apache-2.0
#include "duck/rows_state.hpp"

namespace bassline::duck {
namespace {

// True for numbers that neither `int64` nor `real` holds exactly, all of them.
bool is_wide(duckdb_type type) {
    return type == DUCKDB_TYPE_UBIGINT || type == DUCKDB_TYPE_HUGEINT ||
           type == DUCKDB_TYPE_DECIMAL;
}

VectorView view_of(duckdb_vector vector) {
    VectorView view{.data = duckdb_vector_get_data(vector),
                    .validity = duckdb_vector_get_validity(vector)};
    duckdb_logical_type type = duckdb_vector_get_column_type(vector);
    view.type = duckdb_get_type_id(type);
    if (view.type == DUCKDB_TYPE_DECIMAL) {
        view.storage = duckdb_decimal_internal_type(type);
        view.decimal_width = duckdb_decimal_width(type);
        view.decimal_scale = duckdb_decimal_scale(type);
    }
    duckdb_destroy_logical_type(&type);
    return view;
}

Kind kind_of(duckdb_type type) {
    switch (type) {
        case DUCKDB_TYPE_BOOLEAN:
            return Kind::boolean;
        case DUCKDB_TYPE_TINYINT:
        case DUCKDB_TYPE_SMALLINT:
        case DUCKDB_TYPE_INTEGER:
        case DUCKDB_TYPE_BIGINT:
        case DUCKDB_TYPE_UTINYINT:
        case DUCKDB_TYPE_USMALLINT:
        case DUCKDB_TYPE_UINTEGER:
        case DUCKDB_TYPE_UBIGINT:
            return Kind::integer;
        case DUCKDB_TYPE_FLOAT:
        case DUCKDB_TYPE_DOUBLE:
        case DUCKDB_TYPE_HUGEINT:
        case DUCKDB_TYPE_DECIMAL:
            return Kind::real;
        case DUCKDB_TYPE_VARCHAR:
        case DUCKDB_TYPE_BLOB:
            return Kind::text;
        case DUCKDB_TYPE_DATE:
            return Kind::date;
        case DUCKDB_TYPE_TIMESTAMP:
        case DUCKDB_TYPE_TIMESTAMP_S:
        case DUCKDB_TYPE_TIMESTAMP_MS:
        case DUCKDB_TYPE_TIMESTAMP_NS:
        case DUCKDB_TYPE_TIMESTAMP_TZ:
            return Kind::timestamp;
        default:
            return Kind::other;
    }
}

}  // namespace

Column column_of(const char* name, duckdb_type type) {
    return {.name = name, .kind = kind_of(type), .is_wide = is_wide(type)};
}

void Rows::State::describe() {
    const idx_t count = duckdb_column_count(&result.handle);
    for (idx_t index = 0; index < count; ++index) {
        columns.push_back(column_of(duckdb_column_name(&result.handle, index),
                                    duckdb_column_type(&result.handle, index)));
    }
}

bool Rows::State::fetch_chunk() {
    duckdb_destroy_data_chunk(&chunk);
    chunk_rows = 0;
    vectors.clear();
    chunk = duckdb_fetch_chunk(result.handle);
    if (chunk == nullptr) return false;
    chunk_rows = duckdb_data_chunk_get_size(chunk);
    for (idx_t index = 0; index < columns.size(); ++index) {
        vectors.push_back(view_of(duckdb_data_chunk_get_vector(chunk, index)));
    }
    return chunk_rows > 0;
}

}  // namespace bassline::duck
