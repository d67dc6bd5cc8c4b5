// SPDX-License-Identifier: Apache-2.0
#include "net/server.hpp"

#include <atomic>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/strand.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/http.hpp>
#include <map>
#include <mutex>
#include <optional>
#include <set>
#include <thread>
#include <vector>

#include "base/log.hpp"
#include "net/head_check.hpp"
#include "net/security_headers.hpp"
#include "net/target.hpp"

namespace bassline::net {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = boost::beast::http;
using asio::ip::tcp;
using boost::system::error_code;

// Errors come back as values; nothing below throws but for memory.
constexpr auto kAwait = asio::as_tuple(asio::use_awaitable);
constexpr int kThreads = 2;
constexpr std::chrono::seconds kStopGrace{2};

struct Connection {
    Connection(tcp::socket&& socket, std::string peer_address)
        : stream(std::move(socket)), peer(std::move(peer_address)) {}

    beast::tcp_stream stream;
    std::string peer;
    beast::flat_buffer buffer;
    bool idle = false;  // waiting for the first byte of a further request; touched on its strand
};

// Who is connected, and whether one more may be. Any thread.
class Registry {
public:
    explicit Registry(const Limits& limits) : limits_(limits) {}

    bool admit(const std::shared_ptr<Connection>& connection) {
        const std::lock_guard lock(mutex_);
        std::size_t& of_peer = per_peer_[connection->peer];
        if (all_.size() >= limits_.connections || of_peer >= limits_.connections_per_peer) {
            if (of_peer == 0) per_peer_.erase(connection->peer);
            return false;
        }
        ++of_peer;
        all_.insert(connection);
        return true;
    }

    /// Returns how many are left.
    std::size_t remove(const std::shared_ptr<Connection>& connection) {
        const std::lock_guard lock(mutex_);
        all_.erase(connection);
        if (--per_peer_[connection->peer] == 0) per_peer_.erase(connection->peer);
        return all_.size();
    }

    std::vector<std::shared_ptr<Connection>> list() const {
        const std::lock_guard lock(mutex_);
        return {all_.begin(), all_.end()};
    }

private:
    const Limits limits_;
    mutable std::mutex mutex_;
    std::set<std::shared_ptr<Connection>> all_;
    std::map<std::string, std::size_t> per_peer_;
};

std::string_view view(const beast::flat_buffer& buffer) {
    return {static_cast<const char*>(buffer.data().data()), buffer.size()};
}

using Message = http::response<http::string_body>;

Message to_message(Response&& response, bool head_only, bool keep_alive) {
    Message message(static_cast<http::status>(response.status), 11);
    for (const auto& [name, value] : kSecurityHeaders) message.set(name, value);
    for (const auto& [name, value] : response.headers) message.set(name, value);
    const bool has_body = response.status != 304;
    if (has_body) {
        message.set(http::field::content_type, response.content_type);
        message.content_length(response.body.size());
    }
    if (has_body && !head_only) message.body() = std::move(response.body);
    message.keep_alive(keep_alive);
    return message;
}

Response refusal(int status) {
    switch (status) {
        case 405:
            return error_response(405, "method_not_allowed", "This method is not served.");
        case 413:
            return error_response(413, "too_large", "The request body is too large.");
        case 414:
            return error_response(414, "too_long", "The request line is too long.");
        case 431:
            return error_response(431, "too_large", "The request head is too large.");
        case 501:
            return error_response(501, "not_implemented", "This transfer coding is not served.");
        case 505:
            return error_response(505, "version", "HTTP/1.1 is served here.");
        default:
            return error_response(400, "malformed", "The request is malformed.");
    }
}

class BeastServer : public Server {
public:
    BeastServer(ServerOptions options, Handler handler)
        : options_(std::move(options)),
          handler_(std::move(handler)),
          context_(kThreads),
          registry_(options_.limits),
          acceptor_(asio::make_strand(context_)),
          grace_(context_) {}

    Result<void> open();
    std::uint16_t port() const override { return port_; }
    void run(std::stop_token stop) override;

private:
    // How reading a request ended.
    struct Received {
        std::optional<http::request<http::string_body>> request;
        int refused = 0;  // status to answer before closing; 0 with no request: just close
    };

    asio::awaitable<void> accept_loop();
    asio::awaitable<void> serve(std::shared_ptr<Connection> connection);
    asio::awaitable<void> serve_requests(Connection& connection);
    asio::awaitable<Received> receive(Connection& connection, bool first);
    asio::awaitable<int> receive_head(Connection& connection);
    asio::awaitable<bool> send(Connection& connection, Message message);
    Response answer(const http::request<http::string_body>& parsed, const std::string& peer) const;
    void begin_stop();

