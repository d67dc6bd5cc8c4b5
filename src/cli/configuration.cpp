// SPDX-License-Identifier: Apache-2.0
#include "cli/configuration.hpp"

#include <algorithm>
#include <cstdlib>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "cli/suggestion.hpp"

namespace bassline::cli {
namespace {

constexpr const char* kFile = "bassline.toml";
constexpr const char* kConfigOption = "--config";

std::string variable_of(const std::string& command, const std::string& option) {
    std::string name = fmt::format("BASSLINE_{}_{}", command, option);
    std::ranges::transform(name, name.begin(), [](unsigned char c) {
        return c == '-' ? '_' : static_cast<char>(std::toupper(c));
    });
    return name;
}

std::vector<std::string> settings_of(const CLI::App& command) {
    std::vector<std::string> names;
    for (const CLI::Option* option : command.get_options()) {
        if (!option->get_configurable() || option->get_lnames().empty()) continue;
        names.push_back(option->get_lnames().front());
    }
    return names;
}

std::vector<std::string> names_of_commands(const CLI::App& app) {
    std::vector<std::string> names;
    for (const CLI::App* command : app.get_subcommands([](const CLI::App*) { return true; })) {
        names.push_back(command->get_name());
    }
    return names;
}

bool is_given(const CLI::Option& option, const std::vector<std::string>& arguments) {
    return std::ranges::any_of(option.get_lnames(), [&](const std::string& name) {
        const std::string written = "--" + name;
        return std::ranges::any_of(arguments, [&](const std::string& argument) {
            return argument == written || argument.starts_with(written + "=");
        });
    });
}

// The options that those on the command line exclude, and those that need one of them.
std::set<const CLI::Option*> overruled(const CLI::App& command,
                                       const std::vector<std::string>& arguments) {
    std::set<const CLI::Option*> found;
    for (const CLI::Option* option : command.get_options()) {
        if (!is_given(*option, arguments)) continue;
        for (const CLI::Option* other : option->get_excludes()) found.insert(other);
    }
    for (std::size_t before = 0; before != found.size();) {
        before = found.size();
        for (const CLI::Option* option : command.get_options()) {
            const auto needs = option->get_needs();
            if (std::ranges::any_of(needs, [&](auto* other) { return found.contains(other); }))
                found.insert(option);
        }
    }
    std::erase_if(found, [&](const CLI::Option* option) { return is_given(*option, arguments); });
    return found;
}

[[noreturn]] void fail(const std::string& what, const std::string& name,
                       const std::vector<std::string>& known) {
    const std::string meant = nearest(name, known);
    throw CLI::ConfigError(
        fmt::format("{}{}", what, meant.empty() ? "" : fmt::format("; did you mean {}?", meant)));
}

// CLI11 lets the file win over the environment and says little about unknown names.
class Settings final : public CLI::ConfigTOML {
public:
    Settings(const CLI::App& app, const CLI::App& command, std::set<const CLI::Option*> overruled)
        : app_(app), command_(command), overruled_(std::move(overruled)) {}

    std::vector<CLI::ConfigItem> from_config(std::istream& input) const override {
        std::vector<CLI::ConfigItem> settings = CLI::ConfigTOML::from_config(input);
        std::erase_if(settings, [](const CLI::ConfigItem& item) {
            return item.name == "++" || item.name == "--";  // a section begins or ends
        });
        for (const CLI::ConfigItem& item : settings) check(item);
        std::erase_if(settings, [this](const CLI::ConfigItem& item) {
            const std::string& section = item.parents.front();
            const char* variable = std::getenv(variable_of(section, item.name).c_str());
            return section != command_.get_name() || (variable != nullptr && *variable != '\0') ||
                   overruled_.contains(command_.get_option("--" + item.name));
        });
        return settings;
    }

private:
    void check(const CLI::ConfigItem& item) const {
        const auto commands = names_of_commands(app_);
        if (item.parents.size() != 1) {
            fail(
                fmt::format("the settings file sets '{}' outside a section; put it under [COMMAND]",
                            item.fullname()),
                "", {});
        }
        const std::string& section = item.parents.front();
        if (std::ranges::find(commands, section) == commands.end()) {
            fail(fmt::format("the settings file has a section [{}] of no command", section),
                 section, commands);
        }
        const auto known = settings_of(*app_.get_subcommand(section));
        if (std::ranges::find(known, item.name) != known.end()) return;
        fail(fmt::format("the settings file sets '{}', which {} does not have", item.name, section),
             item.name, known);
    }

    const CLI::App& app_;
    const CLI::App& command_;
    const std::set<const CLI::Option*> overruled_;
};

}  // namespace

bool has_command(const CLI::App& app, const std::string& name) {
    return std::ranges::count(names_of_commands(app), name) > 0;
}

std::string word_of_command(const std::vector<std::string>& arguments) {
    for (std::size_t index = 0; index < arguments.size(); ++index) {
        if (arguments[index] == kConfigOption) {
            ++index;  // its file
        } else if (!arguments[index].starts_with('-')) {
            return arguments[index];
        }
    }
    return {};
}

void take_settings_from_file_and_environment(CLI::App& app,
                                             const std::vector<std::string>& arguments) {
    app.set_config(kConfigOption, kFile,
                   "Settings file; a section a command (default bassline.toml, "
                   "if there is one)");
    const std::string word = word_of_command(arguments);
    if (!has_command(app, word)) return;
    CLI::App* const command = app.get_subcommand(word);
    const auto unset = overruled(*command, arguments);
    app.config_formatter(std::make_shared<Settings>(app, *command, unset));
    for (const std::string& setting : settings_of(*command)) {
        CLI::Option* const option = command->get_option("--" + setting);
        if (!unset.contains(option)) option->envname(variable_of(command->get_name(), setting));
    }
}

}  // namespace bassline::cli
