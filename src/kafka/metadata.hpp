// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <memory>

#include "base/result.hpp"
#include "kafka/vendor.hpp"

// What any broker tells of the cluster. Only for this room.
namespace bassline::kafka {

using MetadataHandle =
    std::unique_ptr<const rd_kafka_metadata_t, Destroyer<rd_kafka_metadata_destroy>>;

enum class Listing : int { no_topics = 0, all_topics = 1 };  // a topic asked by name may be made

/// Asks one of them. A client that has nobody to ask is named them again.
/// Errors: `unavailable`, `config`, `io`.
Result<MetadataHandle> ask_metadata(rd_kafka_t* client, Listing listing,
                                    std::chrono::milliseconds timeout);

/// The brokers of the client's configuration, once more. librdkafka drops every broker that an
/// answer does not name, and one that has only just started names none: the client then has no
/// broker left and waits for ever (librdkafka issue 5301). Without need it does no harm: the
/// library does the same when all brokers are down.
void name_brokers_again(rd_kafka_t* client);

}  // namespace bassline::kafka
