// SPDX-License-Identifier: Apache-2.0
#include "ingest/quarantined_record.hpp"

namespace bassline::ingest {
namespace {

RecordDecoder::Answer decode_again(RecordDecoder& decoder, const QuarantinedRecord& record) {
    if (record.is_kafka) return decoder.decode(record.raw);
    return {decoder.decode_line(record.raw), std::nullopt};
}

}  // namespace

RetriedRecord retry(RecordDecoder& decoder, const QuarantinedRecord& record) {
    const RecordDecoder::Answer answer = decode_again(decoder, record);
    RetriedRecord retried{
        .line = &answer.line, .schema_id = answer.schema_id, .reason = record.reason};
    for (std::size_t at = 0; at < answer.line.record_count; ++at) {
        const event::Record& decoded = answer.line.records[at];
        if (record.format && answer.line.format && decoded.topic != record.topic) continue;
        retried.is_ours[at] = true;
        ++retried.records;
        if (decoded.refusal) {
            retried.reason = decoded.refusal->reason;
        } else {
            ++retried.good;
        }
    }
    return retried;
}

std::optional<event::Reason> reason_named(std::string_view name) {
    for (int at = 0; at <= static_cast<int>(event::Reason::unsupported_schema); ++at) {
        const auto reason = static_cast<event::Reason>(at);
        if (to_string(reason) == name) return reason;
    }
    return std::nullopt;
}

std::optional<event::Topic> topic_spelled(std::string_view name) {
    for (const event::Topic topic : event::kTopics) {
        if (to_string(topic) == name) return topic;
    }
    return std::nullopt;
}

std::optional<event::InputFormat> format_named(std::string_view name) {
    for (const auto format : {event::InputFormat::topics, event::InputFormat::single}) {
        if (to_string(format) == name) return format;
    }
    return std::nullopt;
}

}  // namespace bassline::ingest
