// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <queue>
#include <string>
#include <utility>
#include <vector>

#include "simulator/damage.hpp"
#include "simulator/faults.hpp"
#include "simulator/random_stream.hpp"
#include "simulator/sink.hpp"

// A sink that does things wrong on the way to another one, and keeps count of every one of them.
//
// Each stream draws its faults record by record, so they depend on the seed and the records only.
// Records that come late wait here; at the end they are all written.
namespace bassline::simulator {

/// Counts by topic and UTC date of the record's ts.
using DailyCounts = std::map<std::pair<event::Topic, std::string>, std::uint64_t>;

struct FaultCounts {
    DailyCounts written;                        // good records, copies and odd ones included
    std::map<std::string, DailyCounts> faults;  // late, duplicate, ..., malformed; skew, bots: the
                                                // records of those users
    std::map<std::string, std::uint64_t> damages;  // malformed ones by kind, all kinds
    /// Refusals to expect, by topic and reason.
    std::map<std::pair<event::Topic, std::string>, std::uint64_t> quarantined;
};

class FaultSink : public Sink {
public:
    /// The inner sink outlives this one.
    FaultSink(Sink& inner, FaultRates rates, std::uint64_t seed);

    bool wants_marks() const override { return true; }
    Result<void> write(std::size_t stream, const Lines& lines) override;
    Result<void> flush() override { return inner_.flush(); }
    Result<void> finish() override;

    const FaultCounts& counts() const { return counts_; }

private:
    struct Record {
        RecordMark mark;
        std::string text;  // with its line feed
    };
    struct Held {
        std::int64_t until;  // ts, or number of the record, to wait for
        std::uint64_t number;
        Record record;

        // The first to leave on top.
        bool operator<(const Held& other) const {
            return std::pair(other.until, other.number) < std::pair(until, number);
        }
    };
    struct Stream {
        RandomStream random;
        std::uint64_t number = 0;
        std::priority_queue<Held> late;   // by ts
        std::priority_queue<Held> moved;  // by number
        std::string text;
        std::vector<RecordMark> marks;
    };

    Stream& stream_of(std::size_t index);
    Record read_record(const RecordMark& mark, std::string_view text);
    void take(Stream& stream, Record record, std::int64_t now_ms);
    static void append(Stream& stream, const Record& record);
    void put(Stream& stream, const Record& record);
    void release(std::priority_queue<Held>& held, std::int64_t until, Stream& stream);
    void put_damaged(Stream& stream, Record record);
    void count(const std::string& fault, const RecordMark& mark);
    Result<void> pass_on(std::size_t index, Stream& stream);

    Sink& inner_;
    FaultRates rates_;
    std::uint64_t seed_;
    OddUsers odd_;
    std::map<std::size_t, Stream> streams_;
    FaultCounts counts_;
};

}  // namespace bassline::simulator
