// SPDX-License-Identifier: Apache-2.0
#include "simulator/record_framer.hpp"

#include <limits>

#include "event/avro_encoder.hpp"
#include "event/published_schema.hpp"
#include "kafka/framing.hpp"

namespace bassline::simulator {

RecordFramer::RecordFramer(RecordEncoding encoding)
    : encoding_(encoding),
      decoder_(std::make_unique<event::Decoder>(std::numeric_limits<std::int64_t>::max())) {}

Result<RecordFramer> RecordFramer::register_schemas(kafka::SchemaRegistry& registry,
                                                    const std::string& topic_prefix,
                                                    RecordEncoding encoding) {
    RecordFramer framer(encoding);
    const bool is_avro = encoding == RecordEncoding::avro;
    const auto type = is_avro ? kafka::SchemaType::avro : kafka::SchemaType::json;
    const auto subject_of = [&topic_prefix](event::Topic topic) {
        return topic_prefix + std::string(event::to_string(topic)) + "-value";
    };
    const auto schema_of = [is_avro](event::Topic topic) {
        return is_avro ? event::avro_schema_of(topic) : event::json_schema_of(topic);
    };
    for (const event::Topic topic : event::kTopics) {
        TRY(registry.check_compatible(subject_of(topic), type, schema_of(topic)));
    }
    for (const event::Topic topic : event::kTopics) {
        TRY_ASSIGN(framer.ids_[static_cast<std::size_t>(topic)],
                   registry.add(subject_of(topic), type, schema_of(topic)));
    }
    return framer;
}

std::string_view RecordFramer::frame(event::Topic topic, std::string_view line) {
    value_.clear();
    kafka::put_frame(value_, ids_[static_cast<std::size_t>(topic)]);
    if (encoding_ == RecordEncoding::json) {
        value_ += line;
        return value_;
    }
    return append_record(topic, line) ? std::string_view(value_) : line;
}

bool RecordFramer::append_record(event::Topic topic, std::string_view line) {
    line_.reserve(line.size() + event::kScanPadding);
    line_ = line;
    const event::Line& read = decoder_->decode(line_);
    const bool is_whole = read.record_count == 1 && read.records[0].topic == topic &&
                          !read.records[0].refusal && read.rescued.empty();
    if (is_whole) event::append_avro(value_, read.fields, topic);
    return is_whole;
}

}  // namespace bassline::simulator
