// SPDX-License-Identifier: Apache-2.0
#include "compact/merge.hpp"

#include <algorithm>

#include "base/hash.hpp"
#include "event/schema.hpp"
#include "lake/names.hpp"
#include "parquet/file_merger.hpp"

namespace bassline::compact {
namespace {

using lake::LiveFile;
using lake::Output;
using lake::OutputKind;

Result<parquet::MergeOptions> options_of(const Output& kind, std::uint64_t seq) {
    parquet::MergeOptions options{.order = {"source_partition", "source_offset"},
                                  .metadata = {{"bassline.chain", std::string(lake::kCompactChain)},
                                               {"bassline.seq", std::to_string(seq)}}};
    if (kind.kind == OutputKind::quarantine) {
        options.columns = parquet::quarantine_specs();
        return options;
    }
    options.order.insert(options.order.begin(), "ts");
    const auto topic = std::ranges::find_if(event::kTopics, [&kind](event::Topic candidate) {
        return to_string(candidate) == kind.topic;
    });
    if (topic == event::kTopics.end()) {
        return error(ErrorKind::bad_data, "{} is of an unknown topic, {}", kind.final, kind.topic);
    }
    options.columns = parquet::bronze_specs(*topic);
    return options;
}

}  // namespace

Result<std::string> read_checked(const storage::FileSystem& files, const LiveFile& file) {
    const Output& output = file.output;
    TRY_ASSIGN(std::string bytes, files.read(output.final));
    if (bytes.size() == output.bytes && xxh64_hex(bytes) == output.xxh64) return bytes;
    return error(ErrorKind::bad_data,
                 "{} is not as entry {} of chain {} says: its content was changed",
                 files.absolute(output.final), file.seq, file.chain);
}

Result<Output> merge_files(storage::FileSystem& files, const Merge& merge,
                           const std::string& staged, std::uint64_t seq) {
    Output merged = merge.kind_of();
    merged.staged = staged;
    merged.rows = 0;
    TRY_ASSIGN(parquet::MergeOptions options, options_of(merged, seq));
    TRY_ASSIGN(auto file, files.create(staged));
    const auto merger = parquet::FileMerger::make(std::move(file), std::move(options));
    for (const LiveFile& input : merge.inputs) {
        const std::string name = files.absolute(input.output.final);
        TRY_ASSIGN(const std::string bytes, read_checked(files, input));
        TRY_ASSIGN(const std::uint64_t rows, merger->add(name, bytes));
        if (rows != input.output.rows) {
            return error(ErrorKind::bad_data, "{} has {} rows, entry {} of chain {} says {}", name,
                         rows, input.seq, input.chain, input.output.rows);
        }
        merged.rows += rows;
        merged.min_event_ms = std::min(merged.min_event_ms, input.output.min_event_ms);
        merged.max_event_ms = std::max(merged.max_event_ms, input.output.max_event_ms);
    }
    TRY_ASSIGN(const auto digest, merger->close());
    merged.bytes = digest.bytes;
    merged.xxh64 = digest.xxh64;
    return merged;
}

}  // namespace bassline::compact
