// SPDX-License-Identifier: Apache-2.0
#include "kafka/metadata.hpp"

#include <string>

namespace bassline::kafka {

Result<MetadataHandle> ask_metadata(rd_kafka_t* client, Listing listing,
                                    std::chrono::milliseconds timeout) {
    const rd_kafka_metadata_t* found = nullptr;
    const auto code =
        rd_kafka_metadata(client, static_cast<int>(listing), nullptr, &found, in_ms(timeout));
    if (code == RD_KAFKA_RESP_ERR_NO_ERROR) return MetadataHandle(found);
    if (code == RD_KAFKA_RESP_ERR__TRANSPORT) name_brokers_again(client);
    return error(kind_of(code), "kafka: no broker tells its topics: {}", rd_kafka_err2str(code));
}

void name_brokers_again(rd_kafka_t* client) {
    constexpr const char* kBrokers = "bootstrap.servers";
    const rd_kafka_conf_t* config = rd_kafka_conf(client);
    std::size_t size = 0;
    if (rd_kafka_conf_get(config, kBrokers, nullptr, &size) != RD_KAFKA_CONF_OK) return;
    std::string brokers(size, '\0');
    rd_kafka_conf_get(config, kBrokers, brokers.data(), &size);
    rd_kafka_brokers_add(client, brokers.c_str());
}

}  // namespace bassline::kafka
