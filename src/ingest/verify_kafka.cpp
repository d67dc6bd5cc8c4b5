// SPDX-License-Identifier: Apache-2.0
#include "ingest/verify_kafka.hpp"

#include <algorithm>
#include <memory>
#include <thread>

#include "base/clock.hpp"
#include "ingest/offset_findings.hpp"
#include "ingest/record_buffer.hpp"
#include "ingest/record_check.hpp"
#include "ingest/record_schemas.hpp"
#include "kafka/consumer.hpp"

namespace bassline::ingest {
namespace {

using kafka::TopicPartition;
using std::chrono::milliseconds;
using std::chrono::steady_clock;

// A window of records, and what the library fetches ahead of it.
constexpr std::size_t kWindowBytes = 16u << 20;
constexpr std::size_t kWindowRecords = 1u << 16;
constexpr std::uint64_t kPrefetchBytes = 32u << 20;
constexpr milliseconds kRegistryPause{100};  // between questions

// Reads the one partition that is asked for from where it is told to.
class FromOffset final : public kafka::AssignmentListener {
public:
    std::uint64_t offset = 0;
    Result<std::vector<kafka::Position>> assigned(
        const std::vector<TopicPartition>& partitions) override {
        std::vector<kafka::Position> positions;
        for (const TopicPartition& partition : partitions) {
            positions.push_back({partition, static_cast<std::int64_t>(offset)});
        }
        return positions;
    }
    void revoked(const std::vector<TopicPartition>&, bool) override {}
};

std::uint64_t as_offset(std::int64_t offset) {
    return static_cast<std::uint64_t>(std::max<std::int64_t>(offset, 0));
}

bool is_in_gap(const ReadChain& chain, std::uint64_t offset) {
    return std::ranges::any_of(chain.gaps, [offset](const auto& gap) {
        return offset >= gap.first && offset < gap.second;
    });
}

// `compact --retain` drops bronze by the event's date.
bool is_of_expired_date(const ReadChain& chain, const RecordVerdict& verdict) {
    if (!verdict.event_ms) return false;
    const auto day = std::chrono::floor<std::chrono::days>(
        std::chrono::sys_time<milliseconds>(milliseconds(*verdict.event_ms)));
    return format_date(day) < chain.retained_from;
}

class KafkaVerifier {
public:
    KafkaVerifier(const KafkaVerifyOptions& options, duck::Connection& connection,
                  kafka::SchemaRegistry* registry, std::vector<std::string>& findings,
                  const std::stop_token& stop)
        : options_(options),
          connection_(connection),
          findings_(findings),
          stop_(stop),
          schemas_(registry),
          check_(&schemas_) {}

    Result<std::vector<BrokerState>> run(const std::vector<ReadChain>& chains, bool reread) {
        TRY_ASSIGN(consumer_, kafka::Consumer::open(
                                  options_.cluster,
                                  {.prefetch_bytes = kPrefetchBytes, .stop = stop_}, listener_));
        auto states = compare(chains, reread);
        consumer_->close();
        return states;
    }

private:
    template <class... Args>
    void find(fmt::format_string<Args...> format, Args&&... args) {
        findings_.push_back(fmt::format(format, std::forward<Args>(args)...));
    }

    Result<void> unless_stopped() const {
        if (!stop_.stop_requested()) return {};
        return error(ErrorKind::cancelled,
                     "interrupted while the brokers or the registry were asked");
    }

    Result<std::vector<BrokerState>> compare(const std::vector<ReadChain>& chains, bool reread) {
        TRY_ASSIGN(cluster_id_, consumer_->cluster_id(options_.patience));
        std::vector<BrokerState> states;
        for (const ReadChain& chain : chains) {
            TRY(unless_stopped());
            TRY_ASSIGN(states.emplace_back(), look(chain));
        }
        if (!reread) return states;
        if (options_.progress != nullptr) {
            for (const BrokerState& state : states) options_.progress->offsets_total += span(state);
        }
        for (std::size_t at = 0; at < chains.size(); ++at) {
            if (!states[at].is_comparable) continue;
            auto outcome = read_again(chains[at], states[at]);
            found_.tell(findings_);
            if (outcome) continue;
            if (outcome.error().kind != ErrorKind::sql) return outcome.error();
            find("the files of chain {} cannot be read: {}", chains[at].name,
                 outcome.error().message);
        }
        return states;
    }

    // Offsets that are ours and that the brokers have.
    static std::uint64_t span(const BrokerState& state) {
        const std::uint64_t from = std::max(state.start, state.low);
        const std::uint64_t to = std::min(state.end, state.high);
        return state.is_comparable && to > from ? to - from : 0;
    }

