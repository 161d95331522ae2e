// May the server send its slave there for files? A server is told by the volunteer where it is, and names the address
// of its files itself: that must not lead behind the volunteer's firewall, unless the server is there, too. Any thread;
// asks the resolver, which may take seconds. Failure: invalid, naming the address and the way out.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "common/base/result.h"

namespace distren {

// How far an address is from here; of a name with several, the nearest.
enum class Reach { this_machine, private_network, internet };

Reach reach_of_address(std::string const& address);  // "192.0.2.1" or "2001:db8::1"

using Resolver = std::function<std::vector<std::string>(std::string const& host)>;  // addresses; none: not known here
std::vector<std::string> resolve_host(std::string const& host);

// named: an address of the web; server: the host that the volunteer configured.
Result<void> check_named_url(std::string const& named, std::string const& server,
                             Resolver const& resolve = resolve_host);

// Where files are fetched: what the volunteer configured, if anything; what the server names, as far as it may (else
// that is logged); the server's host with the port that it named, or 8443.
std::string files_url(std::string const& configured, std::string const& named, std::string const& server,
                      Resolver const& resolve = resolve_host);

}  // namespace distren
