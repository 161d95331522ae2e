#include "server/config/web_origin.h"

#include <fmt/format.h>

#include "common/base/text.h"

namespace distren {

namespace {

constexpr std::size_t longest_origin = 260;

bool is_port(std::string_view port) {
  return !port.empty() && port.size() <= 5 && port.front() != '0' &&
         port.find_first_not_of("0123456789") == std::string_view::npos && std::stoi(std::string(port)) <= 65535;
}

bool is_host(std::string_view host) {
  if (host.starts_with('['))
    return host.size() > 3 && host.ends_with(']') &&
           host.substr(1, host.size() - 2).find_first_not_of("0123456789abcdef:.") == std::string_view::npos;
  return !host.empty() && host.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789.-") == std::string_view::npos;
}

}  // namespace

Result<void> check_web_origin(std::string_view origin) {
  auto const wrong = [origin](std::string_view what) {
    return fail(Errc::invalid, fmt::format("\"{}\": {}", printable(origin, 100), what));
  };
  if (origin == "*") return wrong("any page of the web could use the API; name each origin");
  if (origin == "null") return wrong("that is the origin of files and sandboxed frames of anyone; name each origin");
  bool const tls = origin.starts_with("https://");
  if (origin.size() > longest_origin || (!tls && !origin.starts_with("http://")))
    return wrong("this is not like \"https://tool.example.org\"");
  auto const authority = origin.substr(tls ? 8 : 7);
  if (authority.find_first_of("/?#") != std::string_view::npos)
    return wrong("an origin has no path; leave out what follows the host, the slash, too");
  if (authority != lower_case(authority)) return wrong("browsers send hosts in lower case; write it so");
  auto const colon = authority.find(':', authority.starts_with('[') ? authority.find(']') : 0);
  auto const host = authority.substr(0, colon);
  if (!is_host(host)) return wrong("this is not like \"https://tool.example.org\"");
  if (colon == std::string_view::npos) return {};
  auto const port = authority.substr(colon + 1);
  if (!is_port(port)) return wrong("the port is no number from 1 to 65535");
  if (port == (tls ? "443" : "80")) return wrong("browsers leave out this port; do so, too");
  return {};
}

}  // namespace distren
