// SPDX-License-Identifier: Apache-2.0
#include "models/packaged_models.hpp"

#include <array>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <nlohmann/json.hpp>
#include <set>
#include <sstream>

#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/hash.hpp"
#include "base/log.hpp"

namespace bassline::models {
namespace {

namespace fs = std::filesystem;

using Checksums = std::map<std::string, std::string>;  // path inside the project -> SHA-256

constexpr const char* kPackager = "package_models.py";

struct PackagedSources {
    fs::path project;
    Checksums files;
};

std::string read_file(const fs::path& path) {
    std::ifstream file(path, std::ios::binary);
    std::ostringstream content;
    content << file.rdbuf();
    return std::move(content).str();
}

// What sources.json says; an empty project if there is no such file.
Result<PackagedSources> packaged_sources(const fs::path& directory) {
    const fs::path path = directory / "sources.json";
    if (!fs::exists(path)) return PackagedSources{};
    const auto document = nlohmann::json::parse(read_file(path), nullptr, false);
    try {
        return PackagedSources{
            .project = (directory / document.at("project").get<std::string>()).lexically_normal(),
            .files = document.at("files").get<Checksums>()};
    } catch (const nlohmann::json::exception& cause) {
        return error(ErrorKind::bad_data, "{} is damaged: {}", path.string(), cause.what());
    }
}

// The same files that package_models.py looks at.
bool is_source(const fs::path& relative) {
    static const std::set<std::string> kSuffixes = {".sql", ".yml", ".yaml", ".csv", ".md"};
    static const std::set<std::string> kGenerated = {"target", "logs", "dbt_packages"};
    return kSuffixes.contains(relative.extension().string()) &&
           !kGenerated.contains(relative.begin()->string());
}

Checksums project_checksums(const fs::path& project) {
    Checksums checksums;
    std::error_code code;
    for (fs::recursive_directory_iterator file(project, code), end; !code && file != end;
         file.increment(code)) {
        const fs::path relative = file->path().lexically_relative(project);
        if (!file->is_regular_file() || !is_source(relative)) continue;
        checksums[relative.generic_string()] = sha256_hex(read_file(file->path()));
    }
    return checksums;
}

// The first file that was added, changed or removed; empty if none was.
std::string first_difference(const Checksums& packaged, const Checksums& present) {
    for (const auto& [file, checksum] : present) {
        const auto found = packaged.find(file);
        if (found == packaged.end() || found->second != checksum) return file;
    }
    for (const auto& [file, checksum] : packaged) {
        if (!present.contains(file)) return file;
    }
    return {};
}

// Runs a program to its end, with our stderr and without stdout. Result: its exit code.
Result<int> run_program(std::vector<std::string> arguments) {
    std::vector<char*> pointers;
    for (std::string& argument : arguments) pointers.push_back(argument.data());
    pointers.push_back(nullptr);
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
    pid_t child = 0;
    const int failed =
        ::posix_spawn(&child, pointers[0], &actions, nullptr, pointers.data(), environ);
    posix_spawn_file_actions_destroy(&actions);
    if (failed != 0) return error(ErrorKind::config, "cannot run {}", arguments[0]);
    int status = 0;
    while (::waitpid(child, &status, 0) < 0 && errno == EINTR) {
    }
    return WIFEXITED(status) ? WEXITSTATUS(status) : 1;
}

Result<void> compile_again(const fs::path& directory, const fs::path& project,
                           const std::string& changed) {
    const fs::path python = project.parent_path() / ".venv/bin/python";
    if (!fs::exists(python.parent_path() / "dbt") || !fs::exists(directory / kPackager)) {
        return error(ErrorKind::config,
                     "the compiled models in {} are older than their sources ({} changed) and dbt "
                     "is not installed to "
                     "compile them again; run make build",
                     directory.string(), (project / changed).string());
    }
    log_info("{} changed: compiling the models again", (project / changed).string());
    TRY_ASSIGN(const int code,
               run_program({python.string(), (directory / kPackager).string(), "--project",
                            project.string(), "--out", directory.string()}));
    if (code == 0) return {};
    return error(ErrorKind::config,
                 "the models in {} do not compile; the compiled ones in {} are older than them",
                 project.string(), directory.string());
}

}  // namespace

std::string models_directory(const std::string& given) {
    if (!given.empty()) return given;
    const char* configured = std::getenv("BASSLINE_MODELS");
    if (configured != nullptr && *configured != '\0') return configured;
    std::error_code code;
    return (fs::read_symlink("/proc/self/exe", code).parent_path() / "bassline-models").string();
}

Result<Manifest> load_packaged_models(const std::string& directory) {
    TRY_ASSIGN(const PackagedSources packaged, packaged_sources(directory));
    if (!packaged.project.empty() && fs::exists(packaged.project / "dbt_project.yml")) {
        const std::string changed =
            first_difference(packaged.files, project_checksums(packaged.project));
        if (!changed.empty()) TRY(compile_again(directory, packaged.project, changed));
    }
    return load_manifest(directory);
}

}  // namespace bassline::models