    // Is it the cluster and the topic that the chain read, and where does it stand in it?
    Result<BrokerState> look(const ReadChain& chain) {
        const lake::KafkaIdentity& known = chain.identity;
        const TopicPartition partition{known.topic, known.partition};
        BrokerState state{.chain = chain.name,
                          .topic = known.topic,
                          .partition = known.partition,
                          .start = known.start,
                          .end = chain.end};
        const std::string read =
            fmt::format("{} {}..{}", to_string(partition), state.start, state.end);
        if (known.cluster_id != cluster_id_) {
            find("another cluster: {} was read from cluster {}, this is cluster {}", read,
                 known.cluster_id, cluster_id_);
            return state;
        }
        const auto described = consumer_->describe({known.topic}, options_.patience);
        if (!described && described.error().kind != ErrorKind::not_found) {
            return described.error();
        }
        if (!described || described.value().front().partitions <= known.partition) {
            find("{} was read, but the brokers have no such partition any more", read);
            return state;
        }
        const std::string& id = described.value().front().id;
        if (!known.topic_id.empty() && !id.empty() && id != known.topic_id) {
            find("topic re-created: {} was read from topic id {}, it is now {}", read,
                 known.topic_id, id);
            return state;
        }
        TRY_ASSIGN(const kafka::Watermarks ends,
                   consumer_->watermarks(partition, options_.patience));
        take_watermarks(read, as_offset(ends.low), as_offset(ends.high), state);
        return state;
    }

    void take_watermarks(const std::string& read, std::uint64_t low, std::uint64_t high,
                         BrokerState& state) {
        state.is_comparable = true;
        state.low = low;
        state.high = high;
        state.removed = std::min(low, state.end) - std::min(state.start, std::min(low, state.end));
        if (state.end > high) {
            find(
                "{} was read, but the partition ends at {}: {}..{} is not there, so the topic was "
                "re-created or cut",
                read, high, std::max(state.start, high), state.end);
        } else if (state.end < low) {
            find(
                "gap {} p={} {}..{}: the brokers removed these offsets before they were read; "
                "`ingest --accept-gap` records them as lost",
                state.topic, state.partition, state.end, low);
            state.lag = high - low;
        } else {
            state.lag = high - state.end;
        }
    }

    Result<void> read_again(const ReadChain& chain, BrokerState& state) {
        const TopicPartition partition{state.topic, state.partition};
        found_ = OffsetFindings(partition);
        TRY_ASSIGN(auto rows,
                   PartitionRows::open(connection_, chain.name, state.partition, chain.files));
        if (span(state) == 0) return {};
        refusals_ = chain.expired_refusals;
        refusals_at_ = 0;
        TRY_ASSIGN(is_compacted_, consumer_->is_compacted(state.topic, options_.patience));
        const std::uint64_t to = std::min(state.end, state.high);
        std::uint64_t at = std::max(state.start, state.low);
        TRY(take(partition, at));
        while (at < to) {
            TRY_ASSIGN(const std::uint64_t end, fetch(partition, at, to));
            TRY(compare_window(chain, rows, at, end, state));
            if (options_.progress != nullptr) options_.progress->offsets += end - at;
            at = end;
            if (!was_removed_) continue;
            TRY_ASSIGN(at, after_removal(partition, at, to, state));
        }
        return {};
    }

    Result<void> take(const TopicPartition& partition, std::uint64_t offset) {
        listener_.offset = offset;
        was_removed_ = false;
        return consumer_->take({partition});
    }

    // Retention was faster than we: what it took is no longer asked for.
    Result<std::uint64_t> after_removal(const TopicPartition& partition, std::uint64_t at,
                                        std::uint64_t to, BrokerState& state) {
        TRY_ASSIGN(const kafka::Watermarks ends,
                   consumer_->watermarks(partition, options_.patience));
        if (as_offset(ends.low) <= at) {
            find(
                "{} p={} {}..{}: the brokers refuse {}, so the topic was re-created or cut "
                "meanwhile",
                state.topic, state.partition, at, to, at);
            return to;
        }
        const std::uint64_t low = std::clamp(as_offset(ends.low), at, to);
        state.removed += low - at;
        state.low = as_offset(ends.low);
        if (options_.progress != nullptr) options_.progress->offsets += low - at;
        if (low < to) TRY(take(partition, low));
        return low;
    }

    // Fills the window with records from `at` on; it covers the offsets to the one returned.
    Result<std::uint64_t> fetch(const TopicPartition& partition, std::uint64_t at,
                                std::uint64_t to) {
        window_.clear();
        std::size_t records = 0;
        std::uint64_t next = at;
        auto deadline = steady_clock::now() + options_.patience;
        while (next < to && records < kWindowRecords && window_.bytes() < kWindowBytes) {
            TRY(unless_stopped());
            TRY_ASSIGN(const auto event, consumer_->poll(milliseconds(100)));
            const bool is_ours =
                event && event->partition != nullptr && *event->partition == partition;
            if (!is_ours) {
                if (steady_clock::now() < deadline) continue;
                return error(ErrorKind::unavailable,
                             "kafka: {} was to be read again to {}, but nothing came behind {} "
                             "within {} s",
                             to_string(partition), to, next,
                             std::chrono::ceil<std::chrono::seconds>(options_.patience).count());
            }
            deadline = steady_clock::now() + options_.patience;
            const std::uint64_t offset = as_offset(event->offset);
            if (event->kind == kafka::EventKind::out_of_range) {
                was_removed_ = true;
                return next;
            }
            if (offset < next) continue;  // of before, or delivered again
            if (event->kind == kafka::EventKind::end_of_partition || offset >= to) {
                next = std::min(offset, to);
                continue;
            }
            add(*event);
            ++records;
            next = offset + 1;
        }
        return next;
    }

