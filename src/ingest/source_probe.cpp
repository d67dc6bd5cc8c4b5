// SPDX-License-Identifier: Apache-2.0
#include "ingest/source_probe.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/hash.hpp"
#include "ingest/batch_writer.hpp"

namespace bassline::ingest {
namespace {

using nlohmann::json;

constexpr std::string_view kByteOrderMark = "\xef\xbb\xbf";

std::string_view skip_blank(std::string_view bytes) {
    const std::size_t start = bytes.find_first_not_of(" \t\r\n");
    return start == std::string_view::npos ? std::string_view{} : bytes.substr(start);
}

// Bytes that are no ASCII do not matter to what is asked here, and may not be UTF-8.
json parse_loosely(std::string_view line) {
    if (line.starts_with(kByteOrderMark)) line.remove_prefix(kByteOrderMark.size());
    std::string ascii(line);
    std::ranges::replace_if(
        ascii, [](char byte) { return static_cast<unsigned char>(byte) > 127; }, '?');
    return json::parse(ascii, nullptr, false);
}

// True once nothing more needs to be read: the head is whole and so is the first line.
bool saw_enough(std::string_view seen) {
    if (seen.size() < kFingerprintBytes) return false;
    return skip_blank(seen).find('\n') != std::string_view::npos || seen.size() > kLineBytesMax;
}

}  // namespace

Result<SourceProbe> probe_source(const std::shared_ptr<InputFile>& file, std::uint64_t window_max) {
    SourceProbe probe;
    TRY_ASSIGN(const auto stream, open_byte_stream(file, {}, window_max));
    probe.encoding = stream->encoding();
    std::string seen;
    while (!probe.ended && !probe.damage && !saw_enough(seen)) {
        const std::size_t before = seen.size();
        seen.resize(before + kFingerprintBytes);
        auto read = stream->read(seen.data() + before, kFingerprintBytes);
        const bool is_unseen = before == 0 && stream->lacks_memory();
        if (!read && (is_unseen || read.error().kind != ErrorKind::bad_data)) {
            return std::move(read).error();
        }
        seen.resize(before + (read ? read.value().bytes : 0));
        if (!read)
            probe.damage = std::move(read).error();
        else
            probe.ended = read.value().ended;
    }
    probe.head = seen.substr(0, kFingerprintBytes);
    probe.has_line = seen.find('\n') != std::string::npos || seen.size() > kLineBytesMax;
    const std::string_view text = skip_blank(seen);
    probe.first_line = text.substr(0, text.find('\n'));
    return probe;
}

Result<std::uint64_t> content_bytes_at(const std::string& path, std::uint64_t window_max) {
    TRY_ASSIGN(std::shared_ptr<InputFile> file, InputFile::open(path));
    TRY_ASSIGN(const std::uint64_t file_bytes, file->size());
    TRY_ASSIGN(const auto stream, open_byte_stream(std::move(file), {}, window_max));
    if (stream->encoding() == Encoding::plain) return file_bytes;
    std::uint64_t total = 0;
    std::vector<char> buffer(kFingerprintBytes);
    while (true) {
        auto read = stream->read(buffer.data(), buffer.size());
        if (!read && stream->lacks_memory()) return std::move(read).error();
        if (!read || read.value().ended) break;
        total += read.value().bytes;
    }
    return total;
}

bool is_event_line(std::string_view line) {
    const json object = parse_loosely(line);
    return object.is_object() && object.contains("ts") && object.contains("sessionId");
}

std::optional<std::int64_t> event_ms_of_line(std::string_view line) {
    const json object = parse_loosely(line);
    if (!object.is_object() || !object.contains("ts")) return std::nullopt;
    const json& ts = object["ts"];
    return ts.is_number_integer() ? std::optional(ts.get<std::int64_t>()) : std::nullopt;
}

bool is_complete_object(std::string_view text) {
    return parse_loosely(text).is_object();
}

void PrefixIndex::add(std::uint64_t end, const std::string& head, std::uint64_t source) {
    if (end == 0) return;  // everything begins with nothing
    by_length_[static_cast<std::size_t>(std::min<std::uint64_t>(end, kFingerprintBytes))][head]
        .push_back(source);
}

std::vector<std::uint64_t> PrefixIndex::find(std::string_view head) const {
    std::vector<std::uint64_t> found;
    Xxh64 hash;
    std::size_t hashed = 0;
    for (const auto& [length, sources] : by_length_) {
        if (length > head.size()) break;
        hash.update(head.substr(hashed, length - hashed));
        hashed = length;
        const auto match = sources.find(hash.hex());
        if (match != sources.end()) {
            found.insert(found.end(), match->second.begin(), match->second.end());
        }
    }
    return found;
}

}  // namespace bassline::ingest
