// SPDX-License-Identifier: Apache-2.0
#include "kafka/cluster.hpp"

#include <filesystem>
#include <fstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/test_folder.hpp"

namespace bassline::kafka {
namespace {

using Properties = std::map<std::string, std::string>;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Pair;

class ClusterTest : public testing::Test {
protected:
    void TearDown() override { std::filesystem::remove_all(folder_); }

    std::string write(const std::string& text, std::filesystem::perms mode) {
        const std::string path = folder_ + "/kafka.properties";
        std::ofstream(path) << text;
        std::filesystem::permissions(path, mode);
        return path;
    }

    std::string folder_ = make_test_folder("kafka");
    Properties properties_;
};

constexpr auto kOwnerOnly =
    std::filesystem::perms::owner_read | std::filesystem::perms::owner_write;
constexpr auto kEveryone = kOwnerOnly | std::filesystem::perms::others_read;

TEST_F(ClusterTest, properties_pass_through) {
    const auto path = write(
        "# how we get in\nsecurity.protocol = "
        "SASL_SSL\n\nsasl.mechanism=PLAIN\nsasl.password=p=q\n",
        kOwnerOnly);
    ASSERT_TRUE(read_properties(path, properties_));
    EXPECT_THAT(properties_,
                ElementsAre(Pair("sasl.mechanism", "PLAIN"), Pair("sasl.password", "p=q"),
                            Pair("security.protocol", "SASL_SSL")));
}

TEST_F(ClusterTest, a_secret_that_others_may_read_is_refused_with_the_fix) {
    const auto read = read_properties(write("sasl.password=hush\n", kEveryone), properties_);
    ASSERT_FALSE(read);
    EXPECT_EQ(read.error().kind, ErrorKind::config);
    EXPECT_THAT(read.error().message, HasSubstr("chmod 600"));
    EXPECT_THAT(read.error().message, Not(HasSubstr("hush")));
}

TEST_F(ClusterTest, unknown_and_own_properties_are_refused_with_their_line) {
    EXPECT_THAT(
        read_properties(write("\nsecurity.protokol=SSL\n", kEveryone), properties_).error().message,
        HasSubstr(":2: No such configuration property"));
    EXPECT_THAT(
        read_properties(write("enable.auto.commit=true\n", kEveryone), properties_).error().message,
        HasSubstr(":1: enable.auto.commit is set by bassline itself"));
}

TEST_F(ClusterTest, a_secret_on_the_command_line_is_refused) {
    const auto added = add_properties({"client.id=one", "sasl.password=hush"}, properties_);
    ASSERT_FALSE(added);
    EXPECT_EQ(added.error().kind, ErrorKind::usage);
    EXPECT_THAT(added.error().message, HasSubstr("--kafka-config"));
    EXPECT_THAT(properties_, ElementsAre(Pair("client.id", "one")));
    EXPECT_EQ(add_properties({"client.id"}, properties_).error().kind, ErrorKind::usage);
}

}  // namespace
}  // namespace bassline::kafka
