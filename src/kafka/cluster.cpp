// SPDX-License-Identifier: Apache-2.0
#include "kafka/cluster.hpp"

#include <array>
#include <fstream>
#include <set>

#include <sys/stat.h>

#include "base/log.hpp"
#include "kafka/vendor.hpp"

namespace bassline::kafka {
namespace {

const std::set<std::string, std::less<>> kOwn{
    "bootstrap.servers",
    "metadata.broker.list",
    "enable.auto.commit",
    "enable.auto.offset.store",
    "auto.offset.reset",
    "isolation.level",
    "check.crcs",
    "group.id",
    "group.instance.id",
    "enable.idempotence",
    "acks",
    "request.required.acks",
    "partition.assignment.strategy",
    "enable.partition.eof",
    "transactional.id",
    "max.in.flight.requests.per.connection",
    "retries",
    "message.send.max.retries",
};

// Whatever is named like one; and what OAUTHBEARER's own settings may hold.
bool is_secret(std::string_view name) {
    for (const std::string_view ending : {".password", ".secret", ".passphrase", "key.pem"}) {
        if (name.ends_with(ending)) return true;
    }
    return name == "sasl.oauthbearer.config";
}

std::string trimmed(std::string_view text) {
    const auto first = text.find_first_not_of(" \t\r");
    if (first == text.npos) return {};
    return std::string(text.substr(first, text.find_last_not_of(" \t\r") - first + 1));
}

Result<void> check_property(const std::string& name, const std::string& value) {
    if (kOwn.contains(name)) {
        return error(ErrorKind::config, "{} is set by bassline itself; leave it out", name);
    }
    const ConfigHandle config(rd_kafka_conf_new());
    std::array<char, 512> reason{};
    if (rd_kafka_conf_set(config.get(), name.c_str(), value.c_str(), reason.data(),
                          reason.size()) != RD_KAFKA_CONF_OK) {
        // The reason repeats the value, which may be a secret.
        if (is_secret(name)) return error(ErrorKind::config, "{} is refused", name);
        return error(ErrorKind::config, "{}", reason.data());
    }
    return {};
}

struct Property {
    std::string name, value;
};
Result<Property> parse_property(std::string_view text) {
    const auto equals = text.find('=');
    Property property{trimmed(text.substr(0, equals)),
                      equals == text.npos ? "" : trimmed(text.substr(equals + 1))};
    if (equals != text.npos && !property.name.empty()) return property;
    return error(ErrorKind::usage, "'{}' is not NAME=VALUE", text);
}

bool others_may_read(const std::string& path) {
    struct stat status {};
    return ::stat(path.c_str(), &status) == 0 && (status.st_mode & 077) != 0;
}

void log_line(const rd_kafka_t* /*client*/, int level, const char* /*facility*/, const char* text) {
    if (level <= 3) {
        log_warn("kafka: {}", text);
    } else {
        log_info("kafka: {}", text);
    }
}

}  // namespace

Result<void> read_properties(const std::string& path,
                             std::map<std::string, std::string>& properties) {
    std::ifstream file(path);
    if (!file) return error(ErrorKind::config, "cannot read {}", path);
    std::string line;
    for (int number = 1; std::getline(file, line); ++number) {
        const std::string text = trimmed(line);
        if (text.empty() || text.front() == '#' || text.front() == '!') continue;
        auto property = parse_property(text);
        if (!property) {
            return error(ErrorKind::config, "{}:{}: expected NAME=VALUE", path, number);
        }
        const auto& [name, value] = property.value();
        if (is_secret(name) && others_may_read(path)) {
            return error(ErrorKind::config, "{} holds {} and others may read it: chmod 600 {}",
                         path, name, path);
        }
        if (auto checked = check_property(name, value); !checked) {
            return error(ErrorKind::config, "{}:{}: {}", path, number, checked.error().message);
        }
        properties[name] = value;
    }
    return {};
}

Result<void> add_properties(const std::vector<std::string>& texts,
                            std::map<std::string, std::string>& properties) {
    for (const std::string& text : texts) {
        TRY_ASSIGN(const Property property, parse_property(text));
        if (is_secret(property.name)) {
            return error(ErrorKind::usage,
                         "{} is a secret: put it into a file of mode 600 and name that with "
                         "--kafka-config",
                         property.name);
        }
        TRY(check_property(property.name, property.value));
        properties[property.name] = property.value;
    }
    return {};
}

std::string library_version() {
    return rd_kafka_version_str();
}

Result<ConfigHandle> make_config(const Cluster& cluster,
                                 const std::map<std::string, std::string>& ours) {
    ConfigHandle config(rd_kafka_conf_new());
    rd_kafka_conf_set_log_cb(config.get(), log_line);
    auto set = [&](const std::string& name, const std::string& value) -> Result<void> {
        std::array<char, 512> reason{};
        if (rd_kafka_conf_set(config.get(), name.c_str(), value.c_str(), reason.data(),
                              reason.size()) == RD_KAFKA_CONF_OK) {
            return {};
        }
        return error(ErrorKind::config, "kafka: {}",
                     is_secret(name) ? name.c_str() : reason.data());
    };
    for (const auto& [name, value] : cluster.properties) TRY(set(name, value));
    for (const auto& [name, value] : ours) TRY(set(name, value));
    TRY(set("bootstrap.servers", cluster.brokers));
    return config;
}

Result<ClientHandle> make_client(rd_kafka_type_t type, ConfigHandle config) {
    std::array<char, 512> reason{};
    rd_kafka_t* const client = rd_kafka_new(type, config.get(), reason.data(), reason.size());
    if (client == nullptr) return error(ErrorKind::config, "kafka: {}", reason.data());
    (void)config.release();  // the client owns it now
    return ClientHandle(client);
}

ErrorKind kind_of(rd_kafka_resp_err_t code) {
    switch (code) {
        case RD_KAFKA_RESP_ERR__AUTHENTICATION:
        case RD_KAFKA_RESP_ERR_SASL_AUTHENTICATION_FAILED:
        case RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED:
        case RD_KAFKA_RESP_ERR_GROUP_AUTHORIZATION_FAILED:
        case RD_KAFKA_RESP_ERR_CLUSTER_AUTHORIZATION_FAILED:
        case RD_KAFKA_RESP_ERR__SSL:
            return ErrorKind::config;
        case RD_KAFKA_RESP_ERR__TRANSPORT:
        case RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN:
        case RD_KAFKA_RESP_ERR__TIMED_OUT:
        case RD_KAFKA_RESP_ERR__RESOLVE:
        case RD_KAFKA_RESP_ERR__PARTIAL:         // metadata of a broker that knows of none yet
        case RD_KAFKA_RESP_ERR__DESTROY_BROKER:  // whose question is to be asked of another
        case RD_KAFKA_RESP_ERR_KAFKA_STORAGE_ERROR:
        case RD_KAFKA_RESP_ERR_REQUEST_TIMED_OUT:
        case RD_KAFKA_RESP_ERR_LEADER_NOT_AVAILABLE:
        case RD_KAFKA_RESP_ERR_NOT_LEADER_FOR_PARTITION:
        case RD_KAFKA_RESP_ERR_BROKER_NOT_AVAILABLE:
        case RD_KAFKA_RESP_ERR_REPLICA_NOT_AVAILABLE:
        case RD_KAFKA_RESP_ERR_OFFSET_NOT_AVAILABLE:
        case RD_KAFKA_RESP_ERR_FENCED_LEADER_EPOCH:
        case RD_KAFKA_RESP_ERR_UNKNOWN_LEADER_EPOCH:
        case RD_KAFKA_RESP_ERR_NETWORK_EXCEPTION:
        case RD_KAFKA_RESP_ERR_NOT_CONTROLLER:
        case RD_KAFKA_RESP_ERR_NOT_COORDINATOR:
        case RD_KAFKA_RESP_ERR_COORDINATOR_NOT_AVAILABLE:
        case RD_KAFKA_RESP_ERR_COORDINATOR_LOAD_IN_PROGRESS:
            return ErrorKind::unavailable;
        default:
            return ErrorKind::io;
    }
}

}  // namespace bassline::kafka
