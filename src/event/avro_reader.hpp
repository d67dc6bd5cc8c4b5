// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <bit>
#include <cstdint>
#include <cstring>
#include <limits>
#include <string_view>

// Avro's binary encoding, value by value. Every read is checked against the end of the bytes; one
// that fails returns false and says why, and nothing may be read after it.
namespace bassline::event {

static_assert(std::endian::native == std::endian::little);

class AvroReader {
public:
    explicit AvroReader(std::string_view bytes)
        : at_(bytes.data()), end_(bytes.data() + bytes.size()) {}

    std::size_t left() const { return static_cast<std::size_t>(end_ - at_); }
    /// Why the last read failed; static.
    const char* reason() const { return reason_; }

    bool read_long(std::int64_t& value) {
        std::uint64_t bits = 0;
        for (int shift = 0; at_ != end_; shift += 7) {
            const auto byte = static_cast<unsigned char>(*at_++);
            if (shift == 63 && byte > 1) return fail("a number has more than 64 bits");
            bits |= static_cast<std::uint64_t>(byte & 0x7F) << shift;
            if (byte < 0x80) {
                value = static_cast<std::int64_t>(bits >> 1 ^ (0 - (bits & 1)));
                return true;
            }
        }
        return fail("cut short in a number");
    }

    bool read_int(std::int64_t& value) {
        if (!read_long(value)) return false;
        if (value == static_cast<std::int32_t>(value)) return true;
        return fail("an int has more than 32 bits");
    }

    bool read_boolean(bool& value) {
        if (at_ == end_) return fail("cut short before a boolean");
        const char byte = *at_++;
        value = byte == '\1';
        return byte == '\0' || byte == '\1' || fail("a boolean is neither 0 nor 1");
    }

    bool read_float(double& value) {
        float single = 0;
        if (!copy(&single, sizeof single)) return false;
        value = single;
        return true;
    }

    bool read_double(double& value) { return copy(&value, sizeof value); }

    bool read_bytes(std::string_view& value) {
        std::int64_t size = 0;
        if (!read_long(size)) return false;
        if (size < 0) return fail("a length is negative");
        if (static_cast<std::uint64_t>(size) > left()) return fail("a length goes past the end");
        return take(static_cast<std::size_t>(size), value);
    }

    bool read_fixed(std::size_t size, std::string_view& value) {
        if (size > left()) return fail("cut short in a fixed");
        return take(size, value);
    }

    /// A branch or symbol: a number from 0 on, below `count`.
    bool read_index(std::size_t count, std::size_t& index) {
        std::int64_t value = 0;
        if (!read_long(value)) return false;
        if (value < 0 || static_cast<std::uint64_t>(value) >= count) {
            return fail("a union or enum has no such branch");
        }
        index = static_cast<std::size_t>(value);
        return true;
    }

    /// The number of items of a block; a negative one is followed by the block's bytes.
    bool read_block(std::int64_t& count) {
        if (!read_long(count)) return false;
        if (count >= 0) return true;
        std::int64_t bytes = 0;
        if (count == std::numeric_limits<std::int64_t>::min()) return fail("a block is too long");
        count = -count;
        return read_long(bytes);
    }

    bool fail(const char* reason) {
        reason_ = reason;
        return false;
    }

private:
    bool copy(void* into, std::size_t size) {
        if (size > left()) return fail("cut short in a float or double");
        std::memcpy(into, at_, size);
        at_ += size;
        return true;
    }

    bool take(std::size_t size, std::string_view& value) {
        value = {at_, size};
        at_ += size;
        return true;
    }

    const char* at_;
    const char* end_;
    const char* reason_ = "";
};

}  // namespace bassline::event
