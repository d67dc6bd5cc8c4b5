// SPDX-License-Identifier: Apache-2.0
#include "ingest/source_survey.hpp"

#include <algorithm>
#include <map>
#include <tuple>

#include "base/hash.hpp"
#include "ingest/fingerprint.hpp"
#include "ingest/source_copies.hpp"
#include "ingest/source_decision.hpp"
#include "ingest/source_probe.hpp"

namespace bassline::ingest {
namespace {

// What one path showed.
struct Look {
    InputPath input;
    FileIdentity identity;
    std::uint64_t file_bytes = 0;
    Encoding encoding = Encoding::plain;
    PathFacts facts;
    std::optional<std::int64_t> event_ms;  // of the first line
    std::string first_line_hash;
    std::string head_hash;
    std::uint64_t head_bytes = 0;
    std::uint64_t content_bytes = kUnknownEnd;  // of new sources that begin alike
    bool has_record = false;
    bool has_line = false;
    bool is_event_log = false;
    bool failed = false;  // it could not be read once more
    std::optional<Error> damage;
    std::string opening;                   // the first kOpeningBytes
    std::vector<std::uint64_t> same_head;  // sources that begin alike and go further
};

class Surveyor {
public:
    Surveyor(const lake::FileSources& known, const CopiesByPath& copies,
             const SurveyOptions& options)
        : known_(known),
          drained_(options.drained),
          window_max_(options.window_max),
          earlier_copies_(copies),
          next_source_(known.next_source()),
          copies_(known, options.window_max) {
        for (const auto& [number, source] : known.sources) {
            index_.add(source.end, source.fingerprint.head, number);
        }
    }

    Survey run(const std::vector<InputPath>& paths) {
        for (const InputPath& path : paths) {
            if (path.path == "-") {
                add_standard_input();
                continue;
            }
            auto looked = look(path);
            if (!looked) refuse(path.path, looked.error().message);
        }
        find_copies();
        for (Look& look : looks_) {
            if (may_be_read(look)) act(look);
        }
        add_new_sources();
        std::ranges::sort(survey_.sources, {}, [](const SourceToRead& source) {
            return std::tuple(source.event_ms.value_or(INT64_MAX), source.number);
        });
        return std::move(survey_);
    }

private:
    void note(NoticeKind kind, const std::string& path, std::string text) {
        survey_.notices.push_back({kind, path, std::move(text)});
    }
    void refuse(const std::string& path, std::string text) {
        note(NoticeKind::refused, path, std::move(text));
    }

    Result<void> look(const InputPath& input) {
        TRY_ASSIGN(const std::shared_ptr<InputFile> file, InputFile::open(input.path));
        Look look{.input = input, .identity = file->identity()};
        TRY_ASSIGN(look.file_bytes, file->size());
        const auto path_known = known_.paths.find(input.path);
        if (look.file_bytes == 0 && path_known == known_.paths.end()) {
            note(NoticeKind::empty, input.path, "is empty");
            return {};
        }
        TRY_ASSIGN(const SourceProbe probe, probe_source(file, window_max_));
        look.encoding = probe.encoding;
        look.event_ms = event_ms_of_line(probe.first_line);
        look.first_line_hash = xxh64_hex(probe.first_line);
        look.head_hash = xxh64_hex(probe.head);
        look.head_bytes = probe.head.size();
        look.opening = probe.head.substr(0, kOpeningBytes);
        look.has_line = probe.has_line;
        look.damage = probe.damage;
        look.has_record =
            probe.has_line ||
            (probe.ended && !probe.head.empty() &&
             (probe.encoding != Encoding::plain || is_complete_object(probe.first_line)));
        if (path_known != known_.paths.end())
            TRY(compare_with_path(file, path_known->second, look));
        if (!look.facts.same_content) {
            TRY(find_content(file, probe, look));
        }
        if (is_unknown(look)) look.is_event_log = is_event_line(probe.first_line);
        if (look.facts.content_source) copies_.add(input.path, *look.facts.content_source);
        looks_.push_back(std::move(look));
        return {};
    }

    static bool is_unknown(const Look& look) {
        const PathFacts& facts = look.facts;
        return !facts.path_source && !facts.content_source && !facts.copy_of && !facts.begins_like;
    }

    // An input that nothing is known of has to look like events.
    bool may_be_read(const Look& look) {
        if (!is_unknown(look)) return true;
        const std::string& path = look.input.path;
        if (!look.input.named && !look.is_event_log) {
            note(NoticeKind::skipped, path,
                 "is no event log: its first line is no JSON object with ts and sessionId");
        } else if (look.damage && !look.has_line) {
            refuse(path, look.damage->message);
        } else if (!look.has_record) {
            survey_.notices.push_back(
                {NoticeKind::pending, path, "holds no whole line yet", look.file_bytes});
        } else {
            return true;
        }
        return false;
    }

    // Once all paths were looked at: a copy is compared with whatever holds its source by now.
    void find_copies() {
        for (Look& look : looks_) {
            const auto found = find_copy(look);
            if (found) continue;
            refuse(look.input.path, found.error().message);
            look.failed = true;
        }
        std::erase_if(looks_, [](const Look& look) { return look.failed; });
    }

