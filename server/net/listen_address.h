// "127.0.0.1:8443", "[::1]:4554", "0.0.0.0:443": where a door listens. Pure, any thread.
#pragma once

#include <sys/socket.h>

#include <string>
#include <string_view>

#include "common/base/files.h"
#include "common/base/result.h"

namespace distren {

struct ListenAddress {
  sockaddr_storage address{};
  socklen_t size = 0;
  std::string host;
  int port = 0;  // 0: the kernel chooses; see bound_port
  bool loopback = false;
};

Result<ListenAddress> parse_listen_address(std::string_view text);

// A listening, non-blocking socket. conflict: the address is in use (named, with what to do).
Result<FileDescriptor> listen_on(ListenAddress const& address);
int bound_port(int socket);

// "203.0.113.7" of a connected peer; loopback tells whether it is 127/8 or ::1.
std::string peer_address(sockaddr const* address, bool* loopback = nullptr);

}  // namespace distren
