// SPDX-License-Identifier: Apache-2.0
#include "simulator/event_writer.hpp"

#include <algorithm>
#include <cstring>

#include "simulator/random_stream.hpp"
#include "simulator/units.hpp"

namespace bassline::simulator {
namespace {

using event::Topic;

constexpr std::size_t kBufferBytes = std::size_t{1} << 18;
// Padded for put().
constexpr char kSuccess[kCopyBlock] = ",\"success\":true";
constexpr char kFailure[kCopyBlock] = ",\"success\":false";

char* put_copy(char* out, const char* text, std::size_t size) {
    return put(out, Piece{text, size});
}

char* put_hex(char* out, std::uint64_t word) {
    for (int shift = 60; shift >= 0; shift -= 4) *out++ = "0123456789abcdef"[word >> shift & 15];
    return out;
}

// A bijection, so that two steps never share an id (the finaliser of SplitMix64).
std::uint64_t event_id(std::uint64_t key, UserIndex user, std::uint32_t draw) {
    std::uint64_t word = (std::uint64_t{user} << 32 | draw) ^ key;
    word = (word ^ word >> 30) * 0xBF58476D1CE4E5B9;
    word = (word ^ word >> 27) * 0x94D049BB133111EB;
    return word ^ word >> 31;
}

}  // namespace

struct EventWriter::StepView {
    const Step& step;
    const StateTraits& traits;
    const Person& person;
    std::uint64_t session;
    std::uint64_t user_id;
    std::int64_t ts_ms;
    std::int64_t registration_ms;
};

char* LineBuffer::room(std::size_t bytes) {
    if (size_ + bytes > capacity_) {
        const std::size_t capacity = std::max({kBufferBytes, 2 * capacity_, size_ + bytes});
        auto grown = std::make_unique_for_overwrite<char[]>(capacity);
        if (size_ > 0) std::memcpy(grown.get(), bytes_.get(), size_);
        bytes_ = std::move(grown);
        capacity_ = capacity;
    }
    return bytes_.get() + size_;
}

EventWriter::EventWriter(const Model& model, const OutputOptions& options, StreamLayout layout,
                         Sink& sink, std::size_t workers)
    : model_(model),
      options_(options),
      layout_(layout),
      sink_(sink),
      has_marks_(sink.wants_marks()),
      texts_(model, options),
      event_key_(RandomStream(model.options.seed, StreamPurpose::event_ids, 0).next_word()),
      desks_(workers) {
    for (Desk& desk : desks_) {
        desk.time = std::make_unique_for_overwrite<char[]>(texts_.record_bytes_max);
        desk.tail = std::make_unique_for_overwrite<char[]>(texts_.record_bytes_max);
    }
}

void EventWriter::prepare(std::size_t worker, const StepRun& run) {
    Desk& desk = desks_[worker];
    desk.counts = {};
    for (Stream& stream : desk.streams) {
        stream.lines.clear();
        stream.marks.clear();
    }
    const std::int64_t origin_s = run.users.origin_s();
    for (std::size_t i = 0; i < run.steps.size(); ++i) {
        const Step& step = run.steps[i];
        prefetch(run, i);
        const Person& person = run.users.person(step.user);
        const StepView view{
            .step = step,
            .traits = model_.chain.traits(step.state),
            .person = person,
            .session = run.sessions[step.session],
            .user_id = options_.first_user_id + step.user,
            .ts_ms = run.begin_ms + step.at_ms,
            .registration_ms = (origin_s + person.registration) * kMillisecond + person.phase_ms};
        if (options_.format == OutputFormat::single) {
            write_single(desk, view);
        } else {
            write_step(desk, view);
        }
    }
}

// Steps of one moment are of users and songs all over memory: ask for what the next ones need.
void EventWriter::prefetch(const StepRun& run, std::size_t at) const {
    constexpr std::size_t kFar = 12;
    constexpr std::size_t kNear = 5;
    if (at + kFar < run.steps.size()) {
        const Step& step = run.steps[at + kFar];
        __builtin_prefetch(&run.users.person(step.user));
        if (step.song != kNoSong) texts_.songs.prefetch_place(step.song);
    }
    if (at + kNear < run.steps.size()) {
        const Step& step = run.steps[at + kNear];
        const Person& person = run.users.person(step.user);
        if (step.song != kNoSong) texts_.songs.prefetch_text(step.song);
        texts_.places_before.prefetch_text(person.place);
        texts_.places_behind.prefetch_text(person.place);
        texts_.last_names.prefetch_text(person.last_name);
        texts_.user_agents.prefetch_text(person.user_agent);
    }
}

// Counted before they are written: a sink that fails may have delivered some of them.
Result<void> EventWriter::commit(std::size_t worker) {
    Desk& desk = desks_[worker];
    for (std::size_t topic = 0; topic < event::kTopicCount; ++topic) {
        counts_.records[topic] += desk.counts.records[topic];
        counts_.bytes[topic] += desk.counts.bytes[topic];
    }
    for (std::size_t stream = 0; stream < desk.streams.size(); ++stream) {
        const Stream& from = desk.streams[stream];
        if (from.lines.size() > 0) TRY(sink_.write(stream, {from.lines.text(), from.marks}));
    }
    return {};
}

template <class Write>
void EventWriter::add_record(Desk& desk, const StepView& view, Topic topic, Write write) const {
    const auto index = static_cast<std::size_t>(topic);
    Stream& stream = desk.streams[layout_ == StreamLayout::by_topic ? index : 0];
    char* const begin = stream.lines.room(texts_.record_bytes_max);
    char* end = write(begin);
    if (options_.extended) end = put_extension(end, view, topic);
    end = put(end, "}\n");
    stream.lines.written(end);
    ++desk.counts.records[index];
    desk.counts.bytes[index] += static_cast<std::size_t>(end - begin);
    if (has_marks_) {
        stream.marks.push_back({stream.lines.size(), view.ts_ms, view.step.user, topic});
    }
}

void EventWriter::write_step(Desk& desk, const StepView& view) const {
    const Step& step = view.step;
    // What all records of the step share, spelled once.
    char* const time = desk.time.get();
    const Piece times{time, static_cast<std::size_t>(put_time(time, view) - time)};
    char* const tail = desk.tail.get();
    const Piece tails{tail,
                      static_cast<std::size_t>(put_tail(put_number(tail, step.item), view) - tail)};
    const auto put_all = [&](char* out, Piece head) {
        return put(put(put(out, times), head), tails);
    };
    if (view.traits.is_song) {
        add_record(desk, view, Topic::listen_events, [&](char* out) {
            *out++ = '{';
            out = put(out, texts_.songs[step.song]);
            *out++ = ',';
            return put_all(out, texts_.listen_heads[step.state]);
        });
    }
    if (view.traits.is_status_change) {
        add_record(desk, view, Topic::status_change_events, [&](char* out) {
            *out++ = '{';
            return put_all(out, texts_.listen_heads[step.state]);
        });
    }
    if (step.after_login) {
        add_record(desk, view, Topic::auth_events, [&](char* out) {
            *out++ = '{';
            out = put_all(out, texts_.auth_heads[step.state]);
            const char* success = view.traits.is_logged_in ? kSuccess : kFailure;
            return put_copy(out, success, std::strlen(success));
        });
    }
    add_record(desk, view, Topic::page_view_events, [&](char* out) {
        *out++ = '{';
        out = put_all(out, texts_.page_heads[step.state]);
        if (!view.traits.is_song) return out;
        *out++ = ',';
        return put(out, texts_.songs[step.song]);
    });
}

char* EventWriter::put_time(char* out, const StepView& view) const {
    out = put(out, "\"ts\":");
    out = put_number(out, static_cast<std::uint64_t>(view.ts_ms));
    out = put(out, ",\"sessionId\":");
    return put_number(out, view.session);
}

// City to latitude, and the user.
char* EventWriter::put_tail(char* out, const StepView& view) const {
    out = put(out, texts_.places_before[view.person.place]);
    out = put(out, texts_.user_agents[view.person.user_agent]);
    out = put(out, texts_.places_behind[view.person.place]);
    if (!view.traits.shows_user) return out;
    out = put(out, ",\"userId\":");
    out = put_number(out, view.user_id);
    out = put_user(out, view);
    out = put(out, ",\"registration\":");
    out = put_number(out, static_cast<std::uint64_t>(view.registration_ms));
    return put_copy(out, texts_.tag.data(), texts_.tag_size);
}

char* EventWriter::put_user(char* out, const StepView& view) const {
    out = put(out, texts_.last_names[view.person.last_name]);
    const TextStore& names = view.person.is_female ? texts_.female_names : texts_.male_names;
    return put(out, names[view.person.first_name]);
}

void EventWriter::write_single(Desk& desk, const StepView& view) const {
    add_record(desk, view, Topic::page_view_events, [&](char* out) {
        out = put(out, "{\"ts\":");
        out = put_number(out, static_cast<std::uint64_t>(view.ts_ms));
        out = put(out, ",\"userId\":\"");
        if (view.traits.shows_user) out = put_number(out, view.user_id);
        out = put(out, "\",\"sessionId\":");
        out = put_number(out, view.session);
        out = put(out, texts_.page_heads[view.step.state]);
        out = put_number(out, view.step.item);
        if (view.traits.shows_user) out = put_single_tail(out, view);
        out = put_copy(out, texts_.tag.data(), texts_.tag_size);
        if (!view.traits.is_song) return out;
        *out++ = ',';
        return put(out, texts_.songs[view.step.song]);
    });
}

char* EventWriter::put_single_tail(char* out, const StepView& view) const {
    out = put(out, texts_.places_before[view.person.place]);
    out = put(out, texts_.user_agents[view.person.user_agent]);
    out = put_user(out, view);
    out = put(out, ",\"registration\":");
    out = put_number(out, static_cast<std::uint64_t>(view.registration_ms));
    out = put(out, ",\"gender\":\"");
    *out++ = view.person.is_female ? 'F' : 'M';
    *out++ = '"';
    return out;
}

char* EventWriter::put_extension(char* out, const StepView& view, Topic topic) const {
    if (view.traits.is_song) {
        const bool has_song = topic == Topic::listen_events || topic == Topic::page_view_events;
        if (has_song) out = put(out, texts_.track_ids[view.step.song]);
    }
    out = put(out, ",\"eventId\":\"");
    out = put_hex(out, event_id(event_key_, view.step.user, view.step.draw));
    *out++ = '"';
    return put(out, texts_.previous_levels[view.step.previous_level]);
}

}  // namespace bassline::simulator
