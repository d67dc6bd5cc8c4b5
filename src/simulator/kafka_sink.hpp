// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>

#include "base/result.hpp"
#include "kafka/producer.hpp"
#include "simulator/record_framer.hpp"
#include "simulator/sink.hpp"

// Records to Kafka: a topic of events is a topic there, a line without its line feed is a value, or
// its payload is (record_framer.hpp).
//
// The key is the user's id in decimal digits, also for records that do not show the user: they keep
// their place among the others of the session, as they would if a device sent them. The timestamp
// is the event's. A damaged record goes to the topic of the record it was.
namespace bassline::simulator {

struct KafkaOutput {
    kafka::Cluster cluster;
    std::string topic_prefix;       // before the topics' names
    std::optional<int> partitions;  // as kafka::ProducerOptions has them
    std::optional<int> replication;
    std::string compression = "zstd";
    std::string ledger;  // a file for what became of the records; empty: none
    std::optional<kafka::RegistryOptions> registry;  // then values are framed
    RecordEncoding encoding = RecordEncoding::json;  // Avro needs a registry
    std::uint64_t first_user_id = 1;                 // id of user 0
};

class KafkaSink : public Sink {
public:
    /// Registers the schemas, if there is a registry, and makes the topics.
    /// Errors: as RecordFramer::register_schemas and kafka::Producer::open.
    static Result<std::unique_ptr<KafkaSink>> open(const KafkaOutput& output, std::stop_token stop);

    bool wants_marks() const override { return true; }
    Result<void> write(std::size_t stream, const Lines& lines) override;
    Result<void> flush() override { return producer_->check(); }
    Result<void> finish() override { return producer_->close(); }

    /// Ends what is under way, whether or not the run went well, and writes the ledger's file.
    /// Errors: `io` if that cannot be written.
    Result<kafka::DeliveryLedger> close();

private:
    explicit KafkaSink(KafkaOutput output);

    KafkaOutput output_;
    std::optional<RecordFramer> framer_;
    std::unique_ptr<kafka::Producer> producer_;
};

}  // namespace bassline::simulator
