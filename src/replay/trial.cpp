// SPDX-License-Identifier: Apache-2.0
#include "replay/trial.hpp"

#include <utility>

namespace bassline::replay {

using event::Reason;

Trial::Trial(std::set<Reason> reasons, std::int64_t event_ms_max, kafka::SchemaRegistry* registry)
    : reasons_(std::move(reasons)),
      event_ms_max_(event_ms_max),
      schemas_(registry),
      decoder_(event_ms_max, &schemas_) {}

bool Trial::is_asked(Reason reason) const {
    return reasons_.empty() ? reason != Reason::late : reasons_.contains(reason);
}

// The one place that says which records may become rows.
Result<Judgement> Trial::judge(const ingest::QuarantinedRecord& record) {
    if (!is_asked(record.reason)) return Judgement{Verdict::not_asked};
    if (record.is_cut()) return Judgement{Verdict::cut};
    if (record.reason == Reason::bad_framing) return Judgement{Verdict::unframed};
    if (record.reason == Reason::no_value) {
        return Judgement{Verdict::refused, {.line = nullptr, .reason = record.reason}};
    }
    if (record.is_kafka && schemas_.has_registry()) TRY(schemas_.prepare(record.raw));
    const ingest::RetriedRecord retried = ingest::retry(decoder_, record);
    return Judgement{retried.is_good() ? Verdict::good : Verdict::refused, retried};
}

}  // namespace bassline::replay
