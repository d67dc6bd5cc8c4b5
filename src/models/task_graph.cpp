// SPDX-License-Identifier: Apache-2.0
#include "models/task_graph.hpp"

#include <algorithm>
#include <map>

namespace bassline::models {
namespace {

void add_ancestors(const Manifest& manifest, const Node& node, std::set<std::string>& found) {
    for (const std::string& parent : node.depends_on) {
        if (!found.insert(parent).second) continue;
        if (const Node* next = manifest.find(parent)) add_ancestors(manifest, *next, found);
    }
}

std::vector<std::string> words_of(std::string_view selection) {
    std::vector<std::string> words(1);
    for (const char letter : selection) {
        if (letter == ' ' || letter == ',') {
            words.emplace_back();
        } else {
            words.back() += letter;
        }
    }
    std::erase(words, "");
    return words;
}

const Node* find_model(const Manifest& manifest, std::string_view name) {
    const auto found = std::ranges::find_if(manifest.nodes, [name](const Node& node) {
        return node.type == NodeType::model && node.name == name;
    });
    return found == manifest.nodes.end() ? nullptr : &*found;
}

// Adds what one word selects, `+` markers included.
Result<void> select_word(const Manifest& manifest, std::string_view word,
                         std::set<std::string>& selected) {
    const bool with_ancestors = word.starts_with('+');
    const bool with_descendants = word.ends_with('+');
    std::string_view name = word;
    if (with_ancestors) name.remove_prefix(1);
    if (with_descendants && !name.empty()) name.remove_suffix(1);
    const Node* chosen = find_model(manifest, name);
    if (chosen == nullptr)
        return error(ErrorKind::usage, "there is no model named '{}' to select", name);
    const auto up = with_ancestors ? ancestors(manifest, *chosen) : std::set<std::string>{};
    for (const Node& node : manifest.nodes) {
        const bool is_chosen =
            &node == chosen || up.contains(node.unique_id) ||
            (with_descendants && ancestors(manifest, node).contains(chosen->unique_id));
        if (is_chosen && is_published(node)) selected.insert(node.unique_id);
    }
    return {};
}

bool makes_relation(const Node& node, const std::set<std::string>& built) {
    return node.materialized == Materialized::view || node.materialized == Materialized::seed ||
           (node.materialized == Materialized::table && !is_published(node)) ||
           built.contains(node.unique_id);
}

bool concerns(const Node& test, const std::set<std::string>& built, bool is_everything) {
    return is_everything ||
           std::ranges::any_of(test.depends_on, [&built](const std::string& parent) {
               return built.contains(parent);
           });
}

class GraphMaker {
public:
    GraphMaker(const Manifest& manifest, const std::set<std::string>& built,
               const std::set<std::string>& standing, Staging staging)
        : manifest_(manifest), built_(built), standing_(standing), staging_(staging) {}

    TaskGraph make() && {
        const bool is_everything = std::ranges::all_of(manifest_.nodes, [this](const Node& node) {
            return !is_published(node) || built_.contains(node.unique_id);
        });
        for (const Node& node : manifest_.nodes) {
            if (!has_parents(node)) continue;
            if (node.type == NodeType::test) {
                if (concerns(node, built_, is_everything)) add(TaskKind::test, node);
            } else if (node.type != NodeType::analysis && makes_relation(node, built_)) {
                add(TaskKind::make_relation, node);
                if (built_.contains(node.unique_id)) add(TaskKind::export_table, node);
            }
        }
        for (std::size_t task = 0; task < graph_.tasks.size(); ++task) connect(task);
        return std::move(graph_);
    }

private:
    // True if all that the node reads has rows in this build.
    bool has_parents(const Node& node) const {
        return std::ranges::all_of(node.depends_on, [this](const std::string& id) {
            const Node* parent = manifest_.find(id);
            if (parent == nullptr) return true;  // a source
            return is_published(*parent) ? built_.contains(id) || standing_.contains(id)
                                         : has_parents(*parent);
        });
    }

