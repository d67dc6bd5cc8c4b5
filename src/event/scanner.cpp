// SPDX-License-Identifier: Apache-2.0
#include "event/scanner.hpp"

#include <bit>
#include <cstring>
#include <limits>

#include <nmmintrin.h>

// Reads may run past the end of the line by less than kScanPadding: a name compares 32 bytes, and a
// number reads at most 50 (two runs of 16 digits and 8 more, sign and point). Texts and white space
// check the end as they go.
namespace bassline::event {
namespace {

constexpr std::size_t kLineStart = kProducerColumnCount;

std::uint64_t load8(const char* at) {
    std::uint64_t word = 0;
    std::memcpy(&word, at, sizeof word);
    return word;
}

__m128i load16(const char* at) {
    return _mm_loadu_si128(reinterpret_cast<const __m128i*>(at));
}

bool is_space(char c) {
    return c == ' ' || c == '\t' || c == '\r';
}

const char* skip_space(const char* at, const char* end) {
    while (at < end && is_space(*at)) ++at;
    return at;
}

constexpr std::uint64_t kEveryByte = 0x0101010101010101u;

// The high bit of each byte that is no digit; exact up to and including the first such byte.
std::uint64_t non_digits(std::uint64_t word) {
    return ((word + kEveryByte * 0x46) | (word - kEveryByte * 0x30)) & kEveryByte * 0x80;
}

// Eight digits, the first in the lowest byte.
std::uint64_t value_of_eight(std::uint64_t word) {
    word -= kEveryByte * 0x30;
    word = word * 10 + (word >> 8);
    constexpr std::uint64_t kPairs = 0x000000FF000000FFu;
    return ((word & kPairs) * 0x000F424000000064u +
            ((word >> 16 & kPairs) * 0x0000271000000001u)) >>
           32;
}

constexpr std::uint64_t kPowers[] = {1, 10, 100, 1000, 10000, 100000, 1000000, 10000000, 100000000};

// Appends the digits at `at` to `value`; the place after them, or null if there are over 16.
const char* read_digits(const char* at, std::uint64_t& value) {
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
constexpr std::ptrdiff_t kDigitsMax = 18;  // of which any number fits 64 bits
constexpr std::uint64_t kExactDouble = std::uint64_t{1} << 53;

const char* read_decimal(const char* at, Decimal& number) {
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

const char* read_integer(const char* at, std::int64_t& value) {
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

// Exact: a mantissa of at most 2^53 over a power of ten of at most 10^18 rounds once.
const char* read_real(const char* at, double& value) {
    constexpr double kTens[] = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,  1e8, 1e9,
                                1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18};
    Decimal number;
    at = read_decimal(at, number);
    if (at == nullptr || number.digits > kExactDouble) return nullptr;
    value = static_cast<double>(number.digits) / kTens[number.fraction_digits];
    if (number.negative) value = 0.0 - value;  // never -0.0
    return at;
}

bool is_hex(char c) {
    return (c >= '0' && c <= '9') || ((c | 0x20) >= 'a' && (c | 0x20) <= 'f');
}

// The length of the escape at `at` (a backslash), or 0 for one that the fast path leaves alone.
std::ptrdiff_t escape_length(const char* at) {
    switch (at[1]) {
        case '"':
        case '\\':
        case '/':
        case 'b':
        case 'f':
        case 'n':
        case 'r':
        case 't':
            return 2;
        case 'u': {
            const bool hex = is_hex(at[2]) && is_hex(at[3]) && is_hex(at[4]) && is_hex(at[5]);
            const bool surrogate = (at[2] | 0x20) == 'd' && !(at[3] >= '0' && at[3] <= '7');
            return hex && !surrogate ? 6 : 0;
        }
        default:
            return 0;
    }
}

// `at` is the first byte after the opening mark; returns the closing mark, or null.
// `high_bits` becomes non-zero if a byte over 0x7F was met.
const char* read_text(const char* at, const char* end, Text& text, std::uint32_t& high_bits) {
    const __m128i mark = _mm_set1_epi8('"');
    const __m128i backslash = _mm_set1_epi8('\\');
    const __m128i control = _mm_set1_epi8(0x1F);
    text.data = at;
    text.escaped = false;
    while (at < end) {
        const __m128i chunk = load16(at);
        high_bits |= static_cast<unsigned>(_mm_movemask_epi8(chunk));
        const __m128i special = _mm_or_si128(
            _mm_or_si128(_mm_cmpeq_epi8(chunk, mark), _mm_cmpeq_epi8(chunk, backslash)),
            _mm_cmpeq_epi8(_mm_min_epu8(chunk, control), chunk));
        const int found = _mm_movemask_epi8(special);
        if (found == 0) {
            at += 16;
            continue;
        }
        at += std::countr_zero(static_cast<unsigned>(found));
        if (*at == '"') {
            text.size = static_cast<std::uint32_t>(at - text.data);
            return at;
        }
        const std::ptrdiff_t escape = *at == '\\' ? escape_length(at) : 0;
        if (escape == 0) return nullptr;
        text.escaped = true;
        at += escape;
    }
    return nullptr;
}

// A non-negative integer, kept as it is spelled.
const char* read_digits_as_text(const char* at, Text& text) {
    Decimal number;
    const char* const after = read_decimal(at, number);
    if (after == nullptr || number.negative || number.fraction_digits > 0) return nullptr;
    text = {at, static_cast<std::uint32_t>(after - at), false};
    return after;
}

const char* read_boolean(const char* at, bool& value) {
    value = *at == 't';
    if (value) return std::memcmp(at, "true", 4) == 0 ? at + 4 : nullptr;
    return std::memcmp(at, "false", 5) == 0 ? at + 5 : nullptr;
}

}  // namespace

bool Scanner::Foretold::stands_at(const char* at) const {
    auto differs = [&](std::size_t from) {
        return _mm_and_si128(_mm_xor_si128(load16(at + from), load16(bytes.data() + from)),
                             load16(mask.data() + from));
    };
    const __m128i difference = _mm_or_si128(differs(0), differs(16));
    return _mm_testz_si128(difference, difference) != 0 && size != 0;
}

Scanner::Scanner() {
    for (std::size_t i = 0; i < types_.size(); ++i) types_[i] = bronze_columns()[i].type;
}

// Reads `, "name" :` (or `{` in place of the comma) and foretells it for the lines to come.
const char* Scanner::read_name(const char* at, const char* end, Foretold& foretold) const {
    const char* const start = at;
    at = skip_space(at, end);
    if (at >= end || *at != (&foretold == &next_[kLineStart] ? '{' : ',')) return nullptr;
    at = skip_space(at + 1, end);
    if (at >= end || *at != '"') return nullptr;
    const char* const name = ++at;
    while (at < end && *at != '"' && *at != '\\') ++at;
    if (at >= end || *at == '\\') return nullptr;
    const auto column = column_of_field({name, static_cast<std::size_t>(at - name)});
    if (!column) return nullptr;
    at = skip_space(at + 1, end);
    if (at >= end || *at != ':') return nullptr;
    at = skip_space(at + 1, end);

    const auto size = static_cast<std::size_t>(at - start);
    foretold.column = *column;
    foretold.is_length = *column == Column::duration && *name == 'l';
    foretold.size = 0;
    if (size > foretold.bytes.size()) return at;
    foretold.bytes.fill(0);
    foretold.mask.fill(0);
    std::memcpy(foretold.bytes.data(), start, size);
    std::memset(foretold.mask.data(), 0xFF, size);
    foretold.size = static_cast<std::uint8_t>(size);
    return at;
}

// Reads one value into fields, its bit into fields.present unless it is null or an empty text.
const char* Scanner::read_value(const char* at, const char* end, Column column, Fields& fields) {
    Value& value = fields[column];
    if (*at == 'n') return std::memcmp(at, "null", 4) == 0 ? at + 4 : nullptr;
    switch (types_[index_of(column)]) {
        case Type::text:
            if (*at == '"') {
                at = read_text(at + 1, end, value.text, high_bits_);
                if (at == nullptr) return nullptr;
                ++at;
                if (column == Column::user_id) fields.user_id_is_text = true;
                if (value.text.size == 0 && column != Column::location) return at;
            } else {
                if (column != Column::user_id) return nullptr;
                at = read_digits_as_text(at, value.text);
            }
            break;
        case Type::int64:
            at = read_integer(at, value.integer);
            break;
        case Type::int32:
            at = read_integer(at, value.integer);
            if (at != nullptr && value.integer != static_cast<std::int32_t>(value.integer)) {
                return nullptr;
            }
            break;
        case Type::real:
            at = read_real(at, value.real);
            break;
        default:  // success, the only boolean
            at = read_boolean(at, value.boolean);
    }
    fields.present |= bit_of(column);
    return at;
}

bool Scanner::scan(std::string_view line, Fields& fields) {
    const char* at = line.data();
    const char* const end = at + line.size();
    fields.seen = 0;
    fields.present = 0;
    fields.user_id_is_text = false;
    fields.length_seen = false;
    high_bits_ = 0;
    std::size_t before = kLineStart;
    while (*at != '}' || before == kLineStart) {
        Foretold& foretold = next_[before];
        if (foretold.stands_at(at)) {
            at += foretold.size;
        } else {
            const char* const closing = skip_space(at, end);
            if (closing < end && *closing == '}' && before != kLineStart) {
                at = closing;
                break;
            }
            at = read_name(at, end, foretold);
        }
        if (at == nullptr || at >= end || (fields.seen & bit_of(foretold.column)) != 0)
            return false;
        fields.seen |= bit_of(foretold.column);
        before = index_of(foretold.column);
        fields.length_seen |= foretold.is_length;
        at = read_value(at, end, foretold.column, fields);
        if (at == nullptr || at >= end) return false;
    }
    return skip_space(at + 1, end) == end;
}

}  // namespace bassline::event
