// SPDX-License-Identifier: Apache-2.0
#include "kafka/schema_registry.hpp"

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/test_folder.hpp"
#include "kafka/framing.hpp"
#include "kafka/test_registry.hpp"
#include "storage/local_file_system.hpp"

namespace bassline::kafka {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::SizeIs;

constexpr const char* kNobody = "http://127.0.0.1:1";

class SchemaRegistryTest : public testing::Test {
protected:
    ~SchemaRegistryTest() override { std::filesystem::remove_all(folder_); }

    RegistryOptions options() const {
        return {.urls = {server_.url()},
                .backoff = std::chrono::milliseconds(1),
                .unavailable_ttl = std::chrono::milliseconds(0)};
    }

    TestRegistry server_;
    std::string folder_ = make_test_folder("registry");
};

TEST_F(SchemaRegistryTest, an_id_is_fetched_once) {
    server_.put(7, "\"string\"");
    SchemaRegistry registry(options());
    for (int turn = 0; turn < 3; ++turn) {
        const auto found = registry.find(7);
        ASSERT_TRUE(found) << found.error().message;
        EXPECT_EQ(found.value()->text, "\"string\"");
        EXPECT_EQ(found.value()->type, SchemaType::avro);
    }
    EXPECT_THAT(server_.requests(), ElementsAre("GET /schemas/ids/7"));
    EXPECT_EQ(registry.counts().memory_hits, 2u);
    EXPECT_EQ(registry.counts().fetched, 1u);
}

TEST_F(SchemaRegistryTest, threads_that_want_one_id_share_one_request) {
    server_.put(7, "{}", "JSON");
    SchemaRegistry registry(options());
    {
        std::vector<std::jthread> threads;
        for (int i = 0; i < 8; ++i) {
            threads.emplace_back([&registry] { EXPECT_TRUE(registry.find(7)); });
        }
    }
    EXPECT_THAT(server_.requests(), SizeIs(1));
}

TEST_F(SchemaRegistryTest, a_schema_on_disk_outlives_the_registry) {
    const auto files = storage::open_local(folder_).value();
    server_.put(7, "{}", "JSON");
    RegistryOptions kept = options();
    kept.files = files.get();
    kept.folder = "_ingest/schemas/x";
    ASSERT_TRUE(SchemaRegistry(kept).find(7));

    kept.urls = {kNobody};
    SchemaRegistry restarted(kept);
    const auto found = restarted.find(7);
    ASSERT_TRUE(found) << found.error().message;
    EXPECT_EQ(found.value()->type, SchemaType::json);
    EXPECT_EQ(restarted.counts().disk_hits, 1u);
}

TEST_F(SchemaRegistryTest, a_reader_takes_what_is_on_disk_and_writes_nothing) {
    const auto files = storage::open_local(folder_).value();
    server_.put(7, "{}", "JSON");
    server_.put(8, "{}", "JSON");
    RegistryOptions kept = options();
    kept.files = files.get();
    kept.folder = ".";
    ASSERT_TRUE(SchemaRegistry(kept).find(7));

    kept.files = nullptr;
    kept.read_only_files = files.get();
    SchemaRegistry reader(kept);
    EXPECT_TRUE(reader.find(7));
    EXPECT_TRUE(reader.find(8));
    EXPECT_EQ(reader.counts().disk_hits, 1u);
    EXPECT_EQ(reader.counts().fetched, 1u);
    EXPECT_TRUE(std::filesystem::exists(folder_ + "/7.json"));
    EXPECT_FALSE(std::filesystem::exists(folder_ + "/8.json"));
}

TEST_F(SchemaRegistryTest, a_damaged_file_is_fetched_anew) {
    const auto files = storage::open_local(folder_).value();
    std::ofstream(folder_ + "/7.json") << R"({"id":7,"sch)";
    server_.put(7, "{}", "JSON");
    RegistryOptions kept = options();
    kept.files = files.get();
    kept.folder = ".";
    SchemaRegistry registry(kept);
    ASSERT_TRUE(registry.find(7));
    EXPECT_EQ(registry.counts().fetched, 1u);
    kept.urls = {kNobody};
    EXPECT_TRUE(SchemaRegistry(kept).find(7));
}

