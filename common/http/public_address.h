// Whether an untrusted URL may make us connect to an address: only the public internet, not this machine, its networks,
// links, documentation or another form of one of these (mapped, translated, 6to4, Teredo). Pure.
#pragma once

#include <string>

struct sockaddr;

namespace distren {

bool is_public_address(sockaddr const* address);
bool is_public_address(std::string const& text);  // "192.0.2.1" or "2001:db8::1"; false for invalid addresses

}  // namespace distren
