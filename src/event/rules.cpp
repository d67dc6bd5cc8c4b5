// SPDX-License-Identifier: Apache-2.0
#include "event/rules.hpp"

#include <bit>

#include "event/decoder.hpp"
#include "event/text.hpp"
#include "event/vocabulary.hpp"

namespace bassline::event {
namespace {

template <class... Columns>
constexpr std::uint32_t set_of(Columns... columns) {
    return (bit_of(columns) | ...);
}

constexpr std::uint32_t kOnlyTopics =
    set_of(Column::city, Column::zip, Column::state, Column::lon, Column::lat);
constexpr std::uint32_t kSong = set_of(Column::artist, Column::song, Column::duration);
constexpr std::uint32_t kPageView = set_of(Column::method, Column::status);
constexpr std::uint32_t kEveryTopic =
    set_of(Column::ts, Column::session_id, Column::item_in_session);

bool sees(const Fields& fields, std::uint32_t columns) {
    return (fields.seen & columns) != 0;
}

InputFormat format_of_step(const Fields& fields) {
    if (sees(fields, kOnlyTopics)) return InputFormat::topics;
    if (fields.length_seen) return InputFormat::single;
    if (sees(fields, bit_of(Column::duration))) return InputFormat::topics;
    if (fields.user_id_is_text || sees(fields, bit_of(Column::location))) {
        return InputFormat::single;
    }
    return InputFormat::topics;
}

Topic topic_without_page(const Fields& fields) {
    if (sees(fields, kPageView)) return Topic::page_view_events;
    if (sees(fields, kSong)) return Topic::listen_events;
    if (sees(fields, bit_of(Column::success))) return Topic::auth_events;
    if ((fields.seen & kEveryTopic) == kEveryTopic) return Topic::status_change_events;
    return Topic::page_view_events;
}

// Bronze trims U+0020 off artist and song: nothing would be left.
bool is_blank(const Text& text) {
    // Few texts are spelled with these alone, so few are unescaped for it.
    if (text.view().find_first_not_of(" \\u02") != std::string_view::npos) return false;
    const std::string value = text.escaped ? unescape(text.view()) : std::string(text.view());
    return value.find_first_not_of(' ') == std::string::npos;
}

std::uint32_t blank_among(const Fields& fields, std::uint32_t columns) {
    std::uint32_t blank = 0;
    for (const Column column : {Column::artist, Column::song}) {
        const auto bit = bit_of(column) & columns & fields.present;
        if (bit != 0 && is_blank(fields[column].text)) blank |= bit;
    }
    return blank;
}

}  // namespace

void classify(Line& line) {
    const Fields& fields = line.fields;
    line.record_count = 0;
    auto add = [&](Topic topic) {
        Record& record = line.records[line.record_count++];
        record.topic = topic;
        record.refusal.reset();
    };
    if (!sees(fields, bit_of(Column::page))) {
        line.format = InputFormat::topics;
        return add(topic_without_page(fields));
    }
    add(Topic::page_view_events);
    line.format = format_of_step(fields);
    if (line.format == InputFormat::topics || !fields.has(Column::page)) return;
    const auto page = fields[Column::page].text.view();
    if (page == "NextSong") add(Topic::listen_events);
    if (page == "Submit Upgrade" || page == "Submit Downgrade") add(Topic::status_change_events);
}

std::optional<Breach> find_breach(const Fields& fields, Topic topic, std::int64_t event_ms_max) {
    const auto columns = columns_of(topic);
    const auto missing =
        (columns.required & ~fields.present) | blank_among(fields, columns.required);
    if (missing != 0) {
        return Breach{Reason::missing_required, static_cast<Column>(std::countr_zero(missing))};
    }
    const std::int64_t ts = fields[Column::ts].integer;
    if (ts < kEventMsMin || ts > event_ms_max) return Breach{Reason::ts_out_of_range, Column::ts};
    auto closed = columns.allowed & fields.present & kClosedColumns;
    for (; closed != 0; closed &= closed - 1) {
        const auto column = static_cast<Column>(std::countr_zero(closed));
        if (vocabulary_of(column).find(fields[column].text) < 0) {
            return Breach{Reason::bad_enum, column};
        }
    }
    if ((columns.allowed & fields.present & bit_of(Column::duration)) != 0 &&
        fields[Column::duration].real > kDurationSecondsMax) {
        return Breach{Reason::duration_out_of_range, Column::duration};
    }
    return std::nullopt;
}

}  // namespace bassline::event
