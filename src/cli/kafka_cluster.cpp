// SPDX-License-Identifier: Apache-2.0
#include "cli/kafka_cluster.hpp"

namespace bassline::cli {

CLI::Option* add_cluster_options(CLI::App& app, ClusterArguments& arguments,
                                 const std::string& help) {
    CLI::Option* const brokers =
        app.add_option("--kafka", arguments.brokers, help)->type_name("HOST:PORT,...");
    app.add_option("--kafka-property", arguments.properties,
                   "A setting of librdkafka's, such as security.protocol=SSL; several may "
                   "follow; secrets go into the file of --kafka-config")
        ->type_name("NAME=VALUE ...")
        ->needs(brokers);
    app.add_option("--kafka-config", arguments.properties_file,
                   "A file of such settings, a line each; mode 600 if it holds a secret")
        ->type_name("FILE")
        ->needs(brokers);
    return brokers;
}

Result<kafka::Cluster> cluster_of(const ClusterArguments& arguments) {
    kafka::Cluster cluster{.brokers = arguments.brokers, .properties = {}};
    if (!arguments.properties_file.empty()) {
        TRY(kafka::read_properties(arguments.properties_file, cluster.properties));
    }
    TRY(kafka::add_properties(arguments.properties, cluster.properties));
    return cluster;
}

CLI::Option* add_registry_options(CLI::App& app, RegistryArguments& arguments,
                                  const std::string& help) {
    CLI::Option* const urls =
        app.add_option("--schema-registry", arguments.urls, help)->type_name("URL,...");
    app.add_option("--schema-registry-config", arguments.config_file,
                   "A file of mode 600 with basic.auth.user.info=user:password and "
                   "ssl.ca.location=FILE")
        ->type_name("FILE")
        ->needs(urls);
    return urls;
}

Result<std::optional<kafka::RegistryOptions>> registry_of(const RegistryArguments& arguments) {
    if (arguments.urls.empty()) return std::optional<kafka::RegistryOptions>();
    kafka::RegistryOptions options;
    TRY_ASSIGN(options.urls, kafka::parse_registry_urls(arguments.urls));
    TRY(kafka::read_registry_config(arguments.config_file, options));
    return std::optional(std::move(options));
}

}  // namespace bassline::cli