    Result<void> find_copy(Look& look) {
        if (look.facts.content_source || look.opening.empty()) return {};
        std::vector<std::uint64_t> longer = look.same_head;
        if (!look.facts.same_content && look.head_bytes < kFingerprintBytes) {
            longer = copies_.begin_with(look.opening, look.head_bytes);
        }
        if (longer.empty()) return {};
        TRY_ASSIGN(const auto file, InputFile::open(look.input.path));
        for (const std::uint64_t number : longer) {
            TRY_ASSIGN(const std::optional<bool> told, copies_.is_beginning(file, number));
            if (told && *told) {
                look.facts.copy_of = number;
                break;
            }
            if (!told && !look.same_head.empty()) look.facts.begins_like = number;
        }
        const auto source = look.facts.copy_of ? look.facts.copy_of : look.facts.begins_like;
        // What is left of a path's own source after it was cut short is no copy of it.
        if (source && (look.facts.copy_of || look.facts.path_source != source)) {
            survey_.copies[look.input.path] = *source;
        }
        return {};
    }

    Result<void> compare_with_path(const std::shared_ptr<InputFile>& file,
                                   const lake::KnownPath& path, Look& look) {
        const lake::FileSource& source = known_.sources.at(path.source);
        look.facts.path_source = path.source;
        TRY_ASSIGN(const auto now, fingerprint_at(file, look.encoding, path.end, window_max_));
        look.facts.same_content = now == path.fingerprint;
        look.facts.source_ahead = source.end > path.end;
        look.facts.longer = look.encoding != Encoding::plain || look.file_bytes > path.end;
        if (look.facts.same_content && look.facts.source_ahead && look.facts.longer) {
            TRY_ASSIGN(const auto ahead,
                       fingerprint_at(file, look.encoding, source.end, window_max_));
            look.facts.caught_up = ahead == source.fingerprint;
            if (!ahead) look.same_head.push_back(path.source);
            if (look.encoding != Encoding::plain) {
                TRY_ASSIGN(const auto past,
                           fingerprint_at(file, look.encoding, path.end + 1, window_max_));
                look.facts.longer = past.has_value();
            }
        }
        return {};
    }

    // The longest known source that the file begins with, and those that only begin like it.
    Result<void> find_content(const std::shared_ptr<InputFile>& file, const SourceProbe& probe,
                              Look& look) const {
        std::optional<std::uint64_t>& best = look.facts.content_source;
        for (const std::uint64_t number : index_.find(probe.head)) {
            const lake::FileSource& source = known_.sources.at(number);
            if (best && known_.sources.at(*best).end >= source.end) continue;
            if (source.end > kFingerprintBytes) {  // else the head is all of it
                TRY_ASSIGN(const auto now,
                           fingerprint_at(file, probe.encoding, source.end, window_max_));
                if (!now) look.same_head.push_back(number);
                if (now != source.fingerprint) continue;
            }
            best = number;
        }
        return {};
    }

    static bool has_copy(const CopiesByPath& copies, std::uint64_t number,
                         const std::string& path) {
        return std::ranges::any_of(copies, [&](const auto& copy) {
            return copy.second == number && copy.first != path && identity_at(copy.first);
        });
    }

    bool is_elsewhere(std::uint64_t number, const std::string& path) const {
        if (drained_.contains(number)) return true;
        const lake::FileSource& source = known_.sources.at(number);
        if (source.path != path || source.state == "closed") return true;
        if (has_copy(survey_.copies, number, path) || has_copy(earlier_copies_, number, path)) {
            return true;
        }
        return std::ranges::any_of(looks_, [&](const Look& other) {
            return other.input.path != path &&
                   (other.facts.content_source == number ||
                    (other.facts.path_source == number && other.facts.same_content));
        });
    }

    void act(Look& look) {
        if (look.facts.path_source && !look.facts.same_content) {
            look.facts.old_content_elsewhere =
                is_elsewhere(*look.facts.path_source, look.input.path);
        }
        const SourceDecision decision = decide_source(look.facts);
        switch (decision.kind) {
            case SourceKind::new_source:
            case SourceKind::rotated:
                if (look.file_bytes > 0 && look.has_record) fresh_.push_back(&look);
                return;
            case SourceKind::same_source:
            case SourceKind::moved_source:
                go_on(look, decision);
                return;
            case SourceKind::older_copy:
                note(NoticeKind::already_ingested, look.input.path,
                     "already ingested as " + name_of_source(decision.source) +
                         (look.facts.copy_of ? ", which it is the beginning of" : ""));
                return;
            case SourceKind::waiting:
                survey_.notices.push_back({NoticeKind::pending, look.input.path,
                                           waiting_text(name_of_source(decision.source)),
                                           look.file_bytes});
                return;
            case SourceKind::replaced:
            case SourceKind::diverged:
                refuse(look.input.path, refusal(look, decision));
                return;
        }
    }

    std::string name_of_source(std::uint64_t number) const {
        const std::string& path = known_.sources.at(number).path;
        return path == "-" ? "standard input" : path;
    }

