// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <memory>
#include <string>
#include <string_view>

#include "event/decoder.hpp"
#include "event/text.hpp"

// Lines as EventSim writes them, and a decoder that sees each in a buffer of its own: for tests.
namespace bassline::event {

inline constexpr std::int64_t kEventMsMax = 1'800'000'000'000;

inline constexpr std::string_view kPageView =
    R"({"ts":1741132874000,"sessionId":68,"page":"NextSong","auth":"Logged In","method":"PUT","status":200,"level":"paid","itemInSession":17,"city":"North Wales","zip":"09455","state":"PA","userAgent":"\"Mozilla/5.0 (X)\"","lon":-75.2782,"lat":40.2109,"userId":69,"lastName":"Mills","firstName":"Lucas","gender":"M","registration":1688327212000,"artist":"The Sour","song":"Le\u00e9 \\o/","duration":521.9296})";
inline constexpr std::string_view kListen =
    R"({"artist":"A","song":"S","duration":200.5,"ts":1741996230000,"sessionId":101,"auth":"Logged In","level":"free","itemInSession":1,"city":"Boston","zip":"02151","state":"MA","userAgent":"M","lon":-71.0,"lat":42.4,"userId":7,"lastName":"K","firstName":"F","gender":"F","registration":1740787200000})";
inline constexpr std::string_view kAuth =
    R"({"ts":1741157141000,"sessionId":371,"level":"free","itemInSession":5,"city":"B","zip":"29902","state":"SC","userAgent":"M","lon":-80.6698,"lat":32.4316,"success":false})";
inline constexpr std::string_view kStatusChange =
    R"({"ts":1741271522000,"sessionId":752,"auth":"Logged In","level":"free","itemInSession":2,"city":"N","zip":"45156","state":"OH","userAgent":"M","lon":-84.2,"lat":38.8,"userId":171,"lastName":"H","firstName":"D","gender":"F","registration":1626685167000})";
inline constexpr std::string_view kSingle =
    R"({"ts":1741132878000,"userId":"31","sessionId":310,"page":"NextSong","auth":"Logged In","method":"PUT","status":200,"level":"paid","itemInSession":7,"location":"Tampa, FL","userAgent":"M","lastName":"K","firstName":"A","registration":1664626423000,"gender":"F","artist":"A","song":"D","length":218.14752})";
inline constexpr std::string_view kPandas =
    R"({"artist":null,"auth":"Logged Out","firstName":null,"gender":null,"itemInSession":0,"lastName":null,"length":null,"level":"free","location":null,"method":"GET","page":"Home","registration":null,"sessionId":82,"song":null,"status":200,"ts":1541122176796,"userAgent":null,"userId":""})";
inline constexpr std::string_view kRealLines[] = {kPageView,     kListen, kAuth,
                                                  kStatusChange, kSingle, kPandas};

// Decodes a line in a buffer that ends kScanPadding after it, so that ASan sees every overrun.
class Lines {
public:
    explicit Lines(char padding = 0) : padding_(padding) {}

    const Line& decode(std::string_view line) { return decoder_.decode(own(line)); }
    const Line& decode_generally(std::string_view line) {
        return decoder_.decode_generally(own(line));
    }
    bool scan(std::string_view line, Fields& fields) { return scanner_.scan(own(line), fields); }

private:
    std::string_view own(std::string_view line) {
        buffer_ = std::make_unique<char[]>(line.size() + kScanPadding);
        line.copy(buffer_.get(), line.size());
        std::fill_n(buffer_.get() + line.size(), kScanPadding, padding_);
        return {buffer_.get(), line.size()};
    }

    char padding_;
    std::unique_ptr<char[]> buffer_;
    Decoder decoder_{kEventMsMax};
    Scanner scanner_;
};

inline std::string text_of(const Line& line, Column column) {
    if (!line.fields.has(column)) return "(null)";
    const Text& text = line.fields[column].text;
    return text.escaped ? unescape(text.view()) : std::string(text.view());
}

}  // namespace bassline::event
