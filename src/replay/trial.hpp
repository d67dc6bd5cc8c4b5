// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <set>

#include "base/result.hpp"
#include "ingest/quarantined_record.hpp"
#include "ingest/record_schemas.hpp"

// What becomes of a quarantined record when it is tried again.
namespace bassline::replay {

enum class Verdict : std::uint8_t {
    not_asked,  // of a reason that is not wanted
    cut,        // quarantine keeps only its beginning
    unframed,   // `bad_framing`: what its header said was not kept
    refused,    // as before, or for another reason
    good,
};

struct Judgement {
    Verdict verdict = Verdict::not_asked;
    ingest::RetriedRecord retried{};  // of `refused` and `good`; until the next judgement
};

class Trial {
public:
    /// `reasons`: which records are tried; none: all but those that a policy put there (`late`).
    /// The registry may be null; it outlives the trial.
    Trial(std::set<event::Reason> reasons, std::int64_t event_ms_max,
          kafka::SchemaRegistry* registry);

    /// Errors: `unavailable` if the registry is down, so that nobody knows.
    Result<Judgement> judge(const ingest::QuarantinedRecord& record);

    const ingest::RecordSchemas& schemas() const { return schemas_; }
    std::int64_t event_ms_max() const { return event_ms_max_; }

private:
    bool is_asked(event::Reason reason) const;

    const std::set<event::Reason> reasons_;
    const std::int64_t event_ms_max_;
    ingest::RecordSchemas schemas_;
    ingest::RecordDecoder decoder_;
};

}  // namespace bassline::replay
