#include "server/http/uri.h"

#include <fmt/format.h>

#include <algorithm>

#include "common/base/text.h"

namespace distren {

namespace {

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

bool has_control(std::string_view text) {
  return std::any_of(text.begin(), text.end(),
                     [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; });
}

Error refuse(std::string_view target, std::string_view reason) {
  return fail(Errc::invalid, fmt::format("the address '{}' cannot be used: {}", printable(target, 200), reason));
}

}  // namespace

std::optional<std::string> percent_decode(std::string_view text, bool plus_is_space) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '+' && plus_is_space) {
      out.push_back(' ');
    } else if (text[i] == '%') {
      int const high = i + 2 < text.size() ? hex_digit(text[i + 1]) : -1;
      int const low = i + 2 < text.size() ? hex_digit(text[i + 2]) : -1;
      if (high < 0 || low < 0) return std::nullopt;
      out.push_back(static_cast<char>(high * 16 + low));
      i += 2;
    } else {
      out.push_back(text[i]);
    }
  }
  return out;
}

Result<Target> parse_target(std::string_view target) {
  // The absolute form, as proxies are asked, names this server and then the path.
  for (std::string_view const scheme : {"http://", "https://"}) {
    if (!target.starts_with(scheme)) continue;
    auto const slash = target.find('/', scheme.size());
    target = slash == std::string_view::npos ? std::string_view("/") : target.substr(slash);
  }
  auto const question = target.find('?');
  auto const path = percent_decode(target.substr(0, question));
  if (!path) return refuse(target, "it has a broken %-escape");
  if (path->empty() || path->front() != '/') return refuse(target, "it does not begin with '/'");
  if (has_control(*path)) return refuse(target, "it holds a control character");
  for (std::string_view rest = std::string_view(*path).substr(1);;) {
    auto const slash = rest.find('/');
    auto const part = rest.substr(0, slash);
    if (part == "." || part == "..") return refuse(target, "it has a '.' or '..' part");
    if (slash == std::string_view::npos) break;
    if (part.empty()) return refuse(target, "it has an empty part");
    rest.remove_prefix(slash + 1);
  }
  Target out{*path, {}};
  if (question == std::string_view::npos) return out;
  for (std::string_view rest = target.substr(question + 1); !rest.empty();) {
    auto const end = rest.find('&');
    auto const pair = rest.substr(0, end);
    rest.remove_prefix(end == std::string_view::npos ? rest.size() : end + 1);
    if (pair.empty()) continue;
    auto const equal = pair.find('=');
    auto const name = percent_decode(pair.substr(0, equal), true);
    auto const value = equal == std::string_view::npos ? std::optional<std::string>(std::string())
                                                       : percent_decode(pair.substr(equal + 1), true);
    if (!name || !value) return refuse(target, "its query has a broken %-escape");
    if (has_control(*name) || has_control(*value)) return refuse(target, "its query holds a control character");
    for (auto const& [known, ignored] : out.query) {
      if (known == *name) return refuse(target, fmt::format("its query names '{}' twice", printable(*name, 50)));
    }
    if (out.query.size() >= 50) return refuse(target, "its query has more than 50 names");
    out.query.emplace_back(*name, *value);
  }
  return out;
}

}  // namespace distren
