#include "server/http/listener.h"

#include <event2/buffer.h>
#include <event2/bufferevent_ssl.h>
#include <event2/http.h>
#include <event2/http_struct.h>
#include <event2/keyvalq_struct.h>
#include <event2/listener.h>
#include <event2/util.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <openssl/ssl.h>
#include <spdlog/spdlog.h>
#include <sys/uio.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <cstring>

#include "common/base/digest.h"
#include "common/base/log.h"
#include "common/base/text.h"
#include "server/http/uri.h"

namespace distren {

namespace {

constexpr std::size_t piece_size = 256 << 10;  // in memory per download
constexpr ev_uint16_t methods = EVHTTP_REQ_GET | EVHTTP_REQ_HEAD | EVHTTP_REQ_POST | EVHTTP_REQ_PUT | EVHTTP_REQ_PATCH |
                                EVHTTP_REQ_DELETE | EVHTTP_REQ_OPTIONS;

std::string_view method_name(evhttp_cmd_type type) {
  switch (type) {
    case EVHTTP_REQ_GET:
      return "GET";
    case EVHTTP_REQ_HEAD:
      return "HEAD";
    case EVHTTP_REQ_POST:
      return "POST";
    case EVHTTP_REQ_PUT:
      return "PUT";
    case EVHTTP_REQ_PATCH:
      return "PATCH";
    case EVHTTP_REQ_DELETE:
      return "DELETE";
    case EVHTTP_REQ_OPTIONS:
      return "OPTIONS";
    default:
      return "";
  }
}

// Unique among all servers of a grid, as far as chance allows, and short enough to be read over the telephone.
std::string new_request_id() {
  static std::string const prefix = random_secret().substr(0, 6);
  static std::atomic<std::uint64_t> count{0};
  return fmt::format("{}-{:x}", prefix, ++count);
}

std::string take_body(evhttp_request* request) {
  auto* buffer = evhttp_request_get_input_buffer(request);
  std::string body(evbuffer_get_length(buffer), '\0');
  evbuffer_remove(buffer, body.data(), body.size());
  return body;
}

HeaderList headers_of(evhttp_request* request) {
  HeaderList headers;
  auto const* list = evhttp_request_get_input_headers(request);
  for (auto const* each = list->tqh_first; each != nullptr; each = each->next.tqe_next) {
    headers.emplace_back(lower_case(each->key), each->value);
  }
  return headers;
}

// Two interpretations of one message allow request smuggling past a proxy.
bool ambiguous(HeaderList const& headers) {
  int lengths = 0;
  int encodings = 0;
  bool odd_encoding = false;
  for (auto const& [name, value] : headers) {
    if (name == "content-length") ++lengths;
    if (name == "transfer-encoding") {
      ++encodings;
      odd_encoding = odd_encoding || evutil_ascii_strcasecmp(value.c_str(), "chunked") != 0;
    }
  }
  return lengths > 1 || encodings > 1 || (lengths > 0 && encodings > 0) || odd_encoding;
}

}  // namespace

struct Listener::Exchange {
  Listener& listener;
  std::uint64_t id;
  evhttp_request* request;  // owned by evhttp while it has a connection
  bufferevent* connection;
  bool streaming = false;
  FileRange piece{};                     // the rest to send; of a source only the length counts
  std::unique_ptr<ByteSource> source{};  // of the bytes; null: the file
  StreamingReply stream{};               // set while the reply stays open
  std::string request_id{};
  std::string summary{};  // for logging
};

Listener::Listener(Loop& loop, ssl_ctx_st* tls, ListenerOptions const& options, ConnectionCounts& counts,
                   Dispatch dispatch)
    : loop_(loop),
      tls_(tls),
      options_(options),
      dispatch_(std::move(dispatch)),
      // A chunked body includes its chunk sizes; twice the limit covers them and is still a bound.
      limiter_(loop, options.times, counts, options.header_limit + options.body_limit + (64 << 10),
               options.buffered_limit) {}

Listener::~Listener() {
  close();
}

void Listener::close() {
  accept_again_.reset();
  bound_ = nullptr;
  http_.reset();  // frees the connections, which ends their exchanges
}

Result<std::unique_ptr<Listener>> Listener::open(Loop& loop, int socket, ssl_ctx_st* tls,
                                                 ListenerOptions const& options, ConnectionCounts& counts,
                                                 Dispatch dispatch) {
  std::unique_ptr<Listener> listener(new Listener(loop, tls, options, counts, std::move(dispatch)));
  auto started = listener->start(socket);
  if (!started) return std::move(started).error();
  return listener;
}

Result<void> Listener::start(int socket) {
  std::signal(SIGPIPE, SIG_IGN);  // a disconnected peer is an error of write(2), not the end of the server
  http_.reset(evhttp_new(loop_.base()));
  FileDescriptor own(::fcntl(socket, F_DUPFD_CLOEXEC, 0));
  if (!http_ || !own) return fail(Errc::unavailable, fmt::format("cannot serve HTTP: {}", std::strerror(errno)));
  evhttp_set_max_headers_size(http_.get(), static_cast<ev_ssize_t>(options_.header_limit));
  evhttp_set_max_body_size(http_.get(), static_cast<ev_ssize_t>(options_.body_limit));
  evhttp_set_allowed_methods(http_.get(), methods);
  evhttp_set_default_content_type(http_.get(), nullptr);
  evhttp_set_bevcb(
      http_.get(), [](event_base*, void* self) { return static_cast<Listener*>(self)->new_connection(); }, this);
  evhttp_set_gencb(
      http_.get(),
      [](evhttp_request* request, void* self) noexcept { static_cast<Listener*>(self)->request_arrived(request); },
      this);
  bound_ = evhttp_accept_socket_with_handle(http_.get(), own.get());
  if (bound_ == nullptr) return fail(Errc::unavailable, "cannot serve HTTP on this socket");
  own.release();  // evhttp closes it
  // Out of descriptors: connections wait in the kernel's queue; without a pause accept would spin.
  evconnlistener_set_error_cb(evhttp_bound_socket_get_listener(bound_), [](evconnlistener* listener, void*) {
    spdlog::warn("cannot accept a connection: {}", evutil_socket_error_to_string(EVUTIL_SOCKET_ERROR()));
    evconnlistener_disable(listener);
  });
  accept_again_ = loop_.every(250, [this] {
    if (bound_ != nullptr) evconnlistener_enable(evhttp_bound_socket_get_listener(bound_));
  });
  return {};
}

bufferevent* Listener::new_connection() {
  bufferevent* connection = nullptr;
  if (tls_ == nullptr) {
    connection = bufferevent_socket_new(loop_.base(), -1, BEV_OPT_CLOSE_ON_FREE);
  } else if (SSL* ssl = SSL_new(tls_); ssl != nullptr) {
    connection =
        bufferevent_openssl_socket_new(loop_.base(), -1, ssl, BUFFEREVENT_SSL_ACCEPTING, BEV_OPT_CLOSE_ON_FREE);
    if (connection != nullptr) bufferevent_openssl_set_allow_dirty_shutdown(connection, 1);
  }
  if (connection == nullptr) std::abort();  // out of memory; evhttp would otherwise serve without TLS
  limiter_.watch(connection);
  return connection;
}

void Listener::request_arrived(evhttp_request* evrequest) {
  auto* evconnection = evhttp_request_get_connection(evrequest);
  auto* connection = evhttp_connection_get_bufferevent(evconnection);
  auto const id = next_exchange_++;
  auto& exchange =
      *exchanges_.emplace(id, std::make_unique<Exchange>(Exchange{*this, id, evrequest, connection})).first->second;
  evhttp_connection_set_closecb(
      evconnection,
      [](evhttp_connection*, void* each) noexcept {
        auto& closed = *static_cast<Exchange*>(each);
        closed.listener.connection_closed(closed.id);
      },
      &exchange);
  evhttp_request_set_on_complete_cb(
      evrequest,
      [](evhttp_request*, void* each) noexcept {
        auto& done = *static_cast<Exchange*>(each);
        done.listener.reply_sent(done.id);
      },
      &exchange);

  auto peer = limiter_.request_arrived(connection);
  Request request;
  request.id = new_request_id();
  exchange.request_id = request.id;
  request.method = method_name(evhttp_request_get_command(evrequest));
  request.headers = headers_of(evrequest);
  request.address = std::move(peer.address);
  request.loopback = peer.loopback;
  request.secure = tls_ != nullptr;
  char const* uri = evhttp_request_get_uri(evrequest);
  auto target = parse_target(uri == nullptr ? "" : uri);
  exchange.summary = fmt::format("request={} {} {} from {}", request.id, request.method,
                                 target ? quote(target->path) : "?", request.address);
  if (!target) return write(id, error_reply(target.error()));
  if (ambiguous(request.headers)) {
    return write(
        id, error_reply("ambiguous_http", "the length of the body is given in two ways").with("Connection", "close"));
  }
  request.path = std::move(target->path);
  request.query = std::move(target->query);
  request.body = take_body(evrequest);
  dispatch_(id, std::move(request));
}

void Listener::answer(std::uint64_t exchange, Reply reply) {
  // Shared, because std::function copies its captures and a Reply may own a file.
  auto shared_reply = std::make_shared<Reply>(std::move(reply));
  loop_.post([this, exchange, shared_reply] { write(exchange, std::move(*shared_reply)); });
}

void Listener::write(std::uint64_t id, Reply reply) {
  auto const found = exchanges_.find(id);
  if (found == exchanges_.end() || found->second->streaming) return;  // the client has disconnected
  auto& exchange = *found->second;
  add_request_id(reply, exchange.request_id);
  auto* headers = evhttp_request_get_output_headers(exchange.request);
  for (auto const& [name, value] : reply.headers) evhttp_add_header(headers, name.c_str(), value.c_str());
  for (auto const& [name, value] : options_.always) {
    if (evhttp_find_header(headers, name.c_str()) == nullptr) evhttp_add_header(headers, name.c_str(), value.c_str());
  }
  spdlog::debug("{}: {}", exchange.summary, reply.status);
  limiter_.reply_started(exchange.connection, false);

  if (auto* piece = std::get_if<FileRange>(&reply.body)) {
    exchange.piece = std::move(*piece);
    send_pieces(exchange, reply.status);
    return;
  }
  if (auto* stream = std::get_if<GeneratedBody>(&reply.body)) {
    exchange.piece.length = stream->length;
    exchange.source = std::move(stream->source);
    send_pieces(exchange, reply.status);
    return;
  }
  if (auto* stream = std::get_if<StreamingReply>(&reply.body))
    return open_stream(exchange, std::move(*stream), reply.status);
  auto const* text = std::get_if<std::string>(&reply.body);
  bool const no_body = reply.status == 204 || reply.status == 304;
  if (!no_body)
    evhttp_add_header(headers, "Content-Length", fmt::to_string(text == nullptr ? 0 : text->size()).c_str());
  evbuffer* body = evbuffer_new();
  bool const head = evhttp_request_get_command(exchange.request) == EVHTTP_REQ_HEAD;
  if (text != nullptr && !no_body && !head) evbuffer_add(body, text->data(), text->size());
  auto* request = exchange.request;
  evhttp_send_reply(request, reply.status, nullptr, body);  // may end the exchange
  evbuffer_free(body);
}

void Listener::send_pieces(Exchange& exchange, int status) {
  auto* request = exchange.request;
  auto const length = exchange.piece.length;
  evhttp_add_header(evhttp_request_get_output_headers(request), "Content-Length", fmt::to_string(length).c_str());
  bool const head = evhttp_request_get_command(request) == EVHTTP_REQ_HEAD;
  if (head || length == 0) {
    evhttp_send_reply(request, status, nullptr, nullptr);
    return;
  }
  exchange.streaming = true;
  evhttp_send_reply_start(request, status, nullptr);
  next_piece(exchange);
}

Result<std::size_t> Listener::read_piece(Exchange& exchange, char* into, std::size_t size) {
  if (exchange.source) return exchange.source->read(into, size);
  auto const got = ::pread(exchange.piece.file.get(), into, size, static_cast<off_t>(exchange.piece.offset));
  if (got > 0) return static_cast<std::size_t>(got);
  return fail(Errc::unavailable,
              fmt::format("reading the file failed: {}", got < 0 ? std::strerror(errno) : "too short"));
}

void Listener::next_piece(Exchange& exchange) {
  auto& piece = exchange.piece;
  auto* request = exchange.request;
  if (piece.length == 0) {
    evhttp_send_reply_end(request);  // ends the exchange
    return;
  }
  auto const wanted = static_cast<std::size_t>(std::min<std::int64_t>(piece.length, piece_size));
  evbuffer* data = evbuffer_new();
  evbuffer_iovec space{};
  Result<std::size_t> got = fail(Errc::unavailable, "out of memory");
  if (evbuffer_reserve_space(data, static_cast<ev_ssize_t>(wanted), &space, 1) == 1) {
    got = read_piece(exchange, static_cast<char*>(space.iov_base), wanted);
    space.iov_len = got ? *got : 0;
    evbuffer_commit_space(data, &space, 1);
  }
  if (!got) {  // truncated file or disk failure: the client must see that the reply is incomplete
    spdlog::error("{}: {}", exchange.summary, got.error().message);
    limiter_.close(exchange.connection);
    evbuffer_free(data);
    return;
  }
  piece.offset += static_cast<std::int64_t>(*got);
  piece.length -= static_cast<std::int64_t>(*got);
  evhttp_send_reply_chunk_with_cb(
      request, data,
      [](evhttp_connection*, void* each) noexcept {
        auto& same = *static_cast<Exchange*>(each);
        same.listener.next_piece(same);
      },
      &exchange);
  evbuffer_free(data);
}

class Listener::ExchangeWriter : public StreamWriter {
public:
  ExchangeWriter(Listener& listener, std::uint64_t exchange) : listener_(listener), exchange_(exchange) {}
  void send(std::shared_ptr<std::string const> text) override {
    listener_.loop_.post(
        [&listener = listener_, exchange = exchange_, text = std::move(text)] { listener.push(exchange, text); });
  }
  void end() override {
    listener_.loop_.post([&listener = listener_, exchange = exchange_] { listener.end_stream(exchange); });
  }

private:
  Listener& listener_;
  std::uint64_t exchange_;
};

void Listener::open_stream(Exchange& exchange, StreamingReply stream, int status) {
  auto* request = exchange.request;
  if (evhttp_request_get_command(request) == EVHTTP_REQ_HEAD) {
    evhttp_send_reply(request, status, nullptr, nullptr);
    return;
  }
  limiter_.reply_started(exchange.connection, true);
  exchange.streaming = true;
  exchange.stream = std::move(stream);
  auto const outlet = std::make_shared<ExchangeWriter>(*this, exchange.id);
  auto const opened = exchange.stream.opened;
  evhttp_send_reply_start(request, status, nullptr);
  opened(outlet);
}

void Listener::push(std::uint64_t id, std::shared_ptr<std::string const> const& text) {
  auto const found = exchanges_.find(id);
  if (found == exchanges_.end() || !found->second->stream.opened || text->empty()) return;
  auto& exchange = *found->second;
  if (evbuffer_get_length(bufferevent_get_output(exchange.connection)) > options_.stream_buffer_limit) {
    spdlog::debug("{}: cut off, its reader is too slow", exchange.summary);
    exchange.stream = {};
    limiter_.close(exchange.connection);
    return;
  }
  evbuffer* data = evbuffer_new();
  auto* const shared_text = new std::shared_ptr<std::string const>(text);  // freed when the socket has taken it
  auto const free_text = [](void const*, std::size_t, void* each) noexcept {
    delete static_cast<std::shared_ptr<std::string const>*>(each);
  };
  if (evbuffer_add_reference(data, text->data(), text->size(), free_text, shared_text) != 0) {
    delete shared_text;
  } else {
    evhttp_send_reply_chunk(exchange.request, data);
  }
  evbuffer_free(data);
}

void Listener::end_stream(std::uint64_t id) {
  auto const found = exchanges_.find(id);
  if (found == exchanges_.end() || !found->second->stream.opened) return;
  found->second->stream = {};
  evhttp_send_reply_end(found->second->request);  // ends the exchange when all is sent
}

void Listener::connection_closed(std::uint64_t id) {
  auto const found = exchanges_.find(id);
  if (found == exchanges_.end()) return;
  auto* request = found->second->request;
  exchanges_.erase(found);
  // A request that evhttp detached from its connection must be freed here; otherwise it is still in evhttp's list.
  if (evhttp_request_get_connection(request) == nullptr) evhttp_send_reply_end(request);
}

void Listener::reply_sent(std::uint64_t id) {
  auto const found = exchanges_.find(id);
  if (found == exchanges_.end()) return;
  auto* connection = found->second->connection;
  evhttp_connection_set_closecb(evhttp_request_get_connection(found->second->request), nullptr, nullptr);
  exchanges_.erase(found);
  limiter_.reply_done(connection);
}

void Listener::stop_accepting() {
  accept_again_.reset();
  if (bound_ == nullptr) return;
  evhttp_del_accept_socket(http_.get(), bound_);
  bound_ = nullptr;
}

}  // namespace distren
