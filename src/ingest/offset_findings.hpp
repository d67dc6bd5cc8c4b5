// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "kafka/consumer.hpp"

// What is wrong with the records of one partition, as texts for people: neighbouring offsets become
// one range, and of each kind the first few ranges are told. Pure.
namespace bassline::ingest {

inline constexpr std::size_t kRangesToldMax = 5;

class OffsetFindings {
public:
    explicit OffsetFindings(kafka::TopicPartition partition) : partition_(std::move(partition)) {}

    // Each by growing offset.
    void absent(std::uint64_t offset) { absent_.add(offset, ""); }
    void doubled(std::uint64_t offset) { doubled_.add(offset, ""); }
    void unknown(std::uint64_t offset) { unknown_.add(offset, ""); }
    void differing(std::uint64_t offset, std::string_view column) {
        differing_.add(offset, column);
    }

    /// Appends a text for each range.
    void tell(std::vector<std::string>& findings) const;

private:
    struct Range {
        std::uint64_t first = 0;
        std::uint64_t end = 0;
        std::uint64_t count = 0;
        std::string column;
    };
    struct Ranges {
        std::vector<Range> told;
        std::uint64_t more = 0;  // counts in later ranges
        std::uint64_t end = 0;   // of the newest range
        void add(std::uint64_t offset, std::string_view column);
    };

    void tell(const Ranges& ranges, std::string_view what,
              std::vector<std::string>& findings) const;

    kafka::TopicPartition partition_;
    Ranges absent_;
    Ranges doubled_;
    Ranges unknown_;
    Ranges differing_;
};

}  // namespace bassline::ingest
