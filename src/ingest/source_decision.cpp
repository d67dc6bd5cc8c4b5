// SPDX-License-Identifier: Apache-2.0
#include "ingest/source_decision.hpp"

namespace bassline::ingest {
namespace {

SourceDecision decide_same_content(const PathFacts& facts) {
    const std::uint64_t source = *facts.path_source;
    if (!facts.source_ahead || facts.caught_up) return {SourceKind::same_source, source};
    if (!facts.longer || facts.copy_of == source) return {SourceKind::older_copy, source};
    if (facts.begins_like == source) return {SourceKind::waiting, source};
    return {SourceKind::diverged, source};
}

}  // namespace

SourceDecision decide_source(const PathFacts& facts) {
    if (facts.path_source && facts.same_content) return decide_same_content(facts);
    if (facts.content_source) return {SourceKind::moved_source, *facts.content_source};
    if (facts.copy_of) return {SourceKind::older_copy, *facts.copy_of};
    if (facts.path_source && !facts.old_content_elsewhere) {
        return {SourceKind::replaced, *facts.path_source};
    }
    if (facts.begins_like) return {SourceKind::waiting, *facts.begins_like};
    return {facts.path_source ? SourceKind::rotated : SourceKind::new_source};
}

TailKind decide_tail(const TailFacts& facts) {
    if (facts.empty) return TailKind::nothing;
    if (facts.damaged) return TailKind::unread;
    if (facts.complete_object) return TailKind::record;
    return facts.may_grow ? TailKind::pending : TailKind::quarantine;
}

}  // namespace bassline::ingest