    const ServerOptions options_;
    const Handler handler_;
    std::atomic<bool> stopping_ = false;
    std::uint16_t port_ = 0;
    asio::io_context context_;
    Registry registry_;  // its sockets go before their context
    tcp::acceptor acceptor_;
    asio::steady_timer grace_;
};

Result<void> BeastServer::open() {
    const std::string host = options_.host == "localhost" ? "127.0.0.1" : options_.host;
    error_code failure;
    const asio::ip::address address = asio::ip::make_address(host, failure);
    if (failure) {
        return error(ErrorKind::config, "--host must be an IP address of this machine: {}", host);
    }
    const tcp::endpoint endpoint(address, options_.port);
    acceptor_.open(endpoint.protocol(), failure);
    if (!failure) acceptor_.set_option(tcp::acceptor::reuse_address(true), failure);
    if (!failure) acceptor_.bind(endpoint, failure);
    if (!failure) acceptor_.listen(tcp::acceptor::max_listen_connections, failure);
    if (failure == asio::error::address_in_use) {
        return error(ErrorKind::config,
                     "port {} of {} is taken by another program; choose another with --port",
                     options_.port, host);
    }
    if (failure == asio::error::access_denied) {
        return error(ErrorKind::config,
                     "port {} needs more rights than this process has; choose one over 1023 with "
                     "--port",
                     options_.port);
    }
    if (failure) {
        return error(ErrorKind::config, "cannot listen on {} port {}: {}", host, options_.port,
                     failure.message());
    }
    port_ = acceptor_.local_endpoint().port();
    return {};
}

void BeastServer::run(std::stop_token stop) {
    asio::co_spawn(acceptor_.get_executor(), accept_loop(), asio::detached);
    const std::stop_callback on_stop(
        stop, [this] { asio::post(acceptor_.get_executor(), [this] { begin_stop(); }); });
    std::vector<std::jthread> threads;
    for (int thread = 1; thread < kThreads; ++thread) {
        threads.emplace_back([this] { context_.run(); });
    }
    context_.run();
}

void BeastServer::begin_stop() {
    stopping_ = true;
    error_code ignored;
    acceptor_.close(ignored);
    const auto connections = registry_.list();
    if (connections.empty()) return;
    grace_.expires_after(kStopGrace);
    grace_.async_wait([this](error_code cancelled) {
        if (!cancelled) context_.stop();
    });
    for (const auto& connection : connections) {
        asio::post(connection->stream.get_executor(), [connection] {
            if (connection->idle) connection->stream.close();
        });
    }
}

asio::awaitable<void> BeastServer::accept_loop() {
    while (!stopping_) {
        auto [failure, socket] =
            co_await acceptor_.async_accept(asio::make_strand(context_), kAwait);
        if (stopping_) break;
        if (failure) {  // out of descriptors, or the client left already: wait, go on
            asio::steady_timer pause(context_, std::chrono::milliseconds(50));
            co_await pause.async_wait(kAwait);
            continue;
        }
        error_code gone;
        const auto peer = socket.remote_endpoint(gone);
        if (gone) continue;
        auto connection =
            std::make_shared<Connection>(std::move(socket), peer.address().to_string());
        if (!registry_.admit(connection)) continue;  // closes it
        const auto strand = connection->stream.get_executor();
        asio::co_spawn(strand, serve(std::move(connection)), asio::detached);
    }
}

asio::awaitable<void> BeastServer::serve(std::shared_ptr<Connection> connection) {
    try {
        co_await serve_requests(*connection);
    } catch (const std::exception& failure) {  // no memory
        log_warn("a connection was dropped: {}", failure.what());
    }
    error_code ignored;
    connection->stream.socket().shutdown(tcp::socket::shutdown_both, ignored);
    connection->stream.close();
    if (registry_.remove(connection) == 0 && stopping_) {
        asio::post(acceptor_.get_executor(), [this] { grace_.cancel(); });
    }
}

asio::awaitable<void> BeastServer::serve_requests(Connection& connection) {
    error_code ignored;
    connection.stream.socket().set_option(tcp::no_delay(true), ignored);
    for (bool first = true;; first = false) {
        auto [request, refused] = co_await receive(connection, first);
        if (!request) {
            if (refused != 0) {
                (void)co_await send(connection, to_message(refusal(refused), false, false));
            }
            co_return;
        }
        const bool keep_alive = request->keep_alive() && !stopping_;
        const bool head_only = request->method() == http::verb::head;
        if (!co_await send(connection,
                           to_message(answer(*request, connection.peer), head_only, keep_alive)) ||
            !keep_alive) {
            co_return;
        }
    }
}

// Collects the bytes up to the empty line. Returns a status to refuse with, 0 if the head is there,
// -1 if the client left or was too slow.
asio::awaitable<int> BeastServer::receive_head(Connection& connection) {
    std::size_t seen = 0;
    while (true) {
        const std::string_view bytes = view(connection.buffer);
        const auto end = bytes.find("\r\n\r\n", seen < 3 ? 0 : seen - 3);
        if (end != std::string_view::npos) {
            co_return end + 4 > options_.limits.head_bytes ? 431
                                                           : check_head(bytes.substr(0, end + 4));
        }
        if (has_bare_line_end(bytes, seen == 0 ? 0 : seen - 1)) co_return 400;
        if (bytes.size() >= options_.limits.head_bytes) co_return 431;
        seen = bytes.size();
        auto [failure, got] =
            co_await connection.stream.async_read_some(connection.buffer.prepare(4096), kAwait);
        if (failure) co_return -1;
        connection.buffer.commit(got);
    }
}

asio::awaitable<BeastServer::Received> BeastServer::receive(Connection& connection, bool first) {
    beast::tcp_stream& stream = connection.stream;
    if (!first && connection.buffer.size() == 0) {
        connection.idle = true;
        if (stopping_) co_return Received{};  // begin_stop came before we were idle
        stream.expires_after(options_.limits.idle);
        auto [failure, got] =
            co_await stream.async_read_some(connection.buffer.prepare(4096), kAwait);
        connection.idle = false;
        if (failure) co_return Received{};
        connection.buffer.commit(got);
    }
    stream.expires_after(options_.limits.head_deadline);
    const int head = co_await receive_head(connection);
    if (head != 0) co_return Received{std::nullopt, head < 0 ? 0 : head};

    http::request_parser<http::string_body> parser;
    parser.header_limit(static_cast<std::uint32_t>(options_.limits.head_bytes));
    parser.body_limit(options_.limits.body_bytes);
    stream.expires_after(options_.limits.body_deadline);
    auto [failure, bytes] = co_await http::async_read(stream, connection.buffer, parser, kAwait);
    if (failure == http::error::body_limit) co_return Received{std::nullopt, 413};
    if (failure) {
        const bool malformed =
            failure.category() == http::make_error_code(http::error::bad_method).category() &&
            failure != http::error::end_of_stream && failure != http::error::partial_message;
        co_return Received{std::nullopt, malformed ? 400 : 0};
    }
    co_return Received{parser.release(), 0};
}

// Each piece written gets the stall limit anew: a slow reader may take its time, a stuck one is
// cut.
asio::awaitable<bool> BeastServer::send(Connection& connection, Message message) {
    http::response_serializer<http::string_body> serializer(message);
    while (!serializer.is_done()) {
        connection.stream.expires_after(options_.limits.write_stall);
        auto [failure, bytes] =
            co_await http::async_write_some(connection.stream, serializer, kAwait);
        if (failure) co_return false;
    }
    co_return true;
}

Response BeastServer::answer(const http::request<http::string_body>& parsed,
                             const std::string& peer) const {
    const auto target = parse_target({parsed.target().data(), parsed.target().size()});
    if (!target) return refusal(400);
    Request request;
    request.method = std::string(parsed.method_string());
    if (request.method == "HEAD") request.method = "GET";
    request.path = target->path;
    request.query = target->query;
    request.peer = peer;
    for (const auto& field : parsed) {
        request.headers.emplace_back(std::string(field.name_string()), std::string(field.value()));
    }
    if (auto refused = refuse(options_.admission, request)) return std::move(*refused);
    try {
        return handler_(request);
    } catch (const std::exception& failure) {
        log_warn("a request failed: {}: {}", request.path, failure.what());
        return error_response(500, "internal", "The server failed at this request; see its log.");
    }
}

}  // namespace

Result<std::unique_ptr<Server>> Server::listen(ServerOptions options, Handler handler) {
    auto server = std::make_unique<BeastServer>(std::move(options), std::move(handler));
    TRY(server->open());
    return std::unique_ptr<Server>(std::move(server));
}

}  // namespace bassline::net
