// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <map>
#include <set>

#include "kafka/consumer.hpp"

namespace bassline::ingest {

/// Answers what it is told to, has no records, and notes who is paused.
class FakeConsumer final : public kafka::Consumer {
public:
    using TopicPartition = kafka::TopicPartition;

    Result<std::string> cluster_id(std::chrono::milliseconds) override { return std::string("c"); }
    Result<std::vector<kafka::TopicDescription>> describe(const std::vector<std::string>& names,
                                                          std::chrono::milliseconds) override {
        std::vector<kafka::TopicDescription> found;
        for (const std::string& name : names) {
            const auto topic = topics.find(name);
            if (topic == topics.end()) return error(ErrorKind::not_found, "no topic {}", name);
            found.push_back(topic->second);
        }
        return found;
    }
    Result<kafka::Watermarks> watermarks(const TopicPartition&,
                                         std::chrono::milliseconds) override {
        return range;
    }
    Result<bool> is_compacted(const std::string&, std::chrono::milliseconds) override {
        return false;
    }
    std::optional<std::int64_t> known_end(const TopicPartition&) override { return std::nullopt; }
    /// A record an hour, from the epoch on.
    Result<std::int64_t> offset_at(const TopicPartition&, std::int64_t timestamp_ms,
                                   std::chrono::milliseconds) override {
        return std::min(range.high, (timestamp_ms + 3'599'999) / 3'600'000);
    }
    Result<void> subscribe(const std::vector<std::string>&) override { return {}; }
    Result<void> take(const std::vector<TopicPartition>&) override { return {}; }
    Result<std::optional<kafka::Event>> poll(std::chrono::milliseconds) override {
        return std::optional<kafka::Event>();
    }
    void pause(const TopicPartition& partition) override { paused.insert(partition); }
    void resume(const TopicPartition& partition) override { paused.erase(partition); }
    Result<void> seek(const kafka::Position&, std::chrono::milliseconds) override { return {}; }
    void acknowledge(const std::vector<kafka::Position>&) override {}
    void close() override {}

    std::set<TopicPartition> paused;
    std::map<std::string, kafka::TopicDescription> topics;
    kafka::Watermarks range;  // of every partition
};

}  // namespace bassline::ingest
