// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.hpp"
#include "simulator/positioned_json.hpp"

// Typed access to one object of a configuration; every error names file, line, key and what was
// expected. A key that is absent leaves the variable as it was.
namespace bassline::simulator {

struct NumberRange {
    double min;
    double max;
};

class ConfigurationReader {
public:
    /// Errors: `config` if the value is no object.
    static Result<ConfigurationReader> of(const PositionedJson& object, const std::string& file);

    Result<void> number(std::string_view key, double& value, NumberRange range) const;
    Result<void> number(std::string_view key, std::optional<double>& value,
                        NumberRange range) const;
    /// Whole numbers from 0 to 2^53.
    Result<void> whole(std::string_view key, std::uint64_t& value) const;
    Result<void> whole(std::string_view key, std::optional<std::uint64_t>& value) const;
    Result<void> text(std::string_view key, std::string& value) const;
    Result<void> text(std::string_view key, std::optional<std::string>& value) const;

    // The same for keys that must be there.
    Result<double> number(std::string_view key, NumberRange range) const;
    Result<std::string> text(std::string_view key) const;
    Result<bool> boolean(std::string_view key) const;
    Result<ConfigurationReader> object(std::string_view key) const;

    /// The elements of a list; none if the key is absent.
    Result<std::vector<ConfigurationReader>> objects(std::string_view key) const;

    const PositionedJson& json() const { return *json_; }
    std::size_t line() const { return json_->line; }
    /// An error at a line of this file.
    Error wrong(std::size_t line, const std::string& reason) const;

private:
    ConfigurationReader(const PositionedJson& json, const std::string& file)
        : json_(&json), file_(&file) {}

    template <class Value>
    Result<const Value*> value_of(std::string_view key, std::string_view expected) const;
    Error missing(std::string_view key) const;

    const PositionedJson* json_;
    const std::string* file_;
};

}  // namespace bassline::simulator
