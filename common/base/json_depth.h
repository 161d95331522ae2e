// Untrusted JSON text: nlohmann's parser accepts any depth, and copying or writing its result recurses, so a few
// megabytes of '[' would overflow the stack. The depth is counted before parsing. Any thread.
#pragma once

#include <nlohmann/json.hpp>
#include <string_view>

namespace distren {

inline constexpr int json_depth_limit = 32;  // nested objects and arrays; none of our messages has ten

inline bool json_too_deep(std::string_view text) {
  int depth = 0;
  bool in_string = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    char const c = text[i];
    if (in_string) {
      if (c == '\\') ++i;
      if (c == '"') in_string = false;
    } else if (c == '"') {
      in_string = true;
    } else if (c == '{' || c == '[') {
      if (++depth > json_depth_limit) return true;
    } else if (c == '}' || c == ']') {
      --depth;
    }
  }
  return false;
}

// Whether an object of the text names a member twice; programs differ in which of the two they take. value: what the
// text was parsed to, which kept one of them. Cheap: names are counted, not compared.
inline bool names_member_twice(std::string_view text, nlohmann::json const& value) {
  std::size_t named = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '"') continue;
    while (++i < text.size() && text[i] != '"') i += text[i] == '\\' ? 1 : 0;
    auto const next = text.find_first_not_of(" \t\r\n", i + 1);
    if (next != std::string_view::npos && text[next] == ':') ++named;
  }
  std::size_t kept = 0;
  auto const count = [&kept](auto const& self, nlohmann::json const& each) -> void {
    if (!each.is_structured()) return;
    if (each.is_object()) kept += each.size();
    for (auto const& inner : each) self(self, inner);
  };
  count(count, value);
  return named != kept;
}

// Returns a discarded value (neither object nor anything else) for invalid or too deep JSON; throws nothing.
inline nlohmann::json parse_shallow_json(std::string_view text) {
  if (json_too_deep(text)) return nlohmann::json(nlohmann::json::value_t::discarded);
  return nlohmann::json::parse(text, nullptr, false);
}

}  // namespace distren
