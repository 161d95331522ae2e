// Checks the server's files_url. The volunteer configured the server, but the server itself names the address of its
// files: it must not lead into the volunteer's private networks, unless the server is there, too. Any thread; may block
// for seconds in the resolver. Errors: invalid, naming the address and the remedy.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "common/base/result.h"

namespace distren {

// The network of an address; of a name with several addresses, the nearest.
enum class Reach { this_machine, private_network, internet };

Reach reach_of_address(std::string const& address);  // "192.0.2.1" or "2001:db8::1"

using Resolver = std::function<std::vector<std::string>(std::string const& host)>;  // addresses; none: unknown here
std::vector<std::string> resolve_host(std::string const& host);

// named: a URL of the server; server: the host that the volunteer configured.
Result<void> check_named_url(std::string const& named, std::string const& server,
                             Resolver const& resolve = resolve_host);

// The base URL of files: the volunteer's setting, if any; else the server's URL, if permitted (a rejection is logged);
// else the server's host with the port of that URL, or 8443.
std::string files_url(std::string const& configured, std::string const& named, std::string const& server,
                      Resolver const& resolve = resolve_host);

// Where files may come from and go to.
struct FileOrigins {
  std::string base_url{};  // of relative URLs
  std::vector<std::string> others{};
};
// others: of those that the server names, permitted as its base URL is; a rejection is logged. With a setting of the
// volunteer's, none.
FileOrigins file_origins(std::string const& configured, std::string const& base_url,
                         std::vector<std::string> const& named, std::string const& server,
                         Resolver const& resolve = resolve_host);
// The absolute URL. Errors: invalid, of another origin.
Result<std::string> resolve(FileOrigins const& origins, std::string const& reference);

}  // namespace distren
