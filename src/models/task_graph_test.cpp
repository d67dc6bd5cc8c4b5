// SPDX-License-Identifier: Apache-2.0
#include "models/task_graph.hpp"

#include <algorithm>

#include <gtest/gtest.h>

#include "models/test_manifest.hpp"

namespace bassline::models {
namespace {

Manifest parsed(const std::vector<nlohmann::json>& nodes) {
    return parse_manifest(manifest_of(nodes).dump(), ".").value();
}

// a -> b -> c, a -> d
const std::vector<nlohmann::json> kTree = {
    model_node("a", "table"), model_node("b", "table", {"model.t.a"}),
    model_node("c", "table", {"model.t.b"}), model_node("d", "table", {"model.t.a"})};

std::set<std::string> ids(const std::vector<std::string>& names) {
    std::set<std::string> result;
    for (const std::string& name : names) result.insert("model.t." + name);
    return result;
}

// Names of the jobs that the first task of this name and kind waits for.
std::set<std::string> waits_of(const TaskGraph& graph, const std::string& id, TaskKind kind) {
    std::set<std::string> names;
    for (std::size_t task = 0; task < graph.tasks.size(); ++task) {
        if (graph.tasks[task].node->unique_id != id || graph.tasks[task].kind != kind) continue;
        for (const std::size_t other : graph.jobs[task].waits_for)
            names.insert(graph.jobs[other].name);
    }
    return names;
}

TEST(Selection, nothing_selects_every_published_table) {
    EXPECT_EQ(select_tables(parsed(kTree), "").value(), ids({"a", "b", "c", "d"}));
}

TEST(Selection, plus_signs_add_ancestors_and_descendants) {
    const Manifest manifest = parsed(kTree);
    EXPECT_EQ(select_tables(manifest, "b").value(), ids({"b"}));
    EXPECT_EQ(select_tables(manifest, "+b").value(), ids({"a", "b"}));
    EXPECT_EQ(select_tables(manifest, "b+").value(), ids({"b", "c"}));
    EXPECT_EQ(select_tables(manifest, "+b+,d").value(), ids({"a", "b", "c", "d"}));
}

TEST(Selection, an_unknown_name_is_wrong_use) {
    EXPECT_EQ(select_tables(parsed(kTree), "nobody+").error().kind, ErrorKind::usage);
    EXPECT_EQ(select_tables(parsed(kTree), "+").error().kind, ErrorKind::usage);
}

TEST(TaskGraph, children_of_a_tested_model_wait_for_its_error_tests_and_not_for_warnings) {
    auto nodes = kTree;
    nodes.push_back(test_node("strict", {"model.t.b"}));
    nodes.push_back(test_node("mild", {"model.t.b"}, "select 1", "WARN"));
    const Manifest manifest = parsed(nodes);
    const TaskGraph graph = make_task_graph(manifest, ids({"a", "b", "c", "d"}));
    EXPECT_EQ(waits_of(graph, "model.t.c", TaskKind::make_relation),
              (std::set<std::string>{"model.t.b", "test.t.strict"}));
    EXPECT_EQ(waits_of(graph, "test.t.mild", TaskKind::test), std::set<std::string>{"model.t.b"});
    EXPECT_EQ(waits_of(graph, "model.t.d", TaskKind::make_relation),
              std::set<std::string>{"model.t.a"});
}

TEST(TaskGraph, a_test_over_two_models_gates_only_what_descends_from_both) {
    auto nodes = kTree;
    nodes.push_back(test_node("related", {"model.t.b", "model.t.d"}));
    nodes.push_back(model_node("both", "table", {"model.t.b", "model.t.d"}));
    const Manifest manifest = parsed(nodes);
    const TaskGraph graph = make_task_graph(manifest, ids({"a", "b", "c", "d", "both"}));
    EXPECT_FALSE(waits_of(graph, "model.t.c", TaskKind::make_relation).contains("test.t.related"));
    EXPECT_TRUE(
        waits_of(graph, "model.t.both", TaskKind::make_relation).contains("test.t.related"));
}

TEST(TaskGraph, an_ephemeral_parent_is_looked_through) {
    const Manifest manifest =
        parsed({model_node("a", "table"), model_node("e", "ephemeral", {"model.t.a"}),
                model_node("c", "table", {"model.t.e"})});
    const TaskGraph graph = make_task_graph(manifest, ids({"a", "c"}));
    EXPECT_EQ(waits_of(graph, "model.t.c", TaskKind::make_relation),
              std::set<std::string>{"model.t.a"});
}

TEST(TaskGraph, what_is_not_built_has_no_task_and_its_tests_do_not_run) {
    auto nodes = kTree;
    nodes.push_back(test_node("of_d", {"model.t.d"}));
    const Manifest manifest = parsed(nodes);
    const TaskGraph graph = make_task_graph(manifest, ids({"b"}), ids({"a", "c", "d"}));
    EXPECT_EQ(graph.tasks.size(), 2u) << "b and its export";
}

TEST(TaskGraph, what_reads_a_table_that_was_never_built_is_left_out) {
    auto nodes = kTree;
    nodes.push_back(model_node("v", "view", {"model.t.d"}));
    nodes.push_back(test_node("of_a", {"model.t.a"}));
    nodes.push_back(test_node("of_a_and_d", {"model.t.a", "model.t.d"}));
    nodes.push_back(test_node("of_a_and_v", {"model.t.a", "model.t.v"}));
    const Manifest manifest = parsed(nodes);
    const auto names = [&manifest](const std::set<std::string>& standing) {
        std::set<std::string> found;
        const TaskGraph graph = make_task_graph(manifest, ids({"a", "b"}), standing);
        for (const Task& task : graph.tasks) found.insert(task.node->name);
        return found;
    };
    EXPECT_EQ(names({}), (std::set<std::string>{"a", "b", "of_a"}));
    EXPECT_EQ(names(ids({"d"})),
              (std::set<std::string>{"a", "b", "of_a", "of_a_and_d", "of_a_and_v", "v"}));
}

TEST(TaskGraph, a_view_with_several_readers_is_computed_once) {
    const Manifest manifest =
        parsed({model_node("staged", "view", {"source.t.bronze"}),
                model_node("v", "view", {"model.t.staged"}),
                model_node("x", "table", {"model.t.v", "model.t.staged"}),
                model_node("y", "table", {"model.t.v", "model.t.staged"}),
                model_node("w", "view", {"model.t.x"}), model_node("z", "table", {"model.t.w"})});
    EXPECT_TRUE(is_computed_once(manifest, *manifest.find("model.t.v"), Staging::view));
    EXPECT_FALSE(is_computed_once(manifest, *manifest.find("model.t.staged"), Staging::view));
    EXPECT_TRUE(is_computed_once(manifest, *manifest.find("model.t.staged"), Staging::table));
    EXPECT_FALSE(is_computed_once(manifest, *manifest.find("model.t.w"), Staging::view));
    EXPECT_FALSE(is_computed_once(manifest, *manifest.find("model.t.x"), Staging::view));
}

}  // namespace
}  // namespace bassline::models