TEST_F(SchemaRegistryTest, an_unknown_id_is_retried_then_remembered_for_a_while) {
    SchemaRegistry registry(options());
    EXPECT_EQ(registry.find(9).error().kind, ErrorKind::not_found);
    EXPECT_EQ(registry.find(9).error().kind, ErrorKind::not_found);
    EXPECT_THAT(server_.requests(), SizeIs(3));

    RegistryOptions forgetful = options();
    forgetful.unknown_ttl = std::chrono::milliseconds(0);
    SchemaRegistry other(forgetful);
    EXPECT_FALSE(other.find(9));
    server_.put(9, "{}", "JSON");
    EXPECT_TRUE(other.find(9));
}

TEST_F(SchemaRegistryTest, many_unknown_ids_are_not_retried_and_take_bounded_memory) {
    RegistryOptions small = options();
    small.unknown_max = 20;
    SchemaRegistry registry(small);
    for (int id = 0; id < 40; ++id) EXPECT_FALSE(registry.find(id));
    EXPECT_THAT(server_.requests(), SizeIs(16 * 3 + 24));
}

TEST_F(SchemaRegistryTest, ids_that_were_unknown_long_ago_do_not_keep_others_from_their_tries) {
    RegistryOptions forgetful = options();
    forgetful.unknown_ttl = std::chrono::milliseconds(0);
    SchemaRegistry registry(forgetful);
    for (int id = 0; id < 40; ++id) EXPECT_FALSE(registry.find(id));
    EXPECT_THAT(server_.requests(), SizeIs(40 * 3));
}

TEST_F(SchemaRegistryTest, the_next_url_answers_for_one_that_is_down) {
    server_.put(7, "{}", "JSON");
    RegistryOptions several = options();
    several.urls = {kNobody, server_.url()};
    EXPECT_TRUE(SchemaRegistry(several).find(7));
}

TEST_F(SchemaRegistryTest, servers_in_trouble_are_retried_then_unavailable) {
    server_.put(7, "{}", "JSON");
    SchemaRegistry registry(options());
    server_.fail_next(2, 503);
    EXPECT_TRUE(registry.find(7));
    server_.fail_next(3, 500);
    const auto failed = registry.find(8);
    ASSERT_FALSE(failed);
    EXPECT_EQ(failed.error().kind, ErrorKind::unavailable);
    EXPECT_THAT(failed.error().message, HasSubstr("no (status 500)"));
    EXPECT_EQ(registry.counts().unavailable, 1u);
}

TEST_F(SchemaRegistryTest, after_a_failure_the_next_question_does_not_wait) {
    RegistryOptions patient = options();
    patient.unavailable_ttl = std::chrono::hours(1);
    SchemaRegistry registry(patient);
    server_.fail_next(3, 500);
    EXPECT_FALSE(registry.find(7));
    EXPECT_EQ(registry.find(8).error().kind, ErrorKind::unavailable);
    EXPECT_THAT(server_.requests(), SizeIs(3));
}

TEST_F(SchemaRegistryTest, garbage_is_unavailable_and_quarantines_nothing) {
    SchemaRegistry registry(options());
    server_.reply("/schemas/ids/1", {.body = "<html>login</html>"});
    server_.reply("/schemas/ids/2", {.body = R"({"schema":5})"});
    server_.reply("/schemas/ids/3", {.status = 404, .body = R"({"error_code":404})"});
    for (const int id : {1, 2, 3}) {
        EXPECT_EQ(registry.find(id).error().kind, ErrorKind::unavailable) << id;
    }
}

TEST_F(SchemaRegistryTest, credentials_are_sent_and_a_refusal_says_where_to_put_them) {
    server_.put(7, "{}", "JSON");
    server_.demand("Basic YW5uOnNlY3JldA==");
    const auto refused = SchemaRegistry(options()).find(7);
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().kind, ErrorKind::config);
    EXPECT_THAT(refused.error().message, HasSubstr("--schema-registry-config"));
    RegistryOptions known = options();
    known.user_info = "ann:secret";
    EXPECT_TRUE(SchemaRegistry(known).find(7));
}

