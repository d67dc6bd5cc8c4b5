// SPDX-License-Identifier: Apache-2.0
#include "event/scanner.hpp"

#include <bit>
#include <cstring>

#include <nmmintrin.h>

#include "event/number_reader.hpp"

// Reads may run past the end of the line by less than kScanPadding: a name and a text compare
// 32 bytes, and a number reads at most 44.
namespace bassline::event {
namespace {

constexpr std::size_t kLineStart = kProducerColumnCount;

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

// Which of 16 bytes a text's value does not go past unseen: its end, an escape, a control
// character.
std::uint32_t special_bytes(__m128i chunk) {
    const __m128i special =
        _mm_or_si128(_mm_or_si128(_mm_cmpeq_epi8(chunk, _mm_set1_epi8('"')),
                                  _mm_cmpeq_epi8(chunk, _mm_set1_epi8('\\'))),
                     _mm_cmpeq_epi8(_mm_min_epu8(chunk, _mm_set1_epi8(0x1F)), chunk));
    return static_cast<std::uint32_t>(_mm_movemask_epi8(special));
}

// `at` is the first byte after the opening mark; returns the closing mark, or null. The bytes seen
// are or-ed into `seen`. 32 at a time: most texts end there, and no branch has to guess where.
[[gnu::always_inline]] inline const char* read_text(const char* at, const char* end, Text& text,
                                                    __m128i& seen) {
    text.data = at;
    text.escaped = false;
    while (at < end) {
        const __m128i low = load16(at);
        const __m128i high = load16(at + 16);
        seen = _mm_or_si128(seen, _mm_or_si128(low, high));
        const std::uint32_t special = special_bytes(low) | special_bytes(high) << 16;
        if (special == 0) {
            at += 32;
            continue;
        }
        at += std::countr_zero(special);
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
    unsigned count = 0;
    few_digits(at, count);
    if (count > 0 && ends_integer(at[count]) && (*at != '0' || count == 1)) {
        text = {at, count, false};
        return at + count;
    }
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

// A number of 32 bits, a boolean, or a user's id: a text, or a number that becomes one.
const char* read_rare(const char* at, const char* end, Scanner::Reading reading, Fields& fields,
                      Value& value, __m128i& bits_seen) {
    switch (reading) {
        case Scanner::Reading::user_id:
            if (*at != '"') return read_digits_as_text(at, value.text);
            at = read_text(at + 1, end, value.text, bits_seen);
            fields.user_id_is_text = true;
            return at == nullptr ? nullptr : at + 1;
        case Scanner::Reading::boolean:
            return read_boolean(at, value.boolean);
        default:
            at = read_integer(at, value.integer);
            return value.integer == static_cast<std::int32_t>(value.integer) ? at : nullptr;
    }
}

Scanner::Reading reading_of(Column column) {
    switch (definition(column).type) {
        case Type::int64:
            return Scanner::Reading::integer;
        case Type::int32:
            return Scanner::Reading::small_integer;
        case Type::real:
            return Scanner::Reading::real;
        case Type::boolean:
            return Scanner::Reading::boolean;
        default:
            return column == Column::user_id ? Scanner::Reading::user_id : Scanner::Reading::text;
    }
}

}  // namespace

bool Scanner::Foretold::stands_at(const char* at) const {
    auto differs = [&](std::size_t from) {
        return _mm_and_si128(_mm_xor_si128(load16(at + from), load16(bytes.data() + from)),
                             load16(mask.data() + from));
    };
    const __m128i difference = _mm_or_si128(differs(0), differs(16));
    return _mm_testz_si128(difference, difference) != 0;
}

Scanner::Scanner() {
    for (Foretold& foretold : next_) foretold.foretell_nothing();
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
    foretold.foretell_nothing();
    foretold.column = *column;
    foretold.reading = reading_of(*column);
    foretold.is_length = *column == Column::duration && *name == 'l';
    if (size > foretold.bytes.size()) return at;
    std::memcpy(foretold.bytes.data(), start, size);
    std::memset(foretold.mask.data(), 0xFF, size);
    foretold.size = static_cast<std::uint8_t>(size);
    return at;
}

bool Scanner::scan(std::string_view line, Fields& fields) {
    const char* at = line.data();
    const char* const end = at + line.size();
    std::uint32_t seen = 0;
    std::uint32_t present = 0;
    __m128i bits_seen = _mm_setzero_si128();
    bool length_seen = false;
    fields.user_id_is_text = false;
    std::size_t before = kLineStart;
    while (*at != '}' || before == kLineStart) {
        Foretold& foretold = next_[before];
        if (foretold.stands_at(at)) [[likely]] {
            at += foretold.size;
        } else {
            const char* const closing = skip_space(at, end);
            if (closing < end && *closing == '}' && before != kLineStart) {
                at = closing;
                break;
            }
            at = read_name(at, end, foretold);
            if (at == nullptr) return false;
        }
        const std::uint32_t bit = bit_of(foretold.column);
        if (at >= end || (seen & bit) != 0) return false;
        seen |= bit;
        length_seen |= foretold.is_length;
        before = index_of(foretold.column);
        Value& value = fields.values[before];
        bool is_present = true;
        if (*at == 'n') [[unlikely]] {
            if (std::memcmp(at, "null", 4) != 0) return false;
            at += 4;
            is_present = false;
        } else if (foretold.reading == Reading::text) {
            if (*at != '"') return false;
            at = read_text(at + 1, end, value.text, bits_seen);
            if (at == nullptr) return false;
            ++at;
            is_present = value.text.size > 0 || foretold.column == Column::location;
        } else if (foretold.reading == Reading::integer) {
            at = read_integer(at, value.integer);
            if (at == nullptr) return false;
        } else if (foretold.reading == Reading::real) {
            at = read_real(at, value.real);
            if (at == nullptr) return false;
        } else {
            at = read_rare(at, end, foretold.reading, fields, value, bits_seen);
            if (at == nullptr) return false;
            is_present = foretold.reading != Reading::user_id || value.text.size > 0;
        }
        if (at >= end) return false;
        present |= is_present ? bit : 0;
    }
    fields.seen = seen;
    fields.present = present;
    fields.length_seen = length_seen;
    non_ascii_ = _mm_movemask_epi8(bits_seen) != 0;
    return skip_space(at + 1, end) == end;
}

}  // namespace bassline::event
