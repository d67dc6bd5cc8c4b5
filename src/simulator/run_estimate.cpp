// SPDX-License-Identifier: Apache-2.0
#include "simulator/run_estimate.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <string>
#include <vector>

#include "simulator/damage.hpp"
#include "simulator/generator.hpp"
#include "simulator/run_plan.hpp"
#include "simulator/units.hpp"

namespace bassline::simulator {
namespace {

constexpr double kDayMs = 86'400'000;

// Keeps the first lines of each topic.
class SampleSink : public Sink {
public:
    bool wants_marks() const override { return true; }
    Result<void> write(std::size_t, const Lines& lines) override {
        constexpr std::size_t kLines = 20;
        std::size_t begin = 0;
        for (const RecordMark& mark : lines.marks) {
            auto& kept = lines_[static_cast<std::size_t>(mark.topic)];
            if (kept.size() >= kLines) break;
            kept.emplace_back(lines.text.substr(begin, mark.end - begin - 1));
            begin = mark.end;
        }
        return {};
    }
    Result<void> finish() override { return {}; }

    /// What damage adds to a line of the topic in the mean.
    double mean_bytes_of_damage(event::Topic topic) const {
        const auto& kept = lines_[static_cast<std::size_t>(topic)];
        double bytes = 0;
        for (const std::string& line : kept) {
            bytes += mean_damaged_bytes(topic, line) - static_cast<double>(line.size());
        }
        return kept.empty() ? 0 : bytes / static_cast<double>(kept.size());
    }

private:
    std::array<std::vector<std::string>, event::kTopicCount> lines_;
};

// Mean length of songs as they are played: even draws of u and v reach every weight's share.
double mean_song_s(const Catalogue& catalogue) {
    constexpr int kSide = 200;
    double sum = 0;
    for (int i = 0; i < kSide; ++i) {
        for (int j = 0; j < kSide; ++j) {
            sum += catalogue.songs()[catalogue.draw_song((i + 0.5) / kSide, (j + 0.5) / kSide)]
                       .duration_s;
        }
    }
    return sum / kSide / kSide;
}

// A run of few users over a few days, long enough to see some status changes.
Result<TopicCounts> small_run(const Configuration& configuration, const Catalogue& catalogue,
                              RunPlan plan, SampleSink& sink) {
    constexpr std::size_t kUsers = 1000;
    constexpr std::int64_t kSeconds = std::int64_t{10} * 86'400;
    plan.simulation.users = kUsers;
    plan.simulation.to_ms = plan.simulation.from_ms + kSeconds * 1000;
    plan.to_ms = plan.simulation.to_ms;
    plan.model.growth_rate = 0;
    plan.model.attrition_rate = 0;
    plan.model.faults = {};
    Generator generator(configuration, catalogue, plan, GeneratorOptions{.threads = 1}, sink);
    TRY(generator.advance(*plan.end_s(), std::stop_token()));
    return generator.counts();
}

Result<std::uint64_t> rounded(double value) {
    constexpr double kCountMax = 9e18;  // of what llround gives
    if (!(value <= kCountMax)) {
        return error(
            ErrorKind::usage,
            "the records or bytes to expect are more than 64 bits count: fewer users, less "
            "growth or a shorter time");
    }
    return static_cast<std::uint64_t>(std::llround(std::max(value, 0.0)));
}

}  // namespace

Result<RunEstimate> estimate_run(const SimulateOptions& options, Timestamp now) {
    TRY_ASSIGN(const Configuration configuration,
               load_configuration(options.config, {.compat = options.compat}));
    TRY_ASSIGN(const RunPlan plan, plan_run(options, configuration, now));
    if (!plan.to_ms)
        return error(ErrorKind::usage, "a run without an end has no estimate: add --to");
    TRY_ASSIGN(Catalogue catalogue, Catalogue::embedded());
    if (!options.listen_counts.empty()) {
        TRY(catalogue.replace_songs(options.listen_counts,
                                    options.compat ? SongEncoding::latin1 : SongEncoding::utf8));
    }

    RunEstimate result{.from_ms = plan.simulation.from_ms,
                       .to_ms = *plan.to_ms,
                       .users = static_cast<double>(plan.simulation.users)};
    TRY_ASSIGN(result.expected,
               estimate(configuration,
                        {.users = result.users,
                         .from_s = plan.simulation.from_ms / kMillisecond,
                         .days = static_cast<double>(result.to_ms - result.from_ms) / kDayMs,
                         .growth_rate = plan.model.growth_rate,
                         .attrition_rate = plan.model.attrition_rate,
                         .bots = options.faults.bots,
                         .compat = options.compat,
                         .mean_song_s = mean_song_s(catalogue)}));
    SampleSink sink;
    TRY_ASSIGN(const TopicCounts sample, small_run(configuration, catalogue, plan, sink));
    const Estimate& expected = result.expected;
    const bool is_single = options.format == OutputFormat::single;
    const std::array<double, event::kTopicCount> records = {
        is_single ? 0 : expected.listens, expected.page_views, is_single ? 0 : expected.logins,
        is_single ? 0 : expected.status_changes};
    for (std::size_t topic = 0; topic < event::kTopicCount; ++topic) {
        const double count = static_cast<double>(std::max<std::uint64_t>(sample.records[topic], 1));
        // Copies add records, damage changes their length; the other faults only move records.
        const FaultRates& faults = options.faults;
        double bytes = static_cast<double>(sample.bytes[topic]) / count * (1 + faults.duplicate);
        if (faults.malformed > 0) {
            bytes += faults.malformed * sink.mean_bytes_of_damage(event::kTopics[topic]);
        }
        TRY_ASSIGN(result.topics.records[topic], rounded(records[topic] * (1 + faults.duplicate)));
        TRY_ASSIGN(result.topics.bytes[topic], rounded(records[topic] * bytes));
    }
    return result;
}

}  // namespace bassline::simulator
