// SPDX-License-Identifier: Apache-2.0
#include <random>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "event/sample_lines.hpp"

// The fast and the general path of the decoder say the same of every line.
namespace bassline::event {
namespace {

// Everything a line says, as text: two lines that read alike are alike.
std::string describe(const Line& line) {
    std::string out = line.format ? std::string(to_string(*line.format)) : "unreadable";
    for (std::size_t i = 0; i < line.record_count; ++i) {
        const auto& record = line.records[i];
        out += fmt::format(" {}", to_string(record.topic));
        if (record.refusal) {
            out +=
                fmt::format("!{} ({})", to_string(record.refusal->reason), record.refusal->detail);
        }
    }
    if (!line.format) return out;
    for (std::size_t i = 0; i < kProducerColumnCount; ++i) {
        const auto column = static_cast<Column>(i);
        if (!line.fields.has(column)) continue;
        const auto& definition_of = definition(column);
        const Value& value = line.fields[column];
        out += fmt::format(" {}=", definition_of.name);
        if (definition_of.type == Type::text) {
            out += text_of(line, column);
        } else if (definition_of.type == Type::real) {
            out += fmt::format("{:a}", value.real);
        } else if (definition_of.type == Type::boolean) {
            out += value.boolean ? "true" : "false";
        } else {
            out += std::to_string(value.integer);
        }
    }
    return out + " " + std::string(line.rescued);
}

TEST(Decoder, WhatEventSimWritesTakesTheFastPath) {
    Lines lines;
    for (int round = 0; round < 2; ++round) {
        for (const auto line : kRealLines) {
            Fields fields;
            EXPECT_TRUE(lines.scan(line, fields)) << line;
        }
    }
}

TEST(Decoder, BothPathsAgreeOnRealLines) {
    Lines lines;
    for (const auto line : kRealLines) {
        const auto fast = describe(lines.decode(line));
        EXPECT_EQ(fast, describe(lines.decode_generally(line)));
    }
}

// Every length of whole and fraction, leading zeros, signs and exponents, in columns of every type.
TEST(Decoder, BothPathsAgreeOnNumbersOfAnyLength) {
    const std::string digits = "1234567890123456789012";
    std::vector<std::string> numbers{"0",     "-0",  "00",   "01",        "-",   ".5",
                                     "5.",    "0.",  "-0.0", "1e5",       "1E5", "1.e5",
                                     "1.5e2", "0x1", "1 ",   "1.0000000", "7.00"};
    for (std::size_t whole = 1; whole <= 20; ++whole) {
        for (const char* before : {"", "-", "0", "-0"}) {
            const std::string integer = before + digits.substr(0, whole);
            numbers.push_back(integer);
            for (std::size_t fraction = 1; fraction <= 19; ++fraction) {
                numbers.push_back(integer + "." + digits.substr(3, fraction));
                numbers.push_back(integer + "." + std::string(fraction, '0'));
            }
        }
    }
    const std::string_view end = R"(,"sessionId":1,"itemInSession":2,"artist":"A","song":"S")";
    Lines lines;
    Lines before_digits('7');
    Lines before_exponents('e');
    for (const std::string& number : numbers) {
        for (Lines* const cut : {&before_digits, &before_exponents}) {
            const auto line = "{\"ts\":" + number;
            ASSERT_EQ(describe(cut->decode(line)), describe(cut->decode_generally(line))) << line;
        }
        for (const std::string_view field : {"ts", "status", "lon", "userId", "registration"}) {
            const std::string ts = field == "ts" ? "" : "\"ts\":1741996230000,";
            for (const std::string_view rest : {"}", " }", ",\"duration\":2.5}"}) {
                const auto line = fmt::format("{{{}\"{}\":{}{}{}", ts, field, number, end, rest);
                const auto fast = describe(lines.decode(line));
                ASSERT_EQ(fast, describe(lines.decode_generally(line))) << line;
            }
        }
    }
}

// Wherever the end, an escape or a control character lies in the bytes that are read at once.
TEST(Decoder, BothPathsAgreeOnTextsOfAnyLength) {
    for (const char padding : {'\0', '"', '\\'}) {
        Lines lines(padding);
        for (std::size_t size = 0; size < 100; ++size) {
            for (const std::string_view middle :
                 {"", "\\n", "\\\\", "\\u00e9", "\\u12", "\t", "\xc3\xa9"}) {
                const std::string text = std::string(size, 'x') + std::string(middle);
                for (const std::string_view rest :
                     {"", "y", "yyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyy"}) {
                    const auto line = fmt::format(
                        R"({{"ts":1741996230000,"sessionId":1,"itemInSession":2,"artist":"{}{}","song":"S"}})",
                        text, rest);
                    const auto fast = describe(lines.decode(line));
                    ASSERT_EQ(fast, describe(lines.decode_generally(line))) << line;
                    const std::string_view cut = std::string_view(line).substr(0, 60 + size);
                    ASSERT_EQ(describe(lines.decode(cut)), describe(lines.decode_generally(cut)))
                        << cut;
                }
            }
        }
    }
}

// Mutates a line at random: bytes flipped, removed, doubled; pieces of other lines and of hostile
// spellings put in.
std::string mutate(std::mt19937_64& random, std::string line) {
    constexpr std::string_view kPieces[] = {"\"",
                                            "\\",
                                            "{",
                                            "}",
                                            ",",
                                            ":",
                                            "null",
                                            "-0",
                                            "0.1",
                                            "1e5",
                                            "\\u00e9",
                                            "\\ud8",
                                            "\"\"",
                                            "true",
                                            "9",
                                            "123456789",
                                            "-",
                                            ".0",
                                            " ",
                                            "\t",
                                            "\xc3\xa9",
                                            "\xff",
                                            "\"ts\":",
                                            "\"length\":1.0,",
                                            "\\\"",
                                            "[",
                                            "\n",
                                            "\r",
                                            "1234567",
                                            "12345678",
                                            "12345678901234567890",
                                            "4503599627370497.5",
                                            "0.30000000000000004",
                                            "\\u0041"};
    auto below = [&](std::size_t n) { return static_cast<std::size_t>(random() % n); };
    for (std::size_t change = 1 + below(3); change > 0; --change) {
        const std::size_t at = below(line.size() + 1);
        switch (below(6)) {
            case 0:
                if (at < line.size()) line[at] = static_cast<char>(random());
                break;
            case 1:
                line.erase(at, 1 + below(8));
                break;
            case 2:
                line.insert(at, kPieces[below(std::size(kPieces))]);
                break;
            case 3:
                line.insert(at, line.substr(below(line.size() + 1), below(40)));
                break;
            case 4: {
                const auto other = kRealLines[below(std::size(kRealLines))];
                line.insert(at, other.substr(below(other.size()), below(60)));
                break;
            }
            default: {  // a digit becomes another
                const auto digit = line.find_first_of("0123456789", at);
                if (digit != std::string::npos) line[digit] = static_cast<char>('0' + below(10));
            }
        }
    }
    return line;
}

TEST(Decoder, BothPathsAgreeOnMutatedLines) {
    const auto seed = std::random_device{}();
    SCOPED_TRACE(fmt::format("seed {}", seed));
    std::mt19937_64 random(seed);
    int accepted = 0;
    for (const char padding : {'\0', '"', '}', '7', ' '}) {
        Lines lines(padding);
        for (int i = 0; i < 20'000; ++i) {
            const auto line =
                mutate(random, std::string(kRealLines[random() % std::size(kRealLines)]));
            const auto fast = describe(lines.decode(line));
            ASSERT_EQ(fast, describe(lines.decode_generally(line))) << line;
            accepted += fast.find('!') == std::string::npos;
        }
    }
    EXPECT_GT(accepted, 5'000) << "too few lines survive to say anything";
}

TEST(Decoder, RandomBytesAreRefusedQuietly) {
    const auto seed = std::random_device{}();
    SCOPED_TRACE(fmt::format("seed {}", seed));
    std::mt19937_64 random(seed);
    Lines lines;
    for (int i = 0; i < 5'000; ++i) {
        std::string line(random() % 200, '\0');
        for (char& c : line) c = static_cast<char>(random());
        EXPECT_TRUE(lines.decode(line).records[0].refusal);
    }
}

}  // namespace
}  // namespace bassline::event