    void add(TaskKind kind, const Node& node) {
        if (kind == TaskKind::make_relation) made_by_[node.unique_id] = graph_.tasks.size();
        if (kind == TaskKind::test && node.test.is_error_severity)
            gates_.push_back(graph_.tasks.size());
        const bool is_once =
            kind == TaskKind::make_relation && is_computed_once(manifest_, node, staging_);
        graph_.tasks.push_back({.kind = kind, .node = &node, .is_computed_once = is_once});
        graph_.jobs.push_back({.name = node.unique_id, .rank = static_cast<int>(kind)});
    }

    void connect(std::size_t task) {
        const Node& node = *graph_.tasks[task].node;
        if (graph_.tasks[task].kind == TaskKind::export_table) return wait(task, node.unique_id);
        // Ephemeral parents have no task: their own parents are ancestors, found through them.
        for (const std::string& parent : ancestors(manifest_, node)) {
            if (is_direct(node, parent)) wait(task, parent);
        }
        if (graph_.tasks[task].kind == TaskKind::make_relation) wait_for_gates(task, node);
    }

    bool is_direct(const Node& node, const std::string& parent) const {
        return std::ranges::any_of(node.depends_on, [&](const std::string& id) {
            if (id == parent) return true;
            const Node* between = manifest_.find(id);
            return between != nullptr && between->materialized == Materialized::ephemeral &&
                   is_direct(*between, parent);
        });
    }

    void wait(std::size_t task, const std::string& parent) {
        const auto made = made_by_.find(parent);
        if (made != made_by_.end()) graph_.jobs[task].waits_for.push_back(made->second);
    }

    void wait_for_gates(std::size_t task, const Node& node) {
        const auto above = ancestors(manifest_, node);
        for (const std::size_t gate : gates_) {
            const auto& tested = graph_.tasks[gate].node->depends_on;
            const bool is_above =
                !tested.empty() && std::ranges::all_of(tested, [&above](const std::string& parent) {
                    return above.contains(parent);
                });
            if (is_above) graph_.jobs[task].waits_for.push_back(gate);
        }
    }

    const Manifest& manifest_;
    const std::set<std::string>& built_;
    const std::set<std::string>& standing_;
    const Staging staging_;
    TaskGraph graph_;
    std::map<std::string, std::size_t> made_by_;  // unique id -> the task that makes its relation
    std::vector<std::size_t> gates_;              // tests whose failure skips
};

}  // namespace

std::set<std::string> ancestors(const Manifest& manifest, const Node& node) {
    std::set<std::string> found;
    add_ancestors(manifest, node, found);
    return found;
}

bool is_computed_once(const Manifest& manifest, const Node& node, Staging staging) {
    if (node.materialized != Materialized::view) return false;
    const auto is_node = [&manifest](const std::string& id) {
        return manifest.find(id) != nullptr;
    };
    if (staging == Staging::view && !std::ranges::any_of(node.depends_on, is_node)) return false;
    const auto readers = std::ranges::count_if(manifest.nodes, [&node](const Node& reader) {
        return reader.type == NodeType::model &&
               std::ranges::find(reader.depends_on, node.unique_id) != reader.depends_on.end();
    });
    return readers > 1;
}

Result<std::set<std::string>> select_tables(const Manifest& manifest, std::string_view selection) {
    std::set<std::string> selected;
    const auto words = words_of(selection);
    for (const std::string& word : words) TRY(select_word(manifest, word, selected));
    if (words.empty()) {
        for (const Node& node : manifest.nodes) {
            if (is_published(node)) selected.insert(node.unique_id);
        }
    }
    if (selected.empty()) return error(ErrorKind::usage, "'{}' selects no table", selection);
    return selected;
}

TaskGraph make_task_graph(const Manifest& manifest, const std::set<std::string>& built,
                          const std::set<std::string>& standing, Staging staging) {
    return GraphMaker(manifest, built, standing, staging).make();
}

}  // namespace bassline::models
