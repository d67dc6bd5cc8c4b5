// SPDX-License-Identifier: Apache-2.0
#include "ingest/source_decision.hpp"

namespace bassline::ingest {
namespace {

SourceDecision decide_same_content(const PathFacts& facts) {
    const std::uint64_t source = *facts.path_source;
    if (!facts.source_ahead || facts.caught_up) return {SourceKind::same_source, source};
    if (!facts.longer) return {SourceKind::older_copy, source};
    return {SourceKind::diverged, source};
}

}  // namespace

SourceDecision decide_source(const PathFacts& facts) {
    if (facts.path_source && facts.same_content) return decide_same_content(facts);
    if (facts.content_source) return {SourceKind::moved_source, *facts.content_source};
    if (!facts.path_source) return {SourceKind::new_source};
    if (facts.old_content_elsewhere) return {SourceKind::rotated};
    return {SourceKind::replaced, *facts.path_source};
}

TailKind decide_tail(const TailFacts& facts) {
    if (facts.empty) return TailKind::nothing;
    if (facts.damaged) return TailKind::unread;
    if (facts.complete_object) return TailKind::record;
    return facts.may_grow ? TailKind::pending : TailKind::quarantine;
}

}  // namespace bassline::ingest
