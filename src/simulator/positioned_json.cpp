// SPDX-License-Identifier: Apache-2.0
#include "simulator/positioned_json.hpp"

#include <iterator>
#include <nlohmann/json.hpp>

namespace bassline::simulator {
namespace {

struct Position {
    std::size_t line = 1;         // of the next byte
    std::size_t before_last = 1;  // of the last byte read
};

// Hands bytes to the lexer and counts lines as it goes.
class CountingIterator {
public:
    using iterator_category = std::input_iterator_tag;
    using value_type = char;
    using difference_type = std::ptrdiff_t;
    using pointer = const char*;
    using reference = const char&;

    CountingIterator(const char* at, Position& position) : at_(at), position_(&position) {}
    reference operator*() const { return *at_; }
    CountingIterator& operator++() {
        position_->before_last = position_->line;
        if (*at_ == '\n') ++position_->line;
        ++at_;
        return *this;
    }
    bool operator==(const CountingIterator& other) const { return at_ == other.at_; }
    bool operator!=(const CountingIterator& other) const { return at_ != other.at_; }

private:
    const char* at_;
    Position* position_;
};

class TreeBuilder {
public:
    explicit TreeBuilder(const Position& position) : position_(position) {}

    // The names are nlohmann's SAX interface. NOLINTBEGIN(readability-identifier-naming)
    bool null() { return add(std::monostate{}, position_.line); }
    bool boolean(bool value) { return add(value, position_.line); }
    bool number_integer(std::int64_t value) { return number(static_cast<double>(value)); }
    bool number_unsigned(std::uint64_t value) { return number(static_cast<double>(value)); }
    bool number_float(double value, const std::string& /*text*/) { return number(value); }
    bool string(std::string& value) { return add(std::move(value), position_.line); }
    bool binary(nlohmann::json::binary_t& /*value*/) { return false; }
    bool start_object(std::size_t /*size*/) { return open(PositionedJson::Members{}); }
    bool end_object() { return close(); }
    bool start_array(std::size_t /*size*/) { return open(PositionedJson::Elements{}); }
    bool end_array() { return close(); }
    bool key(std::string& name) {
        keys_.back() = std::move(name);
        return true;
    }
    bool parse_error(std::size_t /*at*/, const std::string& token,
                     const nlohmann::json::exception& cause) {
        const std::string what = cause.what();
        const std::size_t reason = what.find("; ");
        failure_ = reason == std::string::npos ? "no JSON near " + token : what.substr(reason + 2);
        failure_line_ = position_.before_last;
        return false;
    }
    // NOLINTEND(readability-identifier-naming)

    PositionedJson take() { return std::move(root_); }
    const std::string& failure() const { return failure_; }
    std::size_t failure_line() const { return failure_line_; }

private:
    template <class Value>
    bool add(Value value, std::size_t line) {
        PositionedJson node;
        node.line = line;
        node.value = std::move(value);
        place(std::move(node));
        return true;
    }
    // The lexer has read one byte behind a number.
    bool number(double value) { return add(value, position_.before_last); }

    template <class Container>
    bool open(Container container) {
        PositionedJson node;
        node.line = position_.line;
        node.value = std::move(container);
        open_.push_back(std::move(node));
        keys_.emplace_back();
        return true;
    }
    bool close() {
        PositionedJson node = std::move(open_.back());
        open_.pop_back();
        keys_.pop_back();
        place(std::move(node));
        return true;
    }
    void place(PositionedJson node) {
        if (open_.empty()) {
            root_ = std::move(node);
            return;
        }
        auto& parent = open_.back().value;
        if (auto* members = std::get_if<PositionedJson::Members>(&parent)) {
            members->names.push_back(keys_.back());
            members->values.push_back(std::move(node));
        } else {
            std::get<PositionedJson::Elements>(parent).push_back(std::move(node));
        }
    }

    const Position& position_;
    std::vector<PositionedJson> open_;
    std::vector<std::string> keys_;  // of the member being read, for each open container
    PositionedJson root_;
    std::string failure_;
    std::size_t failure_line_ = 0;
};

}  // namespace

const PositionedJson* PositionedJson::find(std::string_view name) const {
    const auto* members = std::get_if<Members>(&value);
    if (members == nullptr) return nullptr;
    for (std::size_t at = members->names.size(); at-- > 0;) {
        if (members->names[at] == name) return &members->values[at];
    }
    return nullptr;
}

std::string_view PositionedJson::type_name() const {
    constexpr std::string_view kNames[] = {"null",   "true or false", "a number",
                                           "a text", "an object",     "a list"};
    return kNames[value.index()];
}

Result<PositionedJson> parse_positioned_json(std::string_view text, std::string_view file) {
    Position position;
    TreeBuilder builder(position);
    const bool parsed =
        nlohmann::json::sax_parse(CountingIterator(text.data(), position),
                                  CountingIterator(text.data() + text.size(), position), &builder);
    if (!parsed) {
        return error(ErrorKind::config, "{}:{}: {}", file, builder.failure_line(),
                     builder.failure());
    }
    return builder.take();
}

}  // namespace bassline::simulator
