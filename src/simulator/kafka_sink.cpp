// SPDX-License-Identifier: Apache-2.0
#include "simulator/kafka_sink.hpp"

#include <array>
#include <charconv>
#include <cstdio>
#include <fstream>
#include <nlohmann/json.hpp>

namespace bassline::simulator {
namespace {

class UserKey {
public:
    explicit UserKey(std::uint64_t id) {
        end_ = std::to_chars(digits_.data(), digits_.data() + digits_.size(), id).ptr;
    }
    std::string_view text() const {
        return {digits_.data(), static_cast<std::size_t>(end_ - digits_.data())};
    }

private:
    std::array<char, 20> digits_;
    char* end_;
};

std::vector<std::string> topic_names(const std::string& prefix) {
    std::vector<std::string> names;
    for (const event::Topic topic : event::kTopics) {
        names.push_back(prefix + std::string(event::to_string(topic)));
    }
    return names;
}

// Whoever finds the file finds it whole.
Result<void> write_ledger(const std::string& path, const kafka::DeliveryLedger& ledger) {
    const std::string partial = path + ".partial";
    std::ofstream file(partial);
    file << kafka::ledger_json(ledger).dump() << '\n';
    file.close();
    if (file && std::rename(partial.c_str(), path.c_str()) == 0) return {};
    return error(ErrorKind::io, "cannot write the ledger {}", path);
}

}  // namespace

KafkaSink::KafkaSink(KafkaOutput output) : output_(std::move(output)) {}

Result<std::unique_ptr<KafkaSink>> KafkaSink::open(const KafkaOutput& output,
                                                   std::stop_token stop) {
    std::unique_ptr<KafkaSink> sink(new KafkaSink(output));
    if (output.registry) {
        kafka::SchemaRegistry registry(*output.registry);
        TRY_ASSIGN(sink->framer_,
                   RecordFramer::register_schemas(registry, output.topic_prefix, output.encoding));
    }
    TRY_ASSIGN(sink->producer_, kafka::Producer::open(output.cluster,
                                                      {.topics = topic_names(output.topic_prefix),
                                                       .partitions = output.partitions,
                                                       .replication = output.replication,
                                                       .compression = output.compression},
                                                      std::move(stop)));
    return sink;
}

Result<void> KafkaSink::write(std::size_t /*stream*/, const Lines& lines) {
    std::size_t begin = 0;
    for (const RecordMark& mark : lines.marks) {
        const std::string_view line = lines.text.substr(begin, mark.end - begin - 1);
        begin = mark.end;
        const UserKey key(output_.first_user_id + mark.user);
        TRY(producer_->send({.topic = static_cast<std::size_t>(mark.topic),
                             .key = key.text(),
                             .value = framer_ ? framer_->frame(mark.topic, line) : line,
                             .timestamp_ms = mark.ts_ms}));
    }
    return {};
}

Result<kafka::DeliveryLedger> KafkaSink::close() {
    (void)producer_->close();  // what it says stands in the ledger
    if (!output_.ledger.empty()) TRY(write_ledger(output_.ledger, producer_->ledger()));
    return producer_->ledger();
}

}  // namespace bassline::simulator
