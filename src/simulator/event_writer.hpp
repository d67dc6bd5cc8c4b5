// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <memory>
#include <string_view>
#include <vector>

#include "simulator/event_texts.hpp"
#include "simulator/simulation.hpp"
#include "simulator/sink.hpp"

// Steps become records in a sink: the last stage of the simulation.
namespace bassline::simulator {

/// Bytes that grow, with room to write ahead.
class LineBuffer {
public:
    /// Room for that many bytes; write there, then call `written`.
    char* room(std::size_t bytes);
    void written(const char* end) { size_ = static_cast<std::size_t>(end - bytes_.get()); }
    void clear() { size_ = 0; }
    std::size_t size() const { return size_; }
    std::string_view text() const { return {bytes_.get(), size_}; }

private:
    std::unique_ptr<char[]> bytes_;
    std::size_t size_ = 0;
    std::size_t capacity_ = 0;
};

/// Which stream a topic's records go to.
enum class StreamLayout { by_topic, together };

struct TopicCounts {
    std::array<std::uint64_t, event::kTopicCount> records{};
    std::array<std::uint64_t, event::kTopicCount> bytes{};
};

/// Writes every step's records in the original's order: listen, status change, auth, page view.
/// In the single-stream format a step is one record, counted as a page view.
class EventWriter : public StepConsumer {
public:
    /// All outlive the writer.
    EventWriter(const Model& model, const OutputOptions& options, StreamLayout layout, Sink& sink,
                std::size_t workers);

    void prepare(std::size_t worker, const StepRun& run) override;
    Result<void> commit(std::size_t worker) override;

    /// Of what was handed to the sink. One that failed may not have taken the last of them.
    const TopicCounts& counts() const { return counts_; }

private:
    struct Stream {
        LineBuffer lines;
        std::vector<RecordMark> marks;
    };
    struct alignas(64) Desk {  // a worker's, on cache lines of its own
        std::array<Stream, event::kTopicCount> streams;
        TopicCounts counts;
        std::unique_ptr<char[]> time;  // of the step being written: time and session
        std::unique_ptr<char[]> tail;  // item, place, device, user
    };
    struct StepView;  // a step with what all its records share

    void prefetch(const StepRun& run, std::size_t at) const;
    void write_step(Desk& desk, const StepView& view) const;
    void write_single(Desk& desk, const StepView& view) const;
    char* put_tail(char* out, const StepView& view) const;
    char* put_user(char* out, const StepView& view) const;
    char* put_single_tail(char* out, const StepView& view) const;
    char* put_time(char* out, const StepView& view) const;
    char* put_extension(char* out, const StepView& view, event::Topic topic) const;

    template <class Write>
    void add_record(Desk& desk, const StepView& view, event::Topic topic, Write write) const;

    const Model& model_;
    OutputOptions options_;
    StreamLayout layout_;
    Sink& sink_;
    bool has_marks_;
    EventTexts texts_;
    std::uint64_t event_key_;
    std::vector<Desk> desks_;
    TopicCounts counts_;
};

}  // namespace bassline::simulator
