// SPDX-License-Identifier: Apache-2.0
#include "simulator/checkpoint.hpp"

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <span>

#include <fcntl.h>
#include <unistd.h>

#include "base/hash.hpp"
#include "storage/local_file_system.hpp"

namespace bassline::simulator {
namespace {

constexpr int kFormat = 2;  // 1 had arrivals in whole seconds

template <class Value>
std::string_view bytes_of(const std::vector<Value>& values) {
    static_assert(std::is_trivially_copyable_v<Value>);
    return {reinterpret_cast<const char*>(values.data()), values.size() * sizeof(Value)};
}

template <class Value>
bool read_column(std::istream& file, std::vector<Value>& values, std::size_t count, Xxh64& hash) {
    values.resize(count);
    file.read(reinterpret_cast<char*>(values.data()),
              static_cast<std::streamsize>(count * sizeof(Value)));
    hash.update(bytes_of(values));
    return file.good();
}

Error unreadable(const std::string& file, std::string_view why) {
    return error(ErrorKind::bad_data, "{} is no checkpoint of this program: {}", file, why);
}

Result<void> make_durable(const std::string& file) {
    const int descriptor = ::open(file.c_str(), O_RDONLY | O_CLOEXEC);
    const int outcome = descriptor < 0 ? -1 : ::fsync(descriptor);
    const int code = errno;
    if (descriptor >= 0) ::close(descriptor);
    if (outcome == 0) return {};
    return error(ErrorKind::io, "cannot keep {}: {}", file, std::strerror(code));
}

Result<nlohmann::json> read_head(std::istream& file, const std::string& name) {
    std::string line;
    std::getline(file, line);
    auto head = nlohmann::json::parse(line, nullptr, false);
    if (!head.is_object() || head.value("format", 0) != kFormat) {
        return unreadable(name, fmt::format("its first line has no \"format\": {}", kFormat));
    }
    return head;
}

}  // namespace

std::string difference(const nlohmann::json& kept, const nlohmann::json& wanted) {
    for (const auto& [key, value] : wanted.items()) {
        const nlohmann::json before = kept.value(key, nlohmann::json());
        if (before != value) {
            return fmt::format("{} was {} and is now {}", key, before.dump(), value.dump());
        }
    }
    return {};
}

Result<std::optional<CheckpointHeader>> read_checkpoint_header(const std::string& name) {
    if (!std::filesystem::exists(name)) return std::optional<CheckpointHeader>();
    std::ifstream file(name, std::ios::binary);
    if (!file) return error(ErrorKind::io, "cannot read {}", name);
    TRY_ASSIGN(const nlohmann::json head, read_head(file, name));
    return std::optional(CheckpointHeader{
        .settings = head["settings"], .sizes = head["sizes"].get<std::vector<std::uint64_t>>()});
}

// What the files of this room may know of a simulation's inside.
class Checkpoint {
public:
    static Result<void> write(std::ostream& file, const CheckpointHeader& header,
                              const Simulation& simulation) {
        const Population& users = simulation.users_;
        Xxh64 hash;
        hash.update(bytes_of(users.next_));
        hash.update(bytes_of(users.states_));
        hash.update(bytes_of(users.persons_));
        const nlohmann::json head{{"format", kFormat},
                                  {"settings", header.settings},
                                  {"sizes", header.sizes},
                                  {"users", users.size()},
                                  {"origin_s", users.origin_s_},
                                  {"now", simulation.now_},
                                  {"steps", simulation.step_count_},
                                  {"sessions", users.session_count_},
                                  {"last_arrival_ns", users.last_arrival_ns_},
                                  {"pending_arrival_ns", users.pending_arrival_ns_},
                                  {"arrival_draw", users.arrival_draw_},
                                  {"xxh64", hash.hex()}};
        file << head.dump() << '\n'
             << bytes_of(users.next_) << bytes_of(users.states_) << bytes_of(users.persons_);
        file.flush();
        if (!file)
            return error(ErrorKind::io, "cannot write a checkpoint: {}", std::strerror(errno));
        return {};
    }

    static Result<void> read(std::istream& file, const std::string& name, Simulation& simulation) {
        TRY_ASSIGN(const nlohmann::json head, read_head(file, name));
        Population& users = simulation.users_;
        const std::size_t count = head["users"];
        Xxh64 hash;
        const bool complete = read_column(file, users.next_, count, hash) &&
                              read_column(file, users.states_, count, hash) &&
                              read_column(file, users.persons_, count, hash);
        if (!complete || head["xxh64"] != hash.hex()) return unreadable(name, "it is damaged");
        if (!fits(users)) {
            return error(ErrorKind::config,
                         "{} was made with another configuration or catalogue: it has states, "
                         "songs or names that these do not have",
                         name);
        }
        users.origin_s_ = head["origin_s"];
        users.session_count_ = head["sessions"];
        users.last_arrival_ns_ = head["last_arrival_ns"];
        users.pending_arrival_ns_ = head["pending_arrival_ns"];
        users.arrival_draw_ = head["arrival_draw"];
        simulation.now_ = head["now"];
        simulation.step_count_ = head["steps"];
        return {};
    }

private:
    // Whether every index is one of the model's; users who are gone have no state to go on from.
    static bool fits(const Population& users) {
        const Model& model = *users.model_;
        const Catalogue& catalogue = model.catalogue;
        for (std::size_t user = 0; user < users.size(); ++user) {
            const UserState& state = users.states_[user];
            const Person& person = users.persons_[user];
            const std::size_t first_names =
                person.is_female ? catalogue.female_names().size() : catalogue.male_names().size();
            const bool is_gone = users.next_[user] == kNever;
            const bool has_song = state.song != kNoSong;
            if ((!is_gone && state.state >= model.chain.states().size()) ||
                state.previous_level >= model.chain.levels().size() ||
                (has_song && state.song >= catalogue.songs().size()) ||
                person.place >= catalogue.places().size() || person.first_name >= first_names ||
                person.last_name >= catalogue.last_names().size() ||
                person.user_agent >= catalogue.user_agents().size()) {
                return false;
            }
        }
        return true;
    }
};

Result<void> write_checkpoint(const std::string& file, const CheckpointHeader& header,
                              const Simulation& simulation) {
    const std::string temporary = file + ".partial";
    std::ofstream out(temporary, std::ios::binary | std::ios::trunc);
    if (!out) {
        return error(ErrorKind::io, "cannot create {}: {}", temporary, std::strerror(errno));
    }
    TRY(Checkpoint::write(out, header, simulation));
    out.close();
    TRY(make_durable(temporary));
    std::error_code code;
    std::filesystem::rename(temporary, file, code);
    if (code) return error(ErrorKind::io, "cannot name {}: {}", file, code.message());
    const std::filesystem::path folder = std::filesystem::path(file).parent_path();
    return storage::sync_local_directory(folder.empty() ? "." : folder.string());
}

Result<void> read_checkpoint(const std::string& file, Simulation& simulation) {
    std::ifstream in(file, std::ios::binary);
    if (!in) return error(ErrorKind::io, "cannot read {}", file);
    return Checkpoint::read(in, file, simulation);
}

}  // namespace bassline::simulator
