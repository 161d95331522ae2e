#include "common/http/public_address.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <array>
#include <cstdint>
#include <cstring>

namespace distren {

namespace {

using Bytes = std::array<std::uint8_t, 16>;

// https://www.iana.org/assignments/iana-ipv4-special-registry
struct Block {
  std::uint32_t net;
  int bits;
};
constexpr std::array special{
    Block{0x00000000, 8},   // this network
    Block{0x0A000000, 8},   // private
    Block{0x64400000, 10},  // shared by providers
    Block{0x7F000000, 8},   // this machine
    Block{0xA9FE0000, 16},  // link-local, where clouds keep their secrets
    Block{0xAC100000, 12},  // private
    Block{0xC0000000, 24},  // protocols
    Block{0xC0000200, 24},  // documentation
    Block{0xC0586300, 24},  // 6to4 relays
    Block{0xC0A80000, 16},  // private
    Block{0xC6120000, 15},  // benchmarks
    Block{0xC6336400, 24},  // documentation
    Block{0xCB007100, 24},  // documentation
    Block{0xE0000000, 4},   // multicast
    Block{0xF0000000, 4},   // reserved, broadcast
};

bool is_public(std::uint32_t address) {
  for (auto const& block : special) {
    if ((address ^ block.net) >> (32 - block.bits) == 0) return false;
  }
  return true;
}

std::uint32_t word(Bytes const& bytes, std::size_t at) {
  return std::uint32_t{bytes[at]} << 24 | std::uint32_t{bytes[at + 1]} << 16 | std::uint32_t{bytes[at + 2]} << 8 |
         bytes[at + 3];
}

bool is_public(Bytes const& bytes) {
  auto const first = word(bytes, 0);
  if (first == 0x0064FF9B && word(bytes, 4) == 0 && word(bytes, 8) == 0) return is_public(word(bytes, 12));  // NAT64
  if (first >> 29 != 1) return false;       // only 2000::/3 is global unicast; mapped and local ones are outside
  if (first >> 16 == 0x2002) return false;  // 6to4 contains an IPv4 address, and is obsolete
  if ((first ^ 0x20010000) >> 9 == 0) return false;      // 2001::/23: Teredo, benchmarks, protocols
  return first != 0x20010DB8 && first >> 12 != 0x3FFF0;  // documentation
}

}  // namespace

bool is_public_address(sockaddr const* address) {
  if (address->sa_family == AF_INET) {
    sockaddr_in in{};
    std::memcpy(&in, address, sizeof in);
    return is_public(ntohl(in.sin_addr.s_addr));
  }
  if (address->sa_family != AF_INET6) return false;
  sockaddr_in6 in{};
  std::memcpy(&in, address, sizeof in);
  Bytes bytes{};
  std::memcpy(bytes.data(), &in.sin6_addr, bytes.size());
  if (IN6_IS_ADDR_V4MAPPED(&in.sin6_addr)) return is_public(word(bytes, 12));
  return is_public(bytes);
}

bool is_public_address(std::string const& text) {
  sockaddr_in in{};
  in.sin_family = AF_INET;
  sockaddr_in6 in6{};
  in6.sin6_family = AF_INET6;
  if (inet_pton(AF_INET, text.c_str(), &in.sin_addr) == 1)
    return is_public_address(reinterpret_cast<sockaddr const*>(&in));
  return inet_pton(AF_INET6, text.c_str(), &in6.sin6_addr) == 1 &&
         is_public_address(reinterpret_cast<sockaddr const*>(&in6));
}

}  // namespace distren
