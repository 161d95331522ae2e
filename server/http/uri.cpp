#include "server/http/uri.h"

#include <event2/http.h>
#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <memory>
#include <string_view>

#include "common/base/text.h"

namespace distren {

namespace {

constexpr std::size_t max_names = 50;

struct UriFree {
  void operator()(evhttp_uri* uri) const { evhttp_uri_free(uri); }
};

Error refuse(std::string_view target, std::string_view reason) {
  return fail(Errc::invalid, fmt::format("the address '{}' cannot be used: {}", printable(target, 200), reason));
}

// The parser has rejected broken escapes. NUL and other control characters may come out of whole ones.
std::string decode(std::string_view text, bool plus_is_space) {
  std::size_t size = 0;
  std::unique_ptr<char, decltype(&std::free)> const decoded(
      evhttp_uridecode(std::string(text).c_str(), plus_is_space ? 1 : 0, &size), &std::free);
  if (!decoded) std::abort();  // no memory for a few hundred bytes
  return {decoded.get(), size};
}

bool has_control(std::string_view text) {
  return std::any_of(text.begin(), text.end(),
                     [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; });
}

// What is wrong with a decoded path; empty: nothing.
std::string_view fault_of_path(std::string_view path) {
  if (path.empty() || path.front() != '/') return "it does not begin with '/'";
  if (has_control(path)) return "it holds a control character";
  for (std::string_view rest = path.substr(1);;) {
    auto const slash = rest.find('/');
    auto const part = rest.substr(0, slash);
    if (part == "." || part == "..") return "it has a '.' or '..' part";
    if (slash == std::string_view::npos) return {};
    if (part.empty()) return "it has an empty part";
    rest.remove_prefix(slash + 1);
  }
}

// evhttp_parse_query_str leaves names encoded, refuses names without a value and cuts values at %00.
Result<void> parse_query(std::string_view target, std::string_view rest, Target& out) {
  while (!rest.empty()) {
    auto const end = rest.find('&');
    auto const pair = rest.substr(0, end);
    rest.remove_prefix(end == std::string_view::npos ? rest.size() : end + 1);
    if (pair.empty()) continue;
    auto const equal = std::min(pair.find('='), pair.size());
    auto name = decode(pair.substr(0, equal), true);
    auto value = decode(pair.substr(std::min(equal + 1, pair.size())), true);
    if (has_control(name) || has_control(value)) return refuse(target, "its query holds a control character");
    for (auto const& [known, ignored] : out.query) {
      if (known == name) return refuse(target, fmt::format("its query names '{}' twice", printable(name, 50)));
    }
    if (out.query.size() >= max_names)
      return refuse(target, fmt::format("its query has more than {} names", max_names));
    out.query.emplace_back(std::move(name), std::move(value));
  }
  return {};
}

}  // namespace

Result<Target> parse_target(std::string const& target) {
  std::unique_ptr<evhttp_uri, UriFree> const uri(evhttp_uri_parse_with_flags(target.c_str(), 0));
  if (!uri) return refuse(target, "it is no address by RFC 3986; other characters are written as %-escapes");
  if (evhttp_uri_get_fragment(uri.get()) != nullptr) return refuse(target, "it has a fragment");
  // The absolute form, as proxies are asked, names this server and then the path.
  char const* scheme = evhttp_uri_get_scheme(uri.get());
  bool const absolute = evhttp_uri_get_host(uri.get()) != nullptr;
  auto const is = [scheme](std::string_view name) { return scheme != nullptr && lower_case(scheme) == name; };
  if (absolute != (is("http") || is("https")) || (scheme != nullptr && !absolute))
    return refuse(target, "it is neither a path nor an address of http or https");
  std::string_view const path = evhttp_uri_get_path(uri.get());
  Target out{absolute && path.empty() ? "/" : decode(path, false), {}};
  if (auto const fault = fault_of_path(out.path); !fault.empty()) return refuse(target, fault);
  if (char const* query = evhttp_uri_get_query(uri.get()); query != nullptr) {
    if (auto const parsed = parse_query(target, query, out); !parsed) return parsed.error();
  }
  return out;
}

}  // namespace distren
