// SPDX-License-Identifier: Apache-2.0
#include "simulator/configuration_reader.hpp"

#include <cmath>

namespace bassline::simulator {
namespace {

constexpr double kWholeMax = 9007199254740992.0;  // 2^53: every whole number below is a double

}  // namespace

Result<ConfigurationReader> ConfigurationReader::of(const PositionedJson& object,
                                                    const std::string& file) {
    const ConfigurationReader reader(object, file);
    if (!std::holds_alternative<PositionedJson::Members>(object.value)) {
        return reader.wrong(object.line,
                            fmt::format("an object is expected, not {}", object.type_name()));
    }
    return reader;
}

Error ConfigurationReader::wrong(std::size_t line, const std::string& reason) const {
    return error(ErrorKind::config, "{}:{}: {}", *file_, line, reason);
}

Error ConfigurationReader::missing(std::string_view key) const {
    return wrong(line(), fmt::format("\"{}\" is missing", key));
}

template <class Value>
Result<const Value*> ConfigurationReader::value_of(std::string_view key,
                                                   std::string_view expected) const {
    const PositionedJson* found = json_->find(key);
    if (found == nullptr) return static_cast<const Value*>(nullptr);
    const auto* value = std::get_if<Value>(&found->value);
    if (value == nullptr) {
        return wrong(found->line,
                     fmt::format("\"{}\" must be {}, not {}", key, expected, found->type_name()));
    }
    return value;
}

Result<void> ConfigurationReader::number(std::string_view key, std::optional<double>& value,
                                         NumberRange range) const {
    TRY_ASSIGN(const double* found, value_of<double>(key, "a number"));
    if (found == nullptr) return {};
    if (!(*found >= range.min && *found <= range.max)) {
        return wrong(json_->find(key)->line, fmt::format("\"{}\" must be from {} to {}, not {}",
                                                         key, range.min, range.max, *found));
    }
    value = *found;
    return {};
}

Result<void> ConfigurationReader::number(std::string_view key, double& value,
                                         NumberRange range) const {
    std::optional<double> found;
    TRY(number(key, found, range));
    if (found) value = *found;
    return {};
}

Result<void> ConfigurationReader::whole(std::string_view key,
                                        std::optional<std::uint64_t>& value) const {
    std::optional<double> found;
    TRY(number(key, found, {0, kWholeMax}));
    if (!found) return {};
    if (*found != std::floor(*found)) {
        return wrong(json_->find(key)->line,
                     fmt::format("\"{}\" must be a whole number, not {}", key, *found));
    }
    value = static_cast<std::uint64_t>(*found);
    return {};
}

Result<void> ConfigurationReader::whole(std::string_view key, std::uint64_t& value) const {
    std::optional<std::uint64_t> found;
    TRY(whole(key, found));
    if (found) value = *found;
    return {};
}

Result<void> ConfigurationReader::text(std::string_view key,
                                       std::optional<std::string>& value) const {
    TRY_ASSIGN(const std::string* found, value_of<std::string>(key, "a text"));
    if (found != nullptr) value = *found;
    return {};
}

Result<void> ConfigurationReader::text(std::string_view key, std::string& value) const {
    std::optional<std::string> found;
    TRY(text(key, found));
    if (found) value = std::move(*found);
    return {};
}

Result<double> ConfigurationReader::number(std::string_view key, NumberRange range) const {
    std::optional<double> found;
    TRY(number(key, found, range));
    if (!found) return missing(key);
    return *found;
}

Result<std::string> ConfigurationReader::text(std::string_view key) const {
    std::optional<std::string> found;
    TRY(text(key, found));
    if (!found) return missing(key);
    return std::move(*found);
}

Result<bool> ConfigurationReader::boolean(std::string_view key) const {
    TRY_ASSIGN(const bool* found, value_of<bool>(key, "true or false"));
    if (found == nullptr) return missing(key);
    return *found;
}

Result<ConfigurationReader> ConfigurationReader::object(std::string_view key) const {
    TRY_ASSIGN(const PositionedJson::Members* found,
               value_of<PositionedJson::Members>(key, "an object"));
    if (found == nullptr) return missing(key);
    return of(*json_->find(key), *file_);
}

Result<std::vector<ConfigurationReader>> ConfigurationReader::objects(std::string_view key) const {
    TRY_ASSIGN(const PositionedJson::Elements* found,
               value_of<PositionedJson::Elements>(key, "a list"));
    std::vector<ConfigurationReader> readers;
    if (found == nullptr) return readers;
    for (const PositionedJson& element : *found) {
        TRY_ASSIGN(const ConfigurationReader reader, of(element, *file_));
        readers.push_back(reader);
    }
    return readers;
}

}  // namespace bassline::simulator
