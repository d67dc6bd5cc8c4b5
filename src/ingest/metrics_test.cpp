// SPDX-License-Identifier: Apache-2.0
#include "ingest/metrics.hpp"

#include <filesystem>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/test_folder.hpp"
#include "ingest/kafka_ingest.hpp"
#include "kafka/mock_cluster.hpp"
#include "lake/lake.hpp"

namespace bassline::ingest {
namespace {

using testing::HasSubstr;
using testing::Not;

constexpr std::int64_t kMetricsNowMs = 1'741'200'000'000;

Timestamp metrics_now() {
    return Timestamp(std::chrono::milliseconds(kMetricsNowMs));
}

class MetricsClock : public Clock {
public:
    Timestamp now() const override { return metrics_now(); }
};

TEST(IngestMetrics, a_partition_is_behind_by_offsets_and_by_the_age_of_the_record_read_last) {
    Metrics metrics("1.2", "abc");
    metrics.set_brokers_answer(true);
    metrics.set_partitions({{.partition = {"t", 0},
                             .start = 5,
                             .next = 20,
                             .high = 50,
                             .newest_ms = kMetricsNowMs - 2'500},
                            {.partition = {"t", 1}, .next = 7, .high = 7, .newest_ms = 1}},
                           {{{"t", 0}, {.records = 15, .bytes = 300}}});
    lake::Entry entry;
    entry.kafka_ranges = {{.topic = "t", .partition = 0, .start = 5, .end = 12}};
    metrics.committed(entry, "time", 0.2);
    const std::string text = metrics.text(metrics_now());
    for (const char* const line :
         {"bassline_build_info{version=\"1.2\",commit=\"abc\"} 1\n",
          "bassline_ingest_lag_records{topic=\"t\",partition=\"0\"} 30\n",
          "bassline_ingest_lag_seconds{topic=\"t\",partition=\"0\"} 2.5\n",
          "bassline_ingest_lag_records{topic=\"t\",partition=\"1\"} 0\n",
          "bassline_ingest_lag_seconds{topic=\"t\",partition=\"1\"} 0\n",
          "bassline_ingest_uncommitted_records{topic=\"t\",partition=\"0\"} 8\n",
          "bassline_ingest_consumed_bytes_total{topic=\"t\",partition=\"0\"} 300\n",
          "bassline_ingest_commits_total{rotation=\"time\"} 1\n",
          "bassline_ingest_commit_duration_seconds_bucket{le=\"0.1\"} 0\n",
          "bassline_ingest_commit_duration_seconds_bucket{le=\"0.25\"} 1\n"}) {
        EXPECT_THAT(text, HasSubstr(line));
    }
}

TEST(IngestMetrics, what_is_rare_is_counted_by_topic_and_result) {
    Metrics metrics("1", "a");
    lake::Entry entry;
    entry.counters["t"] = {.consumed = 9, .written = 7, .late = 3, .quarantined = 2};
    metrics.committed(entry, "hour_closed", 0.1);
    metrics.hours_completed("t", 2);
    metrics.set_brokers_answer(true);
    metrics.set_partitions({{.partition = {"t", 0}}}, {{{"t", 0}, {.records = 9}}});
    metrics.redelivered("t", 4);
    metrics.redelivered("t", 1);
    metrics.set_open({.batches = 1, .hours = 2, .bytes = 3, .queued_bytes = 4});
    metrics.set_registry(
        {.memory_hits = 5, .disk_hits = 6, .fetched = 7, .unknown = 8, .unavailable = 9});
    const std::string text = metrics.text(metrics_now());
    for (const char* const line :
         {"bassline_ingest_written_rows_total{topic=\"t\"} 7\n",
          "bassline_ingest_late_rows_total{topic=\"t\"} 3\n",
          "bassline_ingest_hours_completed_total{topic=\"t\"} 2\n",
          "bassline_ingest_redelivered_records_total{topic=\"t\"} 5\n",
          "bassline_ingest_commits_total{rotation=\"hour_closed\"} 1\n",
          "bassline_ingest_open_batches 1\n", "bassline_ingest_open_buckets 2\n",
          "bassline_ingest_open_bytes 3\n", "bassline_ingest_queued_bytes 4\n",
          "bassline_schema_registry_lookups_total{result=\"memory\"} 5\n",
          "bassline_schema_registry_lookups_total{result=\"disk\"} 6\n",
          "bassline_schema_registry_lookups_total{result=\"registry\"} 7\n",
          "bassline_schema_registry_lookups_total{result=\"unknown\"} 8\n",
          "bassline_schema_registry_lookups_total{result=\"unavailable\"} 9\n"}) {
        EXPECT_THAT(text, HasSubstr(line));
    }
}

TEST(IngestMetrics, what_there_is_not_is_not_told) {
    EXPECT_THAT(Metrics("1", "a").text(metrics_now()), Not(HasSubstr("lag")));
    EXPECT_THAT(Metrics("1", "a").text(metrics_now()), Not(HasSubstr("registry")));
}

TEST(IngestMetrics, an_ingest_of_kafka_tells_what_it_read_and_what_it_refused) {
    const std::string root = make_test_folder("metrics");
    kafka::MockCluster cluster;
    cluster.create_topic("page_view_events", 1);
    const std::string good =
        R"({"ts":1741199000000,"sessionId":1,"page":"Home","itemInSession":1})";
    cluster.produce("page_view_events", 0, good, kMetricsNowMs);
    cluster.produce("page_view_events", 0, "no JSON", kMetricsNowMs);
    Metrics metrics("1", "a");
    {
        const auto files = lake::open_lake(root + "/lake").value();
        const auto done = ingest_kafka(*files,
                                       {.cluster = {.brokers = cluster.brokers()},
                                        .topics = {"page_view_events"},
                                        .patience = std::chrono::seconds(30),
                                        .metrics = &metrics},
                                       MetricsClock(), {});
        ASSERT_TRUE(done) << done.error().message;
    }
    const std::string text = metrics.text(metrics_now());
    const std::string labels = "{topic=\"page_view_events\",partition=\"0\"} ";
    EXPECT_THAT(text, HasSubstr("bassline_ingest_brokers_up 1\n"));
    EXPECT_THAT(text, HasSubstr("bassline_ingest_consumed_records_total" + labels + "2\n"));
    EXPECT_THAT(text, HasSubstr("bassline_ingest_consumed_bytes_total" + labels +
                                std::to_string(good.size() + 7) + "\n"));
    EXPECT_THAT(text, HasSubstr("bassline_ingest_quarantined_rows_total{topic=\"page_view_events\","
                                "reason=\"bad_json\"} 1\n"));
    EXPECT_THAT(text, HasSubstr("bassline_ingest_written_rows_total{topic=\"page_view_events\"} "
                                "1\n"));
    EXPECT_THAT(text, HasSubstr("bassline_ingest_commits_total{rotation=\"end\"} 1\n"));
    EXPECT_THAT(text, HasSubstr("bassline_ingest_open_batches 0\n"));
    std::filesystem::remove_all(root);
}

}  // namespace
}  // namespace bassline::ingest
