// SPDX-License-Identifier: Apache-2.0
#include "simulator/check_log.hpp"

#include <algorithm>
#include <charconv>
#include <limits>
#include <map>
#include <tuple>

#include "event/decoder.hpp"
#include "simulator/check_lines.hpp"

namespace bassline::simulator {
namespace {

using event::Column;

std::string_view text_of(const event::Fields& fields, Column column) {
    return fields.has(column) ? fields[column].text.view() : std::string_view{};
}

// Digits of any user; other texts are told apart by their bytes.
std::uint64_t user_of(const event::Fields& fields) {
    const std::string_view text = text_of(fields, Column::user_id);
    if (text.empty()) return LoggedStep::kNoUser;
    std::uint64_t number = 0;
    const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (code == std::errc{} && end == text.data() + text.size()) return number;
    return std::hash<std::string_view>{}(text);
}

class LogReader {
public:
    explicit LogReader(const Configuration& configuration) {
        for (const PageState& state : configuration.states) number_of(state);
    }

    Result<void> read(const std::filesystem::path& path) {
        TRY_ASSIGN(CheckLines lines, CheckLines::open(path));
        std::string_view line;
        while (true) {
            TRY_ASSIGN(const bool is_there, lines.next(line));
            if (!is_there) return {};
            if (!line.empty()) take(decoder_.decode(line));
        }
    }

    EventLog finish() && {
        const auto place = [](const LoggedStep& step) {
            return std::tuple(step.session, step.item, step.ts_ms);
        };
        auto& steps = log_.steps;
        std::ranges::sort(steps, {}, place);
        const auto repeated = std::unique(
            steps.begin(), steps.end(), [](const LoggedStep& one, const LoggedStep& other) {
                return one.session == other.session && one.item == other.item;
            });
        log_.duplicates = static_cast<std::uint64_t>(steps.end() - repeated);
        steps.erase(repeated, steps.end());
        const auto [first, last] = std::ranges::minmax_element(steps, {}, &LoggedStep::ts_ms);
        if (!steps.empty()) {
            log_.first_ms = first->ts_ms;
            log_.last_ms = last->ts_ms;
        }
        return std::move(log_);
    }

private:
    void take(const event::Line& line) {
        for (std::size_t i = 0; i < line.record_count; ++i) {
            const event::Record& record = line.records[i];
            if (record.refusal) {
                ++log_.refused;
                continue;
            }
            ++log_.records[static_cast<std::size_t>(record.topic)];
            if (record.topic == event::Topic::page_view_events) take_page_view(line.fields);
        }
        if (line.format == event::InputFormat::single) log_.is_single_stream = true;
    }

    void take_page_view(const event::Fields& fields) {
        const PageState state{.page = std::string(text_of(fields, Column::page)),
                              .method = std::string(text_of(fields, Column::method)),
                              .status = fields.has(Column::status)
                                            ? static_cast<int>(fields[Column::status].integer)
                                            : 0,
                              .auth = std::string(text_of(fields, Column::auth)),
                              .level = std::string(text_of(fields, Column::level))};
        const bool has_song = fields.has(Column::duration);
        log_.steps.push_back(
            {.session = static_cast<std::uint64_t>(fields[Column::session_id].integer),
             .ts_ms = fields[Column::ts].integer,
             .user = user_of(fields),
             .item = static_cast<std::uint32_t>(fields[Column::item_in_session].integer),
             .song_s = has_song ? static_cast<float>(fields[Column::duration].real) : -1,
             .state = number_of(state)});
    }

    std::uint32_t number_of(const PageState& state) {
        const auto next = static_cast<std::uint32_t>(numbers_.size());
        const auto [found, is_new] = numbers_.try_emplace(
            std::tuple(state.page, state.method, state.status, state.auth, state.level), next);
        if (is_new) log_.states.push_back(state);
        return found->second;
    }

    event::Decoder decoder_{std::numeric_limits<std::int64_t>::max()};
    std::map<std::tuple<std::string, std::string, int, std::string, std::string>, std::uint32_t>
        numbers_;
    EventLog log_;
};

Result<std::vector<std::filesystem::path>> files_of(std::span<const std::filesystem::path> inputs) {
    namespace fs = std::filesystem;
    std::vector<fs::path> files;
    std::error_code code;
    for (const fs::path& input : inputs) {
        if (!fs::is_directory(input, code)) {
            files.push_back(input);
            continue;
        }
        std::vector<fs::path> inside;
        for (const fs::directory_entry& entry : fs::directory_iterator(input, code)) {
            if (entry.is_regular_file(code) && !entry.path().filename().string().starts_with('.')) {
                inside.push_back(entry.path());
            }
        }
        if (code) {
            return error(ErrorKind::io, "cannot list {}: {}", input.string(), code.message());
        }
        std::ranges::sort(inside);
        files.insert(files.end(), inside.begin(), inside.end());
    }
    return files;
}

}  // namespace

Result<EventLog> read_event_log(std::span<const std::filesystem::path> inputs,
                                const Configuration& configuration) {
    TRY_ASSIGN(const auto files, files_of(inputs));
    LogReader reader(configuration);
    for (const std::filesystem::path& file : files) TRY(reader.read(file));
    EventLog log = std::move(reader).finish();
    if (log.steps.empty()) {
        return error(ErrorKind::bad_data,
                     "no page views to check: give page_view_events, or the single stream");
    }
    return log;
}

}  // namespace bassline::simulator
