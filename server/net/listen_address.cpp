#include "server/net/listen_address.h"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <netinet/in.h>

#include <cerrno>
#include <charconv>
#include <cstring>

namespace distren {

Result<ListenAddress> parse_listen_address(std::string_view text) {
  auto const wrong = [text] {
    return fail(Errc::invalid, fmt::format("\"{}\" is not an address to listen on; write it like 127.0.0.1:8443 or "
                                           "[::1]:8443",
                                           text));
  };
  auto const colon = text.rfind(':');
  if (colon == std::string_view::npos) return wrong();
  std::string host(text.substr(0, colon));
  bool const bracketed = host.size() > 2 && host.front() == '[' && host.back() == ']';
  if (bracketed) host = host.substr(1, host.size() - 2);
  if (host == "localhost") host = "127.0.0.1";

  ListenAddress out;
  std::string_view const port = text.substr(colon + 1);
  auto const [end, error] = std::from_chars(port.data(), port.data() + port.size(), out.port);
  if (error != std::errc{} || end != port.data() + port.size() || out.port < 0 || out.port > 65535) return wrong();

  auto* v4 = reinterpret_cast<sockaddr_in*>(&out.address);
  auto* v6 = reinterpret_cast<sockaddr_in6*>(&out.address);
  if (!bracketed && inet_pton(AF_INET, host.c_str(), &v4->sin_addr) == 1) {
    v4->sin_family = AF_INET;
    v4->sin_port = htons(static_cast<std::uint16_t>(out.port));
    out.size = sizeof(sockaddr_in);
  } else if (bracketed && inet_pton(AF_INET6, host.c_str(), &v6->sin6_addr) == 1) {
    v6->sin6_family = AF_INET6;
    v6->sin6_port = htons(static_cast<std::uint16_t>(out.port));
    out.size = sizeof(sockaddr_in6);
  } else {
    return wrong();
  }
  out.host = host;
  peer_address(reinterpret_cast<sockaddr const*>(&out.address), &out.loopback);
  return out;
}

Result<FileDescriptor> listen_on(ListenAddress const& address) {
  FileDescriptor socket(::socket(address.address.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  int const on = 1;
  if (socket) setsockopt(socket.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  if (!socket || ::bind(socket.get(), reinterpret_cast<sockaddr const*>(&address.address), address.size) != 0 ||
      ::listen(socket.get(), 4096) != 0) {
    int const error = errno;
    return fail(error == EADDRINUSE ? Errc::conflict : Errc::unavailable,
                fmt::format("cannot listen on {} port {}: {}{}", address.host, address.port, std::strerror(error),
                            error == EADDRINUSE ? "; stop the program that uses it, or choose another port" : ""));
  }
  return socket;
}

int bound_port(int socket) {
  sockaddr_storage address{};
  socklen_t size = sizeof address;
  if (::getsockname(socket, reinterpret_cast<sockaddr*>(&address), &size) != 0) return 0;
  return ntohs(address.ss_family == AF_INET6 ? reinterpret_cast<sockaddr_in6*>(&address)->sin6_port
                                             : reinterpret_cast<sockaddr_in*>(&address)->sin_port);
}

std::string peer_address(sockaddr const* address, bool* loopback) {
  char text[INET6_ADDRSTRLEN] = "";
  bool local = false;
  if (address->sa_family == AF_INET) {
    auto const* v4 = reinterpret_cast<sockaddr_in const*>(address);
    inet_ntop(AF_INET, &v4->sin_addr, text, sizeof text);
    local = (ntohl(v4->sin_addr.s_addr) >> 24) == 127;
  } else if (address->sa_family == AF_INET6) {
    auto const* v6 = reinterpret_cast<sockaddr_in6 const*>(address);
    inet_ntop(AF_INET6, &v6->sin6_addr, text, sizeof text);
    local = IN6_IS_ADDR_LOOPBACK(&v6->sin6_addr) != 0;
  }
  if (loopback != nullptr) *loopback = local;
  return text;
}

}  // namespace distren