    static std::string waiting_text(const std::string& source) {
        return fmt::format(
            "begins like what was ingested as {}, is shorter, and cannot be compared, since that "
            "content stands nowhere now. Nothing is read in case it is a copy in the making; to "
            "tell, give the whole file too",
            source);
    }

    std::string refusal(const Look& look, const SourceDecision& decision) const {
        const auto content = content_bytes_at(look.input.path, window_max_);
        const std::uint64_t now = content ? content.value() : 0;
        const lake::FileSource& source = known_.sources.at(decision.source);
        if (decision.kind == SourceKind::diverged) {
            return fmt::format(
                "has {} bytes, {} of them were read, but its source went on differently in {} ({} "
                "bytes); give it another name to read it as a new source",
                now, known_.paths.at(look.input.path).end, source.path, source.end);
        }
        const std::uint64_t before = known_.paths.at(look.input.path).end;
        return fmt::format(
            "has {} bytes now and {} when it was last read, with {} content; nothing was read from "
            "it. If it was rotated, give the rotated file too; if it was replaced, give it another "
            "name",
            now, before, now < before ? "less" : "other");
    }

    void go_on(const Look& look, const SourceDecision& decision) {
        const lake::FileSource& source = known_.sources.at(decision.source);
        const bool moved = decision.kind == SourceKind::moved_source;
        if (moved) {
            note(NoticeKind::already_ingested, look.input.path,
                 "already ingested as " + name_of_source(decision.source));
        }
        const bool plain = look.encoding == Encoding::plain;
        if (plain && !moved && look.file_bytes == source.end) return;
        if (drained_.contains(decision.source)) return;  // read through the descriptor still held
        if (!claimed_.insert(decision.source).second) {
            survey_.deferred.push_back(look.input);
            return;
        }
        add(look, decision.source, source.end, moved);
    }

    void add(const Look& look, std::uint64_t number, std::uint64_t start, bool moved) {
        const bool plain = look.encoding == Encoding::plain;
        survey_.sources.push_back({.number = number,
                                   .path = look.input.path,
                                   .encoding = look.encoding,
                                   .start = start,
                                   .end = plain ? look.file_bytes : kUnknownEnd,
                                   .input_bytes = plain ? look.file_bytes - start : look.file_bytes,
                                   .identity = look.identity,
                                   .event_ms = look.event_ms,
                                   .moved = moved});
    }

    void add_standard_input() {
        survey_.sources.push_back({.number = next_source_++,
                                   .path = "-",
                                   .held = InputFile::standard_input(),
                                   .closed = true});
    }

    bool begins_like(const PrefixIndex& others, const std::string& path) const {
        const auto file = InputFile::open(path);
        if (!file) return false;
        const auto probe = probe_source(file.value(), window_max_);
        return probe && !others.find(probe.value().head).empty();
    }

    // Of a compressed input that begins like another one only its content tells which is shorter.
    void measure_those_alike() {
        std::map<std::string, std::size_t> alike;  // by head
        for (const Look* look : fresh_) ++alike[look->head_hash];
        for (Look* look : fresh_) {
            if (look->head_bytes < kFingerprintBytes) {
                look->content_bytes = look->head_bytes;
            } else if (look->encoding == Encoding::plain) {
                look->content_bytes = look->file_bytes;
            } else if (alike.at(look->head_hash) > 1) {
                const auto measured = content_bytes_at(look->input.path, window_max_);
                look->content_bytes = measured ? measured.value() : kUnknownEnd;
            }
        }
    }

    // New sources, but only one of those that begin alike: the shortest, so that the longer ones
    // are recognised as its continuation after it was committed.
    void add_new_sources() {
        measure_those_alike();
        std::ranges::stable_sort(fresh_, {}, [](const Look* look) { return look->content_bytes; });
        std::map<std::string, PrefixIndex> begun;  // by first line
        std::vector<const Look*> chosen;
        for (const Look* look : fresh_) {
            const auto [alike, first] = begun.try_emplace(look->first_line_hash);
            if (!first && begins_like(alike->second, look->input.path)) {
                survey_.deferred.push_back(look->input);
                continue;
            }
            alike->second.add(look->head_bytes, look->head_hash, 0);
            chosen.push_back(look);
        }
        std::ranges::stable_sort(chosen, {}, [](const Look* look) {
            return std::tuple(look->event_ms.value_or(INT64_MAX), look->input.path);
        });
        for (const Look* look : chosen) add(*look, next_source_++, 0, false);
    }

    const lake::FileSources& known_;
    const std::set<std::uint64_t>& drained_;
    const std::uint64_t window_max_;
    const CopiesByPath& earlier_copies_;
    std::uint64_t next_source_;
    SourceCopies copies_;
    PrefixIndex index_;
    std::vector<Look> looks_;
    std::vector<Look*> fresh_;
    std::set<std::uint64_t> claimed_;
    Survey survey_;
};

}  // namespace

Survey survey_sources(const std::vector<InputPath>& paths, const lake::FileSources& known,
                      const CopiesByPath& copies, const SurveyOptions& options) {
    return Surveyor(known, copies, options).run(paths);
}

}  // namespace bassline::ingest
