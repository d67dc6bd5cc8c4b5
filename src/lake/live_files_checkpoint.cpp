// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <charconv>
#include <optional>

#include "base/failpoint.hpp"
#include "base/hash.hpp"
#include "lake/failpoints.hpp"
#include "lake/live_files.hpp"
#include "lake/names.hpp"

// One line a chain and a file, fields separated by tabs, which no name of ours holds: read in
// milliseconds where the log takes seconds.
namespace bassline::lake {
namespace {

using storage::FileSystem;

constexpr std::string_view kTitle = "bassline live files 1";

class LineFields {
public:
    explicit LineFields(std::string_view line) : rest_(line) {}

    std::string_view text() {
        const std::size_t end = std::min(rest_.find('\t'), rest_.size());
        const std::string_view field = rest_.substr(0, end);
        rest_.remove_prefix(std::min(end + 1, rest_.size()));
        return field;
    }
    template <class Number>
    Number number() {
        const std::string_view field = text();
        Number value{};
        const auto parsed = std::from_chars(field.data(), field.data() + field.size(), value);
        is_good_ =
            is_good_ && parsed.ec == std::errc() && parsed.ptr == field.data() + field.size();
        return value;
    }
    OutputKind kind() {
        const auto kind = output_kind_from(text());
        is_good_ = is_good_ && kind;
        return kind ? kind.value() : OutputKind::bronze;
    }
    bool is_empty() const { return rest_.empty(); }
    bool is_good() const { return is_good_; }

private:
    std::string_view rest_;
    bool is_good_ = true;
};

std::string line_of(std::string_view kind, const LiveFile& file) {
    const Output& output = file.output;
    std::string line = fmt::format("{}\t{}\t{}\t{}\t{}\t{}\t{}\t{}\t{}\t{}\t{}\t{}\t{}", kind,
                                   to_string(output.kind), output.final, output.topic, output.date,
                                   output.hour, output.rows, output.bytes, output.xxh64,
                                   output.min_event_ms, output.max_event_ms, file.chain, file.seq);
    for (const auto& [chain, position] : file.holds) {
        line += fmt::format("\t{}\t{}", chain, position);
    }
    return line + "\n";
}

// Fields are read in the order in which they stand in the initialisers.
LiveFile file_from(LineFields& fields) {
    LiveFile file;
    Output& output = file.output;
    output.kind = fields.kind();
    output.final = fields.text();
    output.topic = fields.text();
    output.date = fields.text();
    output.hour = fields.number<int>();
    output.rows = fields.number<std::uint64_t>();
    output.bytes = fields.number<std::uint64_t>();
    output.xxh64 = fields.text();
    output.min_event_ms = fields.number<std::int64_t>();
    output.max_event_ms = fields.number<std::int64_t>();
    file.chain = fields.text();
    file.seq = fields.number<std::uint64_t>();
    while (!fields.is_empty()) {
        const std::string chain(fields.text());
        file.holds[chain] = fields.number<std::uint64_t>();
    }
    return file;
}

bool take_line(LiveFiles& live, LineFields fields) {
    const std::string_view kind = fields.text();
    if (kind == "retained_from") {
        live.retained_from = fields.text();
    } else if (kind == "watermark_ms") {
        live.watermark_ms = fields.number<std::int64_t>();
    } else if (kind == "chain") {
        ChainHead& head = live.heads[std::string(fields.text())];
        head.next_seq = fields.number<std::uint64_t>();
        head.sha256 = fields.text();
    } else if (kind == "live" || kind == "late") {
        LiveFile file = file_from(fields);
        auto& files = kind == "live" ? live.files : live.late;
        std::string name = file.output.final;
        files.emplace_hint(files.end(), std::move(name), std::move(file));
    } else {
        return false;
    }
    return fields.is_good();
}

// The checkpoint, if every chain still has the entry that it folded last.
std::optional<LakeLog> from_checkpoint(const FileSystem& files) {
    const auto content = files.read(kLiveFilesCheckpoint);
    if (!content) return std::nullopt;
    auto live = live_files_from_text(content.value());
    if (!live) return std::nullopt;
    LakeLog log{.live = std::move(live).value()};
    for (const auto& [chain, head] : log.live.heads) {
        auto newest = head.next_seq > 0 ? read_entry(files, chain, head.next_seq - 1)
                                        : error(ErrorKind::bad_data, "empty");
        if (!newest || newest.value().sha256 != head.sha256) return std::nullopt;
        log.newest[chain] = std::move(newest).value().entry;
    }
    return log;
}

Result<void> fold_chain(const FileSystem& files, LakeLog& log, Chain& chain) {
    const std::uint64_t end = chain.next_seq();
    for (std::size_t at = 0; at < chain.entries.size(); ++at) {
        Entry& entry = chain.entries[at];
        const bool is_newest = entry.seq + 1 == end;
        bool counts = true;
        if (is_newest && chain.name == kCompactChain) {
            TRY_ASSIGN(counts, is_published(files, entry));
        }
        const std::string& sha256 =
            is_newest ? chain.head_sha256 : chain.entries[at + 1].prev_sha256;
        if (counts) log.live.apply(entry, sha256);
        log.entries_folded += 1 + entry.replaced.size();
        if (is_newest) log.newest[chain.name] = std::move(entry);
    }
    return {};
}

Result<Chain> load_rest(const FileSystem& files, const LiveFiles& live, const std::string& name) {
    const auto head = live.heads.find(name);
    if (head == live.heads.end()) return Chain::load(files, name);
    return Chain::follow(files, name, head->second.next_seq, head->second.sha256);
}

}  // namespace

std::string to_text(const LiveFiles& live) {
    std::string text =
        fmt::format("retained_from\t{}\nwatermark_ms\t{}\n", live.retained_from, live.watermark_ms);
    for (const auto& [chain, head] : live.heads) {
        text += fmt::format("chain\t{}\t{}\t{}\n", chain, head.next_seq, head.sha256);
    }
    for (const auto& [name, file] : live.files) text += line_of("live", file);
    for (const auto& [name, file] : live.late) text += line_of("late", file);
    return fmt::format("{}\t{}\n{}", kTitle, xxh64_hex(text), text);
}

Result<LiveFiles> live_files_from_text(std::string_view text) {
    const std::size_t end_of_title = text.find('\n');
    const std::string_view title = text.substr(0, end_of_title);
    text.remove_prefix(std::min(title.size() + 1, text.size()));
    if (title != fmt::format("{}\t{}", kTitle, xxh64_hex(text))) {
        return error(ErrorKind::bad_data, "the checksum does not match the content");
    }
    LiveFiles live;
    while (!text.empty()) {
        const std::size_t end = std::min(text.find('\n'), text.size());
        if (!take_line(live, LineFields(text.substr(0, end)))) {
            return error(ErrorKind::bad_data, "a line that cannot be read: {}",
                         text.substr(0, end));
        }
        text.remove_prefix(std::min(end + 1, text.size()));
    }
    return live;
}

// The chain `compact` is read first and folded last: what it replaces, the others then name.
Result<LakeLog> load_log(const FileSystem& files) {
    LakeLog log = from_checkpoint(files).value_or(LakeLog{});
    TRY_ASSIGN(Chain compact, load_rest(files, log.live, std::string(kCompactChain)));
    TRY_ASSIGN(const auto names, list_chains(files));
    for (const std::string& name : names) {
        if (name == kCompactChain) continue;
        TRY_ASSIGN(Chain chain, load_rest(files, log.live, name));
        TRY(fold_chain(files, log, chain));
    }
    TRY(fold_chain(files, log, compact));
    return log;
}

Result<void> keep_checkpoint(FileSystem& files, const LakeLog& log, std::string_view writer) {
    if (log.entries_folded < kEntriesBetweenCheckpoints) return {};
    const std::string staged = fmt::format("{}-{}", kLiveFilesCheckpoint, writer);
    TRY(files.remove(staged));
    TRY(files.write_durably(staged, to_text(log.live)));
    TRY(failpoint(kCheckpointBeforeRename));
    return files.rename_over(staged, kLiveFilesCheckpoint);
}

}  // namespace bassline::lake
