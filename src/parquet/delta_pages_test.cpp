// SPDX-License-Identifier: Apache-2.0
#include "parquet/delta_pages.hpp"

#include <limits>
#include <random>
#include <vector>

#include <gtest/gtest.h>
#include <parquet/encoding.h>

namespace bassline::parquet {
namespace {

template <class Number>
struct ParquetTypeOf;
template <>
struct ParquetTypeOf<std::int32_t> {
    using Type = ::parquet::Int32Type;
};
template <>
struct ParquetTypeOf<std::int64_t> {
    using Type = ::parquet::Int64Type;
};

template <class Number>
std::vector<std::uint8_t> encoded(const std::vector<Number>& values) {
    ByteBuffer out;
    append_delta(std::span<const Number>(values), out);
    return {out.view().begin(), out.view().end()};
}

// As Arrow reads it.
template <class Number>
std::vector<Number> decoded(const std::vector<std::uint8_t>& bytes, std::size_t count) {
    const auto decoder = ::parquet::MakeTypedDecoder<typename ParquetTypeOf<Number>::Type>(
        ::parquet::Encoding::DELTA_BINARY_PACKED);
    decoder->SetData(static_cast<int>(count), bytes.data(), static_cast<int>(bytes.size()));
    std::vector<Number> values(count);
    EXPECT_EQ(decoder->Decode(values.data(), static_cast<int>(count)), static_cast<int>(count));
    return values;
}

// As Arrow writes it.
template <class Number>
std::vector<std::uint8_t> encoded_by_arrow(const std::vector<Number>& values) {
    const auto encoder = ::parquet::MakeTypedEncoder<typename ParquetTypeOf<Number>::Type>(
        ::parquet::Encoding::DELTA_BINARY_PACKED);
    encoder->Put(values.data(), static_cast<int>(values.size()));
    const auto buffer = encoder->FlushValues();
    return {buffer->data(), buffer->data() + buffer->size()};
}

template <class Number>
class DeltaTest : public testing::Test {};
using Numbers = testing::Types<std::int32_t, std::int64_t>;
TYPED_TEST_SUITE(DeltaTest, Numbers);

TYPED_TEST(DeltaTest, differences_of_every_width_are_the_bytes_that_arrow_writes) {
    std::mt19937_64 random(1);
    using Unsigned = std::make_unsigned_t<TypeParam>;
    for (unsigned width = 0; width <= sizeof(TypeParam) * 8; ++width) {
        std::vector<TypeParam> values{-7};
        for (int i = 0; i < 1000; ++i) {
            const std::uint64_t step = width == 0 ? 0 : random() >> (64 - width);
            values.push_back(static_cast<TypeParam>(static_cast<Unsigned>(values.back()) +
                                                    static_cast<Unsigned>(step)));
        }
        EXPECT_EQ(decoded<TypeParam>(encoded(values), values.size()), values) << width;
        EXPECT_EQ(encoded(values), encoded_by_arrow(values)) << width;
    }
}

TYPED_TEST(DeltaTest, blocks_may_end_anywhere) {
    std::mt19937_64 random(2);
    for (std::size_t count = 0; count <= 600; ++count) {
        std::vector<TypeParam> values(count);
        for (TypeParam& value : values) value = static_cast<TypeParam>(random() % 5000) - 2500;
        EXPECT_EQ(decoded<TypeParam>(encoded(values), count), values) << count;
        if (count == 0) continue;  // Arrow writes nothing, where readers look for a header
        EXPECT_EQ(encoded(values), encoded_by_arrow(values)) << count;
    }
}

TYPED_TEST(DeltaTest, differences_that_overflow_wrap_around) {
    using Limits = std::numeric_limits<TypeParam>;
    const std::vector<TypeParam> values{
        Limits::min(), Limits::max(), Limits::min(), 0, -1, Limits::max(), Limits::max(), 1};
    EXPECT_EQ(decoded<TypeParam>(encoded(values), values.size()), values);
}

}  // namespace
}  // namespace bassline::parquet
