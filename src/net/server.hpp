// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <stop_token>
#include <string>

#include "base/result.hpp"
#include "net/admission.hpp"
#include "net/http.hpp"

// An HTTP/1.1 server for one handler.
//
//     accept --(Limits)--> head bytes -> check_head -> parse -> refuse? -> handler -> write -+
//                            ^                                                              |
//                            +------------------------ keep-alive --------------------------+
//
// Two threads run all connections as coroutines; each connection lives on its own strand and owns
// its socket. The handler runs on these threads, so it must answer from memory and be safe to call
// from both. Stop order: close the listener, close idle connections, let running answers end (2 s),
// join.
namespace bassline::net {

struct Limits {
    std::size_t head_bytes = 16u << 10;
    std::size_t body_bytes = 1u << 20;
    std::chrono::milliseconds head_deadline{5'000};  // for the whole head, not for each read
    std::chrono::milliseconds body_deadline{10'000};
    std::chrono::milliseconds write_stall{10'000};
    std::chrono::milliseconds idle{30'000};
    std::size_t connections = 256;
    std::size_t connections_per_peer = 32;
};

struct ServerOptions {
    std::string host = "127.0.0.1";  // an IP address or "localhost"
    std::uint16_t port = 8080;       // 0: any free port
    AdmissionRules admission;
    Limits limits;
};

class Server {
public:
    virtual ~Server() = default;

    /// Listens at once, answers after `run`.
    /// Errors: `config` if the port is taken (naming it and `--port`) or the address is not ours;
    /// `io`.
    static Result<std::unique_ptr<Server>> listen(ServerOptions options, Handler handler);

    /// The port listened on.
    virtual std::uint16_t port() const = 0;

    /// Serves until stop is requested. Call once.
    virtual void run(std::stop_token stop) = 0;
};

}  // namespace bassline::net