TEST_F(SchemaRegistryTest, a_schema_is_registered_after_its_compatibility) {
    SchemaRegistry registry(options());
    EXPECT_TRUE(registry.check_compatible("new-value", SchemaType::avro, "{}"));  // the first one
    server_.reply("/subjects/t-value/versions", {.body = R"({"id":42})"});
    server_.reply("/compatibility/subjects/t-value/versions/latest",
                  {.body = R"({"is_compatible":true})"});
    EXPECT_TRUE(registry.check_compatible("t-value", SchemaType::avro, "{}"));
    EXPECT_EQ(registry.add("t-value", SchemaType::avro, "{}").value(), 42);
}

TEST_F(SchemaRegistryTest, an_incompatible_schema_is_a_conflict_with_its_reasons) {
    SchemaRegistry registry(options());
    server_.reply("/compatibility/subjects/t-value/versions/latest",
                  {.body = R"({"is_compatible":false,"messages":["NAME_MISMATCH"]})"});
    server_.reply("/subjects/t-value/versions",
                  {.status = 409, .body = R"({"error_code":40901,"message":"incompatible"})"});
    const auto checked = registry.check_compatible("t-value", SchemaType::avro, "{}");
    ASSERT_FALSE(checked);
    EXPECT_EQ(checked.error().kind, ErrorKind::conflict);
    EXPECT_THAT(checked.error().message, HasSubstr("NAME_MISMATCH"));
    EXPECT_EQ(registry.add("t-value", SchemaType::avro, "{}").error().kind, ErrorKind::conflict);
}

TEST_F(SchemaRegistryTest, the_password_comes_from_a_private_file_or_the_environment) {
    const std::string path = folder_ + "/registry.properties";
    std::ofstream(path) << "# ours\nbasic.auth.user.info = ann:secret\n";
    std::filesystem::permissions(path, std::filesystem::perms(0644));
    RegistryOptions read;
    const auto refused = read_registry_config(path, read);
    ASSERT_FALSE(refused);
    EXPECT_THAT(refused.error().message, HasSubstr("chmod 600"));
    std::filesystem::permissions(path, std::filesystem::perms(0600));
    ASSERT_TRUE(read_registry_config(path, read));
    EXPECT_EQ(read.user_info, "ann:secret");
    ::setenv("BASSLINE_SCHEMA_REGISTRY_USER_INFO", "bob:other", 1);
    ASSERT_TRUE(read_registry_config(path, read));
    ::unsetenv("BASSLINE_SCHEMA_REGISTRY_USER_INFO");
    EXPECT_EQ(read.user_info, "bob:other");
}

TEST_F(SchemaRegistryTest, urls_are_a_list) {
    EXPECT_THAT(parse_registry_urls("http://a:1/x/, https://b").value(),
                ElementsAre("http://a:1/x", "https://b"));
    EXPECT_FALSE(parse_registry_urls("http://a,,http://b"));
    EXPECT_FALSE(parse_registry_urls("a:8081"));
}

TEST(FramingTest, a_frame_is_told_from_plain_values) {
    std::string framed;
    put_frame(framed, 0x01020304);
    EXPECT_EQ(framed, std::string("\0\1\2\3\4", 5));
    framed += "{}";
    const Framing read = read_framing(framed);
    EXPECT_EQ(read.kind, FramingKind::framed);
    EXPECT_EQ(read.schema_id, 0x01020304);
    EXPECT_EQ(read.payload, "{}");
    EXPECT_EQ(read_framing("{}").kind, FramingKind::plain);
    EXPECT_EQ(read_framing("\xC3\xA9").kind, FramingKind::plain);
    EXPECT_EQ(read_framing("").kind, FramingKind::plain);
    EXPECT_EQ(read_framing(std::string_view("\0\0\0", 3)).kind, FramingKind::cut_short);
    EXPECT_EQ(read_framing(std::string("\1", 1) + std::string(16, 'g')).kind, FramingKind::guid);
}

}  // namespace
}  // namespace bassline::kafka
