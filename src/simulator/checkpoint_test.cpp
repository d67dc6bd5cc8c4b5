// SPDX-License-Identifier: Apache-2.0
#include "simulator/checkpoint.hpp"

#include <filesystem>
#include <fstream>
#include <sstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include "simulator/generator.hpp"
#include "simulator/test_configuration.hpp"
#include "simulator/test_world.hpp"
#include "simulator/units.hpp"

namespace bassline::simulator {
namespace {

namespace fs = std::filesystem;

class TextSink : public Sink {
public:
    Result<void> write(std::size_t stream, const Lines& lines) override {
        text[stream] += lines.text;
        return {};
    }
    Result<void> finish() override { return {}; }
    std::array<std::string, event::kTopicCount> text;
};

class CheckpointTest : public testing::Test {
protected:
    CheckpointTest() : file_(fs::temp_directory_path() / fmt::format("checkpoint_{}", ::getpid())) {
        fs::remove(file_);
        plan_.model = {.seed = 5, .growth_rate = 6};
        plan_.simulation = {.users = 300, .from_ms = kTestFromS * 1000};
    }
    ~CheckpointTest() override { fs::remove(file_); }

    std::unique_ptr<Generator> generator(Sink& sink, std::size_t users = 300) {
        RunPlan plan = plan_;
        plan.simulation.users = users;
        return std::make_unique<Generator>(configuration_, test_catalogue(), plan,
                                           GeneratorOptions{.threads = 2}, sink);
    }

    fs::path file_;
    Configuration configuration_ = load_configuration("stock").value();
    RunPlan plan_;
};

TEST_F(CheckpointTest, ARunGoesOnWithTheSameEventsAndIds) {
    TextSink whole;
    ASSERT_TRUE(generator(whole)->advance(kTestFromS + 10 * kDaySeconds).has_value());
    TextSink first;
    TextSink second;
    {
        const auto before = generator(first);
        ASSERT_TRUE(before->advance(kTestFromS + 4 * kDaySeconds + 12'345).has_value());
        ASSERT_TRUE(before->save(file_, {{{"users", 300}}, {1, 2}}).has_value());
    }
    const auto after = generator(second, 0);
    ASSERT_TRUE(after->restore(file_).has_value());
    EXPECT_EQ(after->now_s(), kTestFromS + 4 * kDaySeconds + 12'345);
    ASSERT_TRUE(after->advance(kTestFromS + 10 * kDaySeconds).has_value());
    for (std::size_t topic = 0; topic < event::kTopicCount; ++topic) {
        EXPECT_TRUE(first.text[topic] + second.text[topic] == whole.text[topic]) << topic;
    }
    EXPECT_FALSE(second.text[0].empty());
}

TEST_F(CheckpointTest, ItsHeaderSaysWhatItWasMadeWith) {
    EXPECT_EQ(read_checkpoint_header(file_).value(), std::nullopt);
    TextSink sink;
    ASSERT_TRUE(generator(sink)->save(file_, {{{"users", 300}}, {7, 8}}).has_value());
    const CheckpointHeader header = read_checkpoint_header(file_).value().value();
    EXPECT_EQ(header.sizes, (std::vector<std::uint64_t>{7, 8}));
    EXPECT_EQ(difference(header.settings, {{"users", 300}}), "");
    EXPECT_EQ(difference(header.settings, {{"users", 400}}), "users was 300 and is now 400");
    EXPECT_EQ(difference(header.settings, {{"tag", "x"}}), "tag was null and is now \"x\"");
}

TEST_F(CheckpointTest, ADamagedFileIsRefused) {
    TextSink sink;
    const auto some = generator(sink);
    ASSERT_TRUE(some->save(file_, {}).has_value());
    std::fstream bytes(file_, std::ios::in | std::ios::out | std::ios::binary);
    bytes.seekp(-40, std::ios::end);
    bytes.put('\x55');
    bytes.close();
    EXPECT_THAT(some->restore(file_).error().message, testing::HasSubstr("damaged"));
    fs::resize_file(file_, fs::file_size(file_) - 1);
    EXPECT_EQ(some->restore(file_).error().kind, ErrorKind::bad_data);
    std::ofstream(file_) << "{\"format\": 99}\n";
    EXPECT_EQ(read_checkpoint_header(file_).error().kind, ErrorKind::bad_data);
    std::ofstream(file_) << "hello";
    EXPECT_EQ(read_checkpoint_header(file_).error().kind, ErrorKind::bad_data);
}

TEST_F(CheckpointTest, IndicesThatTheModelDoesNotHaveAreRefused) {
    TextSink sink;
    const auto before = generator(sink);
    ASSERT_TRUE(before->advance(kTestFromS + kDaySeconds).has_value());
    ASSERT_TRUE(before->save(file_, {}).has_value());
    configuration_ = parse_configuration(configuration_text({}), "small.json").value();
    const auto outcome = generator(sink, 0)->restore(file_);
    ASSERT_FALSE(outcome.has_value());
    EXPECT_EQ(outcome.error().kind, ErrorKind::config);
    EXPECT_THAT(outcome.error().message, testing::HasSubstr("another configuration"));
}

}  // namespace
}  // namespace bassline::simulator
