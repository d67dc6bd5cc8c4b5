// SPDX-License-Identifier: Apache-2.0
#include "simulator/time_text.hpp"

#include <array>
#include <charconv>
#include <chrono>
#include <optional>

namespace bassline::simulator {
namespace {

// Takes pieces from the front of a text.
class Scanner {
public:
    explicit Scanner(std::string_view text) : left_(text) {}

    bool is_done() const { return left_.empty(); }
    bool take(char wanted) {
        if (left_.empty() || left_.front() != wanted) return false;
        left_.remove_prefix(1);
        return true;
    }
    /// Exactly so many digits, of a value up to `max`.
    std::optional<int> digits(std::size_t count, int max) {
        if (left_.size() < count) return std::nullopt;
        int value = 0;
        for (const char digit : left_.substr(0, count)) {
            if (digit < '0' || digit > '9') return std::nullopt;
            value = value * 10 + (digit - '0');
        }
        if (value > max) return std::nullopt;
        left_.remove_prefix(count);
        return value;
    }
    /// Up to nine digits of a fraction, in milliseconds.
    std::optional<int> milliseconds() {
        constexpr std::array<int, 3> kWorth{100, 10, 1};
        int value = 0;
        std::size_t count = 0;
        while (!left_.empty() && left_.front() >= '0' && left_.front() <= '9' && count < 9) {
            if (count < kWorth.size()) value += kWorth[count] * (left_.front() - '0');
            left_.remove_prefix(1);
            ++count;
        }
        if (count == 0) return std::nullopt;
        return value;
    }

private:
    std::string_view left_;
};

std::optional<std::chrono::sys_days> scan_date(Scanner& text) {
    constexpr int kYearMax = 9999;
    const auto year = text.digits(4, kYearMax);
    if (!year || !text.take('-')) return std::nullopt;
    const auto month = text.digits(2, 12);
    if (!month || !text.take('-')) return std::nullopt;
    const auto day = text.digits(2, 31);
    if (!day) return std::nullopt;
    const std::chrono::year_month_day date{std::chrono::year{*year},
                                           std::chrono::month{static_cast<unsigned>(*month)},
                                           std::chrono::day{static_cast<unsigned>(*day)}};
    if (!date.ok()) return std::nullopt;
    return std::chrono::sys_days{date};
}

std::optional<std::chrono::minutes> scan_hours_and_minutes(Scanner& text) {
    const auto hour = text.digits(2, 23);
    if (!hour || !text.take(':')) return std::nullopt;
    const auto minute = text.digits(2, 59);
    if (!minute) return std::nullopt;
    return std::chrono::hours{*hour} + std::chrono::minutes{*minute};
}

std::optional<std::chrono::milliseconds> scan_time(Scanner& text) {
    const auto minutes = scan_hours_and_minutes(text);
    if (!minutes) return std::nullopt;
    std::chrono::milliseconds time = *minutes;
    if (!text.take(':')) return time;
    const auto second = text.digits(2, 59);
    if (!second) return std::nullopt;
    time += std::chrono::seconds{*second};
    if (!text.take('.')) return time;
    const auto fraction = text.milliseconds();
    if (!fraction) return std::nullopt;
    return time + std::chrono::milliseconds{*fraction};
}

// What to subtract for UTC.
std::optional<std::chrono::minutes> scan_offset(Scanner& text) {
    if (text.is_done() || text.take('Z')) return std::chrono::minutes{0};
    const bool is_east = text.take('+');
    if (!is_east && !text.take('-')) return std::nullopt;
    const auto offset = scan_hours_and_minutes(text);
    if (!offset) return std::nullopt;
    return is_east ? *offset : -*offset;
}

std::optional<std::int64_t> scan(std::string_view given) {
    Scanner text(given);
    const auto date = scan_date(text);
    if (!date) return std::nullopt;
    std::chrono::milliseconds time = date->time_since_epoch();
    if (text.is_done()) return time.count();
    if (!text.take('T') && !text.take(' ')) return std::nullopt;
    const auto of_day = scan_time(text);
    if (!of_day) return std::nullopt;
    const auto offset = scan_offset(text);
    if (!offset || !text.is_done()) return std::nullopt;
    return (time + *of_day - *offset).count();
}

}  // namespace

Result<std::int64_t> parse_time(std::string_view text) {
    if (const auto time = scan(text)) return *time;
    return error(ErrorKind::usage,
                 "{} is no time; write a date (2025-09-01) or RFC 3339 (2025-09-01T08:30:00Z)",
                 text);
}

}  // namespace bassline::simulator
