// SPDX-License-Identifier: Apache-2.0
#include "ingest/source_copies.hpp"

#include "ingest/fingerprint.hpp"

namespace bassline::ingest {
namespace {

// The next bytes, as many as asked for unless the input ends; damage is an end too.
Result<std::string> next_bytes(ByteStream& stream, std::size_t wanted) {
    std::string bytes(wanted, '\0');
    std::size_t filled = 0;
    while (filled < wanted) {
        auto read = stream.read(bytes.data() + filled, wanted - filled);
        if (!read && (stream.lacks_memory() || read.error().kind != ErrorKind::bad_data)) {
            return std::move(read).error();
        }
        if (!read || read.value().ended) break;
        filled += read.value().bytes;
    }
    bytes.resize(filled);
    return bytes;
}

}  // namespace

SourceCopies::SourceCopies(const lake::FileSources& known, std::uint64_t window_max)
    : known_(known), window_max_(window_max) {
    for (const auto& [path, at] : known.paths) {
        places_[at.source].push_back({path, at.end, at.fingerprint});
    }
}

void SourceCopies::add(const std::string& path, std::uint64_t source) {
    const lake::FileSource& whole = known_.sources.at(source);
    places_[source].push_back({path, whole.end, whole.fingerprint});
}

std::vector<std::uint64_t> SourceCopies::begin_with(std::string_view opening, std::uint64_t bytes) {
    learn_openings();
    std::vector<std::uint64_t> found;
    for (auto at = openings_.lower_bound(std::string(opening));
         at != openings_.end() && at->first.starts_with(opening); ++at) {
        if (known_.sources.at(at->second).end > bytes) found.push_back(at->second);
    }
    return found;
}

Result<std::optional<bool>> SourceCopies::is_beginning(const std::shared_ptr<InputFile>& input,
                                                       std::uint64_t source) const {
    const auto places = places_.find(source);
    if (places == places_.end()) return std::optional<bool>{};
    for (const Place& place : places->second) {
        if (place.path == input->path()) continue;
        TRY_ASSIGN(const std::optional<bool> told, compare_at(input, place));
        if (told) return told;
    }
    return std::optional<bool>{};
}

// Whatever keeps a place from being read, it is no place to compare with.
std::string SourceCopies::opening_of(const Place& place) const {
    const auto file = InputFile::open(place.path);
    if (!file) return {};
    const auto stream = open_byte_stream(file.value(), {}, window_max_);
    if (!stream) return {};
    auto opening = next_bytes(*stream.value(), kOpeningBytes);
    return opening ? std::move(opening).value() : std::string();
}

Result<std::optional<bool>> SourceCopies::compare_at(const std::shared_ptr<InputFile>& input,
                                                     const Place& place) const {
    constexpr std::optional<bool> kUntold;
    const auto file = InputFile::open(place.path);
    if (!file) return kUntold;
    const auto stands = open_byte_stream(file.value(), {}, window_max_);
    if (!stands) return kUntold;
    const auto now =
        fingerprint_at(file.value(), stands.value()->encoding(), place.end, window_max_);
    if (!now || now.value() != place.fingerprint) return kUntold;
    TRY_ASSIGN(const auto stream, open_byte_stream(input, {}, window_max_));
    for (std::uint64_t compared = 0;;) {
        TRY_ASSIGN(const std::string bytes, next_bytes(*stream, kFingerprintBytes));
        compared += bytes.size();
        if (compared > place.end) return kUntold;
        const auto expected = next_bytes(*stands.value(), bytes.size());
        if (!expected) return kUntold;
        if (expected.value() != bytes) return std::optional(false);
        if (bytes.size() < kFingerprintBytes) return std::optional(true);
    }
}

void SourceCopies::learn_openings() {
    if (openings_known_) return;
    openings_known_ = true;
    for (const auto& [source, places] : places_) {
        for (const Place& place : places) {
            std::string opening = opening_of(place);
            if (!opening.empty()) openings_.emplace(std::move(opening), source);
        }
    }
}

}  // namespace bassline::ingest
