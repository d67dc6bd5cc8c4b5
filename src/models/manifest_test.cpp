// SPDX-License-Identifier: Apache-2.0
#include "models/manifest.hpp"

#include <nlohmann/json.hpp>

#include <gtest/gtest.h>

#include "models/test_manifest.hpp"

namespace bassline::models {
namespace {

using nlohmann::json;

Error refusal(const json& document) {
    auto manifest = parse_manifest(document.dump(), ".");
    EXPECT_FALSE(manifest);
    return manifest ? Error{} : manifest.error();
}

TEST(Manifest, nodes_are_found_with_what_decides_their_execution) {
    json document =
        manifest_of({model_node("a", "table"), model_node("b", "incremental", {"model.t.a"})});
    json& b = document["nodes"]["model.t.b"];
    b["config"]["meta"]["partition_by"] = "event_date";
    b["config"]["contract"]["enforced"] = true;
    b["columns"]["z"] = {{"name", "z"}, {"data_type", "bigint"}};
    const Manifest manifest = parse_manifest(document.dump(), ".").value();
    const Node* node = manifest.find("model.t.b");
    ASSERT_NE(node, nullptr);
    EXPECT_EQ(node->materialized, Materialized::incremental);
    EXPECT_EQ(node->partition_by, "event_date");
    EXPECT_EQ(node->depends_on, std::vector<std::string>{"model.t.a"});
    ASSERT_EQ(node->contract.size(), 1u);
    EXPECT_EQ(node->contract[0].data_type, "bigint");
    EXPECT_EQ(manifest.database, "bassline");
    EXPECT_TRUE(is_published(*node));
    EXPECT_EQ(manifest.find("model.t.nobody"), nullptr);
}

TEST(Manifest, unknown_keys_are_ignored) {
    json document = manifest_of({model_node("a", "table")});
    document["news_of_the_future"] = 1;
    document["nodes"]["model.t.a"]["more_news"] = {1, 2};
    EXPECT_TRUE(parse_manifest(document.dump(), "."));
}

TEST(Manifest, a_newer_or_unknown_schema_is_refused_by_name) {
    json document = manifest_of({model_node("a", "table")});
    document["metadata"]["dbt_schema_version"] = "https://schemas.getdbt.com/dbt/manifest/v13.json";
    const Error failure = refusal(document);
    EXPECT_EQ(failure.kind, ErrorKind::config);
    EXPECT_NE(failure.message.find("manifest/v13.json"), std::string::npos);
    document["metadata"].erase("dbt_schema_version");
    EXPECT_EQ(refusal(document).kind, ErrorKind::config);
}

TEST(Manifest, another_adapter_is_refused_by_name) {
    json document = manifest_of({model_node("a", "table")});
    document["metadata"]["adapter_type"] = "spark";
    EXPECT_NE(refusal(document).message.find("spark"), std::string::npos);
}

TEST(Manifest, what_we_would_execute_differently_than_dbt_is_refused) {
    json hooked = manifest_of({model_node("a", "table")});
    hooked["nodes"]["model.t.a"]["config"]["post-hook"] = {{{"sql", "grant"}}};
    EXPECT_NE(refusal(hooked).message.find("hooks"), std::string::npos);
    json snapshot = manifest_of({model_node("a", "table")});
    snapshot["nodes"]["model.t.a"]["resource_type"] = "snapshot";
    EXPECT_NE(refusal(snapshot).message.find("snapshot"), std::string::npos);
    json python = manifest_of({model_node("a", "table")});
    python["nodes"]["model.t.a"]["language"] = "python";
    EXPECT_NE(refusal(python).message.find("SQL"), std::string::npos);
    json external = manifest_of({model_node("a", "external")});
    EXPECT_NE(refusal(external).message.find("external"), std::string::npos);
    json parsed_only = manifest_of({model_node("a", "table")});
    parsed_only["nodes"]["model.t.a"].erase("compiled_code");
    EXPECT_NE(refusal(parsed_only).message.find("dbt compile"), std::string::npos);
}

TEST(Manifest, damage_is_told_as_damage) {
    EXPECT_EQ(parse_manifest("{", ".").error().kind, ErrorKind::bad_data);
    EXPECT_EQ(refusal(manifest_of({})).kind, ErrorKind::bad_data);
}

TEST(Manifest, the_fingerprint_follows_the_sql_and_nothing_volatile) {
    json document = manifest_of({model_node("a", "table")});
    const std::string before =
        parse_manifest(document.dump(), ".").value().find("model.t.a")->fingerprint;
    document["metadata"]["generated_at"] = "later";
    EXPECT_EQ(parse_manifest(document.dump(), ".").value().find("model.t.a")->fingerprint, before);
    document["nodes"]["model.t.a"]["compiled_code"] = "select 2 as x";
    EXPECT_NE(parse_manifest(document.dump(), ".").value().find("model.t.a")->fingerprint, before);
}

}  // namespace
}  // namespace bassline::models
