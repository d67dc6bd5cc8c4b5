// SPDX-License-Identifier: Apache-2.0
#include "simulator/fault_sink.hpp"

#include <cmath>
#include <limits>

#include "base/clock.hpp"

namespace bassline::simulator {
namespace {

constexpr double kMinute = 60'000;  // milliseconds
constexpr double kHour = 60 * kMinute;
constexpr double kLateMax = 48 * kHour;
constexpr double kCopySoonest = 1000;
constexpr double kPlacesMax = 20;
constexpr std::int64_t kAllOfThem = std::numeric_limits<std::int64_t>::max();

// Between two bounds, all orders of magnitude alike.
std::int64_t log_uniform(double least, double most, double uniform) {
    return static_cast<std::int64_t>(least * std::pow(most / least, uniform));
}

// The record as a clock that is off writes it. A ts has 13 digits (the years 2001 to 2286).
void shift_time(std::string& text, std::int64_t by_ms, RecordMark& mark) {
    constexpr std::string_view kKey = "\"ts\":";
    mark.ts_ms += by_ms;
    const std::string digits = std::to_string(mark.ts_ms);
    text.replace(text.find(kKey) + kKey.size(), digits.size(), digits);
}

}  // namespace

FaultSink::FaultSink(Sink& inner, FaultRates rates, std::uint64_t seed)
    : inner_(inner), rates_(rates), seed_(seed), odd_(seed, rates) {
    if (rates.malformed <= 0) return;
    for (const Damage& damage : damages()) counts_.damages[std::string(damage.name)] = 0;
}

FaultSink::Stream& FaultSink::stream_of(std::size_t index) {
    return streams_
        .try_emplace(index, Stream{.random = RandomStream(seed_, StreamPurpose::faults, index)})
        .first->second;
}

void FaultSink::count(const std::string& fault, const RecordMark& mark) {
    ++counts_.faults[fault][{mark.topic, format_date(date_of_ms(mark.ts_ms))}];
}

Result<void> FaultSink::write(std::size_t index, const Lines& lines) {
    Stream& stream = stream_of(index);
    std::size_t begin = 0;
    for (const RecordMark& mark : lines.marks) {
        release(stream.late, mark.ts_ms, stream);
        take(stream, read_record(mark, lines.text.substr(begin, mark.end - begin)), mark.ts_ms);
        release(stream.moved, static_cast<std::int64_t>(++stream.number), stream);
        begin = mark.end;
    }
    return pass_on(index, stream);
}

FaultSink::Record FaultSink::read_record(const RecordMark& mark, std::string_view text) {
    Record record{.mark = mark, .text = std::string(text)};
    const auto user = static_cast<UserIndex>(mark.user);
    if (const std::int64_t skew = odd_.skew_ms(user); skew != 0) {
        shift_time(record.text, skew, record.mark);
        count("skew", record.mark);
    }
    if (odd_.is_bot(user)) count("bots", record.mark);
    return record;
}

// Decides what befalls the record.
void FaultSink::take(Stream& stream, Record record, std::int64_t now_ms) {
    const Uniforms draw = stream.random.next();
    double until = rates_.late;
    if (draw.u < until) {
        count("late", record.mark);
        stream.late.push(
            {now_ms + log_uniform(kMinute, kLateMax, draw.v), stream.number, std::move(record)});
        return;
    }
    until += rates_.out_of_order;
    if (draw.u < until) {
        count("out_of_order", record.mark);
        const auto places = 1 + static_cast<std::int64_t>(draw.v * kPlacesMax);
        stream.moved.push({static_cast<std::int64_t>(stream.number) + 1 + places, stream.number,
                           std::move(record)});
        return;
    }
    until += rates_.malformed;
    if (draw.u < until) {
        put_damaged(stream, std::move(record));
        return;
    }
    until += rates_.duplicate;
    put(stream, record);
    if (draw.u < until) {
        count("duplicate", record.mark);
        stream.late.push(
            {now_ms + log_uniform(kCopySoonest, kHour, draw.v), stream.number, std::move(record)});
    }
}

void FaultSink::append(Stream& stream, const Record& record) {
    stream.text += record.text;
    stream.marks.push_back(record.mark);
    stream.marks.back().end = stream.text.size();
}

void FaultSink::put(Stream& stream, const Record& record) {
    append(stream, record);
    ++counts_.written[{record.mark.topic, format_date(date_of_ms(record.mark.ts_ms))}];
}

// What is odd but right counts as written, with the ts that it now has.
void FaultSink::put_damaged(Stream& stream, Record record) {
    const Damage& damage = draw_damage(record.mark.topic, stream.random.next());
    count("malformed", record.mark);
    ++counts_.damages[std::string(damage.name)];
    record.text.pop_back();
    record.text = damaged(record.text, damage) + '\n';
    if (!damage.reason) {
        record.mark.ts_ms = ts_of_damaged(damage, record.mark.ts_ms);
        put(stream, record);
        return;
    }
    ++counts_.quarantined[{counted_under(damage, record.mark.topic),
                           std::string(event::to_string(*damage.reason))}];
    append(stream, record);
}

void FaultSink::release(std::priority_queue<Held>& held, std::int64_t until, Stream& stream) {
    while (!held.empty() && held.top().until <= until) {
        put(stream, held.top().record);
        held.pop();
    }
}

Result<void> FaultSink::pass_on(std::size_t index, Stream& stream) {
    if (!stream.text.empty()) TRY(inner_.write(index, {stream.text, stream.marks}));
    stream.text.clear();
    stream.marks.clear();
    return {};
}

Result<void> FaultSink::finish() {
    for (auto& [index, stream] : streams_) {
        release(stream.moved, kAllOfThem, stream);
        release(stream.late, kAllOfThem, stream);
        TRY(pass_on(index, stream));
    }
    return inner_.finish();
}

}  // namespace bassline::simulator