    void add(const kafka::Event& event) {
        window_.add({.offset = as_offset(event.offset),
                     .timestamp_ms = event.timestamp_ms,
                     .value = event.value,
                     .schema_in_header = event.schema_in_header});
        if (options_.progress != nullptr && event.value) {
            options_.progress->bytes += event.value->size();
        }
    }

    // A registry may be away for a moment, as a broker may.
    Result<void> prepare(std::string_view value) {
        const auto deadline = steady_clock::now() + options_.patience;
        while (true) {
            auto ready = schemas_.prepare(value);
            if (ready || ready.error().kind != ErrorKind::unavailable) return ready;
            TRY(unless_stopped());
            if (steady_clock::now() + kRegistryPause >= deadline) return ready;
            std::this_thread::sleep_for(kRegistryPause);
        }
    }

    Result<void> compare_window(const ReadChain& chain, PartitionRows& rows, std::uint64_t first,
                                std::uint64_t end, BrokerState& state) {
        TRY(rows.read(first, end));
        window_.list(records_);
        const LakeRow* row = rows.next();
        for (const KafkaRecord& record : records_) {
            for (; row != nullptr && row->offset < record.offset; row = rows.next()) {
                take_unknown(*row, state);
            }
            if (record.may_be_framed()) TRY(prepare(*record.value));
            check_.begin(record, state.partition);
            bool has_rows = false;
            for (; row != nullptr && row->offset == record.offset; row = rows.next()) {
                check_.take(*row);
                has_rows = true;
            }
            judge(chain, record, has_rows, state);
        }
        for (; row != nullptr; row = rows.next()) take_unknown(*row, state);
        return {};
    }

    void take_unknown(const LakeRow& row, BrokerState& state) {
        if (is_compacted_) {
            ++state.compacted;
            return;
        }
        ++state.unknown;
        found_.unknown(row.offset);
    }

    // Quarantine expires by the date of ingest. Which records were refused is not known any more: a
    // timestamp that was ahead of the clock, or a schema that nobody knew, is accepted today. But
    // no more of a batch can have expired than it had refused.
    bool is_expired_refusal(std::uint64_t offset) {
        while (refusals_at_ < refusals_.size() && refusals_[refusals_at_].end <= offset) {
            ++refusals_at_;
        }
        if (refusals_at_ == refusals_.size()) return false;
        ExpiredRefusals& batch = refusals_[refusals_at_];
        if (offset < batch.start || batch.rows == 0) return false;
        --batch.rows;
        return true;
    }

    void judge(const ReadChain& chain, const KafkaRecord& record, bool has_rows,
               BrokerState& state) {
        const std::uint64_t offset = record.offset;
        const bool in_gap = is_in_gap(chain, offset);
        const RecordVerdict verdict = check_.end();
        ++state.compared;
        state.unread += verdict.unread;
        if (in_gap && !has_rows) return;
        if (verdict.doubled || in_gap) {
            ++state.doubled;
            found_.doubled(offset);
        }
        if (verdict.absent && (is_of_expired_date(chain, verdict) || is_expired_refusal(offset))) {
            ++state.expired;
        } else if (verdict.absent) {
            ++state.absent;
            found_.absent(offset);
        }
        if (!verdict.differing.empty()) {
            ++state.differing;
            found_.differing(offset, verdict.differing);
        }
    }

    const KafkaVerifyOptions& options_;
    duck::Connection& connection_;
    std::vector<std::string>& findings_;
    const std::stop_token& stop_;
    RecordSchemas schemas_;
    RecordCheck check_;
    FromOffset listener_;
    std::unique_ptr<kafka::Consumer> consumer_;
    std::string cluster_id_;
    OffsetFindings found_{TopicPartition{}};
    RecordBuffer window_;
    std::vector<KafkaRecord> records_;  // of the window
    bool was_removed_ = false;          // what was to be fetched next
    bool is_compacted_ = false;         // the topic in work
    // Of the chain in work; records come by offset.
    std::vector<ExpiredRefusals> refusals_;
    std::size_t refusals_at_ = 0;
};

}  // namespace

Result<std::vector<BrokerState>> verify_kafka(const KafkaVerifyOptions& options, bool reread,
                                              const std::vector<ReadChain>& chains,
                                              duck::Connection& connection,
                                              std::vector<std::string>& findings,
                                              const std::stop_token& stop) {
    std::unique_ptr<kafka::SchemaRegistry> registry;
    if (options.registry) registry = std::make_unique<kafka::SchemaRegistry>(*options.registry);
    return KafkaVerifier(options, connection, registry.get(), findings, stop).run(chains, reread);
}

}  // namespace bassline::ingest
