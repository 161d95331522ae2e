// A TCP connection that says exactly what a test wants and reads replies of HTTP/1.1, for tests of bad manners.
// A wait that lasts longer than ten seconds fails the test.
#pragma once

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <map>
#include <string>
#include <utility>

#include "tests/support/check_main.h"

namespace distren {

struct ProbeReply {
  int status = 0;
  std::map<std::string, std::string> headers;  // names in lower case
  std::string body;
  [[nodiscard]] std::string header(std::string const& name) const {
    auto const found = headers.find(name);
    return found == headers.end() ? "" : found->second;
  }
};

class Probe {
public:
  explicit Probe(int port) : socket_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(static_cast<std::uint16_t>(port));
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    ck_assert_int_eq(::connect(socket_, reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
  }
  ~Probe() { ::close(socket_); }
  Probe(Probe const&) = delete;
  Probe& operator=(Probe const&) = delete;

  void send(std::string const& text) { ck_assert(try_send(text, 10000)); }

  // False: the peer has closed, or takes nothing for so long.
  bool try_send(std::string const& text, int wait_ms = 10000) {
    std::size_t sent = 0;
    while (sent < text.size()) {
      pollfd ready{socket_, POLLOUT, 0};
      if (::poll(&ready, 1, wait_ms) <= 0) return false;
      auto const got = ::send(socket_, text.data() + sent, text.size() - sent, MSG_NOSIGNAL | MSG_DONTWAIT);
      if (got < 0) return false;
      sent += static_cast<std::size_t>(got);
    }
    return true;
  }

  [[nodiscard]] bool readable(int wait_ms) const {
    pollfd ready{socket_, POLLIN, 0};
    return !buffer_.empty() || ::poll(&ready, 1, wait_ms) > 0;
  }

  // What arrives next, at most so much; "" at the end.
  std::string read_some(std::size_t most) {
    if (!buffer_.empty()) return std::exchange(buffer_, {});
    ck_assert_msg(readable(10000), "nothing came for ten seconds");
    std::string piece(most, '\0');
    auto const got = ::recv(socket_, piece.data(), piece.size(), 0);
    piece.resize(got > 0 ? static_cast<std::size_t>(got) : 0);
    return piece;
  }

  // Everything up to these words, which must come.
  std::string read_until(std::string const& words) {
    std::string all;
    while (all.find(words) == std::string::npos) {
      auto const piece = read_some(1 << 20);
      ck_assert_msg(!piece.empty(), "the connection ended before '%s': %s", words.c_str(), all.c_str());
      all += piece;
    }
    buffer_ = all.substr(all.find(words) + words.size());
    return all.substr(0, all.find(words) + words.size());
  }

  std::string read_to_end() {
    std::string all;
    for (;;) {
      auto const piece = read_some(1 << 20);
      if (piece.empty()) return all;
      all += piece;
    }
  }

  ProbeReply read_reply(bool without_body = false) {
    std::string text;
    while (text.find("\r\n\r\n") == std::string::npos) {
      auto const piece = read_some(1 << 16);
      ck_assert_msg(!piece.empty(), "the connection ended after '%.100s'", text.c_str());
      text += piece;
    }
    auto const end = text.find("\r\n\r\n") + 4;
    auto reply = parse_head(text.substr(0, end));
    text.erase(0, end);
    if (!without_body && reply.status != 204 && reply.status != 304) {
      auto const length = reply.header("content-length");
      ck_assert_msg(!length.empty(), "a reply without Content-Length");
      while (text.size() < std::stoul(length)) {
        auto const piece = read_some(1 << 20);
        ck_assert_msg(!piece.empty(), "the body ended early");
        text += piece;
      }
      reply.body = text.substr(0, std::stoul(length));
      text.erase(0, std::stoul(length));
    }
    buffer_ = std::move(text);
    return reply;
  }

private:
  static ProbeReply parse_head(std::string const& head) {
    ProbeReply reply;
    ck_assert_msg(head.starts_with("HTTP/1."), "no HTTP reply: '%.60s'", head.c_str());
    reply.status = std::stoi(head.substr(9, 3));
    for (auto at = head.find("\r\n") + 2; at < head.size();) {
      auto const end = head.find("\r\n", at);
      auto const line = head.substr(at, end - at);
      at = end + 2;
      auto const colon = line.find(": ");
      if (colon == std::string::npos) continue;
      auto name = line.substr(0, colon);
      std::transform(name.begin(), name.end(), name.begin(), [](unsigned char c) { return std::tolower(c); });
      reply.headers[name] = line.substr(colon + 2);
    }
    return reply;
  }

  int socket_;
  std::string buffer_;
};

// One request on a connection of its own.
inline ProbeReply ask_once(int port, std::string const& request) {
  Probe probe(port);
  probe.send(request);
  return probe.read_reply();
}

}  // namespace distren
