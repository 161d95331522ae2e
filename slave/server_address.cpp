#include "slave/server_address.h"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <netdb.h>
#include <netinet/in.h>
#include <spdlog/spdlog.h>
#include <sys/socket.h>

#include <algorithm>
#include <memory>

#include "common/base/log.h"
#include "common/base/text.h"
#include "common/http/http_client.h"
#include "common/http/public_address.h"

namespace distren {

namespace {

// An unresolvable name is left to a proxy, outside.
Reach reach_of_host(std::string const& host, Resolver const& resolve) {
  auto reach = Reach::internet;
  for (auto const& address : resolve(host)) reach = std::min(reach, reach_of_address(address));
  return reach;
}

}  // namespace

Reach reach_of_address(std::string const& address) {
  std::string text = address.substr(0, address.find('%'));  // a link's number
  in6_addr in6{};
  in_addr in{};
  if (::inet_pton(AF_INET6, text.c_str(), &in6) == 1) {
    if (IN6_IS_ADDR_LOOPBACK(&in6) || IN6_IS_ADDR_UNSPECIFIED(&in6)) return Reach::this_machine;
    if (!IN6_IS_ADDR_V4MAPPED(&in6)) return is_public_address(text) ? Reach::internet : Reach::private_network;
    std::copy_n(in6.s6_addr + 12, 4, reinterpret_cast<unsigned char*>(&in.s_addr));
  } else if (::inet_pton(AF_INET, text.c_str(), &in) != 1) {
    return Reach::private_network;
  }
  auto const first = ntohl(in.s_addr) >> 24;
  if (first == 127 || first == 0) return Reach::this_machine;  // connecting to 0.0.0.0 reaches this machine, too
  return is_public_address(text) ? Reach::internet : Reach::private_network;
}

std::vector<std::string> resolve_host(std::string const& host) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  if (::getaddrinfo(host.c_str(), nullptr, &hints, &found) != 0) return {};
  std::unique_ptr<addrinfo, decltype(&::freeaddrinfo)> const owner(found, ::freeaddrinfo);
  std::vector<std::string> addresses;
  for (auto const* each = found; each != nullptr; each = each->ai_next) {
    char text[NI_MAXHOST];
    if (::getnameinfo(each->ai_addr, each->ai_addrlen, text, sizeof text, nullptr, 0, NI_NUMERICHOST) == 0)
      addresses.emplace_back(text);
  }
  return addresses;
}

Result<void> check_named_url(std::string const& named, std::string const& server, Resolver const& resolve) {
  auto const host = url_host(named);
  if (!host) return host.error();
  if (*host == lower_case(server)) return {};
  auto const theirs = reach_of_host(*host, resolve);
  if (theirs == Reach::internet || theirs >= reach_of_host(server, resolve)) return {};
  return fail(
      Errc::invalid,
      fmt::format("the server {} says that its files are at {}, which is {}; its operator should set public_url in "
                  "distrend.toml to its address from outside",
                  server, *host, theirs == Reach::this_machine ? "this machine" : "in a private network"));
}

std::string files_url(std::string const& configured, std::string const& named, std::string const& server,
                      Resolver const& resolve) {
  if (!configured.empty()) return configured;
  std::string port = "8443";
  if (!named.empty()) {
    auto const good = check_named_url(named, server, resolve);
    if (good) return named;
    spdlog::warn("the files URL of the server is rejected; set files_url in the configuration to use it reason={}",
                 quote(good.error().message));
    if (auto const origin = url_origin(named); origin) port = origin->substr(origin->rfind(':') + 1);
  }
  return fmt::format("https://{}:{}", server, port);
}

FileOrigins file_origins(std::string const& configured, std::string const& base_url,
                         std::vector<std::string> const& named, std::string const& server, Resolver const& resolve) {
  FileOrigins out{.base_url = base_url};
  if (!configured.empty()) return out;
  auto const home = url_origin(base_url);
  for (auto const& each : named) {
    auto const origin = url_origin(each);
    if (origin && home && *origin == *home) continue;
    auto const good = origin ? check_named_url(each, server, resolve) : Result<void>(origin.error());
    if (good)
      out.others.push_back(*origin);
    else
      spdlog::warn("an address for files of the server is rejected reason={}", quote(good.error().message));
  }
  return out;
}

Result<std::string> resolve(FileOrigins const& origins, std::string const& reference) {
  return resolve_within(origins.base_url, origins.others, reference);
}

}  // namespace distren
