// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

#include "event/record.hpp"

// The fast path of the decoder: one pass over a line whose fields are flat and known.
//
// Each field foretells the next one: the bytes between two values (`,"sessionId":`) are compared
// with those that stood there the last time; only where they differ is the name looked up. So any
// order, spacing and set of optional fields is read, and EventSim's own costs one comparison a
// field. The scanner never decides that a line is bad. Whatever it does not expect (unknown fields,
// nested values, exponents, surrogates, a field twice, any error) makes it give up, and the general
// path reads the line anew. What it accepts is JSON, and means what the general path would say.
namespace bassline::event {

/// Bytes readable after the end of a scanned line.
inline constexpr std::size_t kScanPadding = 64;

class Scanner {
public:
    Scanner();

    /// Reads the line into `fields`; texts point into the line. False: not for the fast path.
    /// UTF-8 is left to the caller, if non_ascii() says that there is any.
    bool scan(std::string_view line, Fields& fields);

    /// Whether the line scanned last may hold bytes over 0x7F.
    bool non_ascii() const { return non_ascii_; }

    /// How a column's value is read.
    enum class Reading : std::uint8_t { text, integer, real, small_integer, boolean, user_id };

private:
    // The bytes that lead to a field, as they stood in a line before.
    struct alignas(16) Foretold {
        std::array<char, 32> bytes;
        std::array<char, 32> mask;  // 0xFF where `bytes` count
        std::uint8_t size = 0;
        Column column = Column::ts;
        Reading reading = Reading::integer;
        bool is_length = false;  // the field is `length`, not `duration`

        bool stands_at(const char* at) const;
        // A zero byte stands for nothing: no value begins with one either, so such a line is not
        // for the fast path.
        void foretell_nothing() {
            bytes.fill(0);
            mask.fill(0);
            mask[0] = static_cast<char>(0xFF);
            size = 0;
        }
    };

    const char* read_name(const char* at, const char* end, Foretold& foretold) const;

    std::array<Foretold, kProducerColumnCount + 1> next_;  // by field before; the last: line start
    bool non_ascii_ = false;
};

}  // namespace bassline::event
