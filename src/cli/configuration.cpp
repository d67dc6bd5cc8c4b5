// SPDX-License-Identifier: Apache-2.0
#include "cli/configuration.hpp"

#include <algorithm>
#include <cstdlib>
#include <memory>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "cli/suggestion.hpp"

namespace bassline::cli {
namespace {

constexpr const char* kFile = "bassline.toml";

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

[[noreturn]] void fail(const std::string& what, const std::string& name,
                       const std::vector<std::string>& known) {
    const std::string meant = nearest(name, known);
    throw CLI::ConfigError(
        fmt::format("{}{}", what, meant.empty() ? "" : fmt::format("; did you mean {}?", meant)));
}

// CLI11 lets the file win over the environment and says little about unknown names.
class Settings final : public CLI::ConfigTOML {
public:
    explicit Settings(const CLI::App& app) : app_(app) {}

    std::vector<CLI::ConfigItem> from_config(std::istream& input) const override {
        std::vector<CLI::ConfigItem> settings = CLI::ConfigTOML::from_config(input);
        std::erase_if(settings, [](const CLI::ConfigItem& item) {
            return item.name == "++" || item.name == "--";  // a section begins or ends
        });
        for (const CLI::ConfigItem& item : settings) check(item);
        std::erase_if(settings, [](const CLI::ConfigItem& item) {
            return std::getenv(variable_of(item.parents.front(), item.name).c_str()) != nullptr;
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
};

}  // namespace

void take_settings_from_file_and_environment(CLI::App& app) {
    app.set_config("--config", kFile,
                   "Settings file, before the command; a section a command (default bassline.toml, "
                   "if there is one)");
    app.config_formatter(std::make_shared<Settings>(app));
    for (const std::string& name : names_of_commands(app)) {
        CLI::App* const command = app.get_subcommand(name);
        for (const std::string& setting : settings_of(*command)) {
            command->get_option("--" + setting)->envname(variable_of(name, setting));
        }
    }
}

}  // namespace bassline::cli
