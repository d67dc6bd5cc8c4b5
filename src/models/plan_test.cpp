// SPDX-License-Identifier: Apache-2.0
#include "models/plan.hpp"

#include <gtest/gtest.h>

#include "models/task_graph.hpp"
#include "models/test_manifest.hpp"

namespace bassline::models {
namespace {

// v (view) -> i (incremental) -> t (table); u (table) stands alone.
Manifest project(const std::string& view_sql = "select 1 as x",
                 const std::string& table_sql = "select 1 as x") {
    return parse_manifest(manifest_of({model_node("v", "view", {"source.t.bronze"}, view_sql),
                                       model_node("i", "incremental", {"model.t.v"}),
                                       model_node("t", "table", {"model.t.i"}, table_sql),
                                       model_node("u", "table")})
                              .dump(),
                          ".")
        .value();
}

lake::Snapshot built_by(const Manifest& manifest) {
    lake::Snapshot snapshot{.n = 1};
    for (const Node& node : manifest.nodes) {
        snapshot.models[node.unique_id] = node.fingerprint;
        if (is_published(node)) snapshot.tables[node.name] = {.layer = node.schema};
    }
    return snapshot;
}

PlanRequest request(const Manifest& manifest, const std::string& selection = "") {
    return {.is_selection = !selection.empty(),
            .selected = select_tables(manifest, selection).value()};
}

TEST(Plan, the_first_build_covers_everything) {
    const Manifest manifest = project();
    const Plan plan = make_plan(manifest, {}, {}, request(manifest)).value();
    EXPECT_TRUE(plan.is_full);
    EXPECT_TRUE(plan.is_needed);
}

TEST(Plan, with_the_same_models_and_nothing_new_there_is_nothing_to_do) {
    const Manifest manifest = project();
    const Plan plan = make_plan(manifest, built_by(manifest), {}, request(manifest)).value();
    EXPECT_FALSE(plan.is_needed);
    EXPECT_FALSE(plan.is_full);
}

TEST(Plan, dates_that_expired_need_a_partial_build) {
    const Manifest manifest = project();
    const Plan plan =
        make_plan(manifest, built_by(manifest), {.has_expired = true}, request(manifest)).value();
    EXPECT_TRUE(plan.is_needed);
    EXPECT_FALSE(plan.is_full);
}

TEST(Plan, new_rows_of_bronze_need_a_partial_build) {
    const Manifest manifest = project();
    const Plan plan =
        make_plan(manifest, built_by(manifest), {.has_new_outputs = true}, request(manifest))
            .value();
    EXPECT_TRUE(plan.is_needed);
    EXPECT_FALSE(plan.is_full);
}

TEST(Plan, a_changed_view_above_an_incremental_model_means_all_dates) {
    const auto before = built_by(project());
    const Manifest changed = project("select 2 as x");
    EXPECT_TRUE(make_plan(changed, before, {}, request(changed)).value().is_full);
}

TEST(Plan, a_changed_table_below_all_incremental_models_does_not) {
    const auto before = built_by(project());
    const Manifest changed = project("select 1 as x", "select 2 as x");
    const Plan plan = make_plan(changed, before, {}, request(changed)).value();
    EXPECT_TRUE(plan.is_needed);
    EXPECT_FALSE(plan.is_full);
}

TEST(Plan, a_removed_table_is_a_reason_to_build) {
    const Manifest manifest = project();
    auto before = built_by(manifest);
    before.tables["gone"] = {};
    EXPECT_TRUE(make_plan(manifest, before, {}, request(manifest)).value().is_needed);
}

TEST(Plan, a_selection_is_built_over_all_dates_and_marks_what_it_leaves_stale) {
    const auto before = built_by(project());
    const Manifest changed = project("select 2 as x");
    auto selected = request(changed, "i");
    const Plan plan = make_plan(changed, before, {}, selected).value();
    EXPECT_TRUE(plan.is_full);
    EXPECT_EQ(plan.built, std::set<std::string>{"model.t.i"});
    EXPECT_EQ(plan.standing, (std::set<std::string>{"model.t.t", "model.t.u"}));
    EXPECT_EQ(plan.fingerprints.at("model.t.v"), before.models.at("model.t.v"))
        << "seen as changed by the next build";
    EXPECT_EQ(plan.fingerprints.at("model.t.u"), before.models.at("model.t.u"));
}

TEST(Plan, tables_below_a_changed_selected_one_are_marked) {
    auto before = built_by(project());
    before.models["model.t.i"] = "an older text";
    const Manifest manifest = project();
    const Plan plan = make_plan(manifest, before, {}, request(manifest, "i")).value();
    EXPECT_EQ(plan.fingerprints.at("model.t.t"), "");
    EXPECT_EQ(plan.fingerprints.at("model.t.i"), manifest.find("model.t.i")->fingerprint);
}

TEST(Plan, a_selection_over_what_was_never_built_is_wrong_use) {
    const Manifest manifest = project();
    EXPECT_EQ(make_plan(manifest, {}, {}, request(manifest, "t")).error().kind, ErrorKind::usage);
    EXPECT_TRUE(make_plan(manifest, {}, {}, request(manifest, "+t")));
}

}  // namespace
}  // namespace bassline::models
