// SPDX-License-Identifier: Apache-2.0
#include "event/schema.hpp"

#include <fstream>
#include <map>
#include <set>
#include <sstream>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "event/reason.hpp"

namespace bassline::event {
namespace {

std::string trim(const std::string& text) {
    const auto first = text.find_first_not_of(' ');
    if (first == std::string::npos) return "";
    return text.substr(first, text.find_last_not_of(' ') - first + 1);
}

std::vector<std::string> split(const std::string& text, char by) {
    std::vector<std::string> parts;
    std::stringstream stream(text);
    for (std::string part; std::getline(stream, part, by);) parts.push_back(trim(part));
    return parts;
}

// "duration (s)" -> "duration"
std::string without_unit(const std::string& name) {
    return trim(name.substr(0, name.find('(')));
}

// The rows of the tables under a heading of docs/formats/bronze.md, cells trimmed, names split.
std::vector<std::vector<std::string>> documented(const std::string& heading) {
    std::ifstream file("docs/formats/bronze.md");
    EXPECT_TRUE(file.is_open()) << "run from the root of the tree";
    std::vector<std::vector<std::string>> rows;
    bool inside = false;
    for (std::string line; std::getline(file, line);) {
        if (line.starts_with("## ")) inside = line == "## " + heading;
        if (!inside || !line.starts_with("| ") || line.starts_with("| column")) continue;
        auto cells = split(line.substr(1, line.rfind('|') - 1), '|');
        for (const auto& name : split(cells[0], ',')) {
            auto row = cells;
            row[0] = without_unit(name);
            rows.push_back(row);
        }
    }
    return rows;
}

std::string word_of(Presence presence) {
    if (presence == Presence::absent) return "-";
    return presence == Presence::optional ? "optional" : "required";
}

TEST(Schema, TheDocumentationListsTheProducersColumns) {
    std::vector<std::vector<std::string>> expected;
    for (std::size_t i = 0; i < kProducerColumnCount; ++i) {
        const auto& column = bronze_columns()[i];
        std::vector<std::string> row{std::string(column.name), std::string(to_string(column.type))};
        for (const Topic topic : kTopics) row.push_back(word_of(column.in(topic)));
        expected.push_back(row);
    }
    EXPECT_EQ(documented("Producer's columns"), expected);
}

TEST(Schema, TheDocumentationListsTheAddedColumns) {
    std::vector<std::pair<std::string, std::string>> expected;
    for (std::size_t i = kProducerColumnCount; i < kColumnCount; ++i) {
        const auto& column = bronze_columns()[i];
        expected.emplace_back(column.name, std::string(to_string(column.type)) + ", " +
                                               word_of(column.in(Topic::listen_events)));
    }
    std::vector<std::pair<std::string, std::string>> actual;
    for (const auto& row : documented("Added columns, the same in every topic")) {
        actual.emplace_back(row[0], row[1]);
    }
    EXPECT_EQ(actual, expected);
}

TEST(Schema, TheDocumentationListsTheQuarantineAndItsReasons) {
    std::vector<std::pair<std::string, std::string>> expected;
    for (const auto& column : quarantine_columns()) {
        expected.emplace_back(column.name, std::string(to_string(column.type)) + ", " +
                                               word_of(column.in(Topic::listen_events)));
    }
    std::vector<std::pair<std::string, std::string>> actual;
    std::string reasons;
    for (const auto& row : documented("Quarantine")) {
        actual.emplace_back(row[0], row[1]);
        if (row[0] == "reason") reasons = row[2];
    }
    EXPECT_EQ(actual, expected);
    for (int i = 0; i <= static_cast<int>(Reason::unsupported_schema); ++i) {
        EXPECT_NE(reasons.find("`" + std::string(to_string(static_cast<Reason>(i))) + "`"),
                  std::string::npos)
            << i;
    }
}

TEST(Schema, EveryFieldNameIsFoundAndNoOther) {
    for (std::size_t i = 0; i < kProducerColumnCount; ++i) {
        EXPECT_EQ(column_of_field(bronze_columns()[i].name), static_cast<Column>(i));
    }
    EXPECT_EQ(column_of_field("length"), Column::duration);
    for (const auto* name :
         {"", "TS", "userid", "sessionID", "event_at", "chain", "lengths", "x"}) {
        EXPECT_EQ(column_of_field(name), std::nullopt) << name;
    }
}

TEST(Schema, DefinitionsStandAtTheirColumn) {
    EXPECT_EQ(definition(Column::registration).name, "registration");
    EXPECT_EQ(definition(Column::location).name, "location");
    EXPECT_EQ(definition(Column::rescued_data).name, "rescued_data");
    EXPECT_EQ(definition(Column::source_offset).name, "source_offset");
}

}  // namespace
}  // namespace bassline::event
