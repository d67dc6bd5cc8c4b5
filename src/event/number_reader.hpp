// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

// Numbers of a JSON line, eight digits at a time, as the scanner reads them. read_* take where a
// number begins and return where it ends, or null for one that the general path has to judge. Up to
// 44 bytes are read.
namespace bassline::event {

inline std::uint64_t load8(const char* at) {
    std::uint64_t word = 0;
    std::memcpy(&word, at, sizeof word);
    return word;
}

inline constexpr std::uint64_t kEveryByte = 0x0101010101010101u;

// The high bit of each byte that is no digit; exact up to and including the first such byte.
inline std::uint64_t non_digits(std::uint64_t word) {
    return ((word + kEveryByte * 0x46) | (word - kEveryByte * 0x30)) & kEveryByte * 0x80;
}

// Eight digits, the first in the lowest byte.
inline std::uint64_t value_of_eight(std::uint64_t word) {
    word -= kEveryByte * 0x30;
    word = word * 10 + (word >> 8);
    constexpr std::uint64_t kPairs = 0x000000FF000000FFu;
    return ((word & kPairs) * 0x000F424000000064u +
            ((word >> 16 & kPairs) * 0x0000271000000001u)) >>
           32;
}

inline constexpr std::uint64_t kPowers[] = {1,      10,      100,      1000,     10000,
                                            100000, 1000000, 10000000, 100000000};

// Appends the digits at `at` to `value`; the place after them, or null if there are very many.
inline const char* read_digits(const char* at, std::uint64_t& value) {
    std::uint64_t word = load8(at);
    std::uint64_t others = non_digits(word);
    for (int runs = 0; others == 0; ++runs) {
        if (runs == 2) return nullptr;
        value = value * kPowers[8] + value_of_eight(word);
        at += 8;
        word = load8(at);
        others = non_digits(word);
    }
    const int count = std::countr_zero(others) / 8;
    if (count == 0) return at;
    const std::uint64_t zeros = kEveryByte * 0x30 >> 8 * count;
    value = value * kPowers[count] + value_of_eight(word << (64 - 8 * count) | zeros);
    return at + count;
}

// A decimal number without exponent: value = (negative ? - : +) digits / 10^fraction_digits.
struct Decimal {
    bool negative = false;
    std::uint64_t digits = 0;
    std::uint64_t whole = 0;
    std::ptrdiff_t fraction_digits = 0;
};
inline constexpr std::ptrdiff_t kDigitsMax = 18;  // of which any number fits 64 bits
inline constexpr std::uint64_t kExactDouble = std::uint64_t{1} << 53;

inline const char* read_decimal(const char* at, Decimal& number) {
    number.negative = *at == '-';
    at += number.negative;
    const char* const first = at;
    at = read_digits(at, number.whole);
    if (at == nullptr || at == first || at - first > kDigitsMax) return nullptr;
    if (*first == '0' && at - first > 1) return nullptr;
    number.digits = number.whole;
    if (*at == '.') {
        const char* const fraction = ++at;
        at = read_digits(at, number.digits);
        if (at == nullptr || at == fraction) return nullptr;
        number.fraction_digits = at - fraction;
        if (fraction - 1 - first + number.fraction_digits > kDigitsMax) return nullptr;
    }
    if (*at == 'e' || *at == 'E') return nullptr;
    return at;
}

// One to seven digits at `at`, and how many they are; 0 for any other number of them.
[[gnu::always_inline]] inline std::uint64_t few_digits(const char* at, unsigned& count) {
    const std::uint64_t word = load8(at);
    const std::uint64_t others = non_digits(word);
    count = others == 0 ? 0 : static_cast<unsigned>(std::countr_zero(others)) / 8;
    if (count == 0) return 0;
    return value_of_eight(word << (64 - 8 * count) | kEveryByte * 0x30 >> 8 * count);
}

inline bool ends_integer(char c) {
    return c != '.' && (c | 0x20) != 'e';
}

inline const char* read_any_integer(const char* at, std::int64_t& value) {
    Decimal number;
    at = read_decimal(at, number);
    if (at == nullptr) return nullptr;
    if (number.fraction_digits > 0) {  // an integral float, as pandas writes them
        const std::string_view fraction(at - number.fraction_digits, at);
        if (number.whole >= kExactDouble || fraction.find_first_not_of('0') != fraction.npos) {
            return nullptr;
        }
    }
    value = number.negative ? -static_cast<std::int64_t>(number.whole)
                            : static_cast<std::int64_t>(number.whole);
    return at;
}

// Most are short, or a time of 13 digits.
[[gnu::always_inline]] inline const char* read_integer(const char* at, std::int64_t& value) {
    unsigned count = 0;
    const std::uint64_t first = few_digits(at, count);
    if (count > 0 && ends_integer(at[count]) && (*at != '0' || count == 1)) {
        value = static_cast<std::int64_t>(first);
        return at + count;
    }
    const std::uint64_t word = load8(at);
    if (*at != '0' && non_digits(word) == 0) {
        const std::uint64_t last = few_digits(at + 8, count);
        if (count > 0 && ends_integer(at[8 + count])) {
            value = static_cast<std::int64_t>(value_of_eight(word) * kPowers[count] + last);
            return at + 8 + count;
        }
    }
    return read_any_integer(at, value);
}

inline constexpr double kTens[] = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,  1e8, 1e9,
                                   1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18};

// Exact: a mantissa of at most 2^53 over a power of ten of at most 10^18 rounds once.
inline const char* read_any_real(const char* at, double& value) {
    Decimal number;
    at = read_decimal(at, number);
    if (at == nullptr || number.digits > kExactDouble) return nullptr;
    value = static_cast<double>(number.digits) / kTens[number.fraction_digits];
    if (number.negative) value = 0.0 - value;  // never -0.0
    return at;
}

// Most have up to seven digits before the point and after it, and so are below 2^53 as a whole.
[[gnu::always_inline]] inline const char* read_real(const char* at, double& value) {
    const char* const whole_at = at + (*at == '-');
    unsigned whole_count = 0;
    unsigned fraction_count = 0;
    const std::uint64_t whole = few_digits(whole_at, whole_count);
    const char* const fraction_at = whole_at + whole_count + 1;
    const std::uint64_t fraction = few_digits(fraction_at, fraction_count);
    const char* const after = fraction_at + fraction_count;
    if (whole_count == 0 || fraction_count == 0 || fraction_at[-1] != '.' ||
        (*after | 0x20) == 'e' || (*whole_at == '0' && whole_count > 1)) {
        return read_any_real(at, value);
    }
    value = static_cast<double>(whole * kPowers[fraction_count] + fraction) / kTens[fraction_count];
    if (whole_at != at) value = 0.0 - value;
    return after;
}

}  // namespace bassline::event
