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

// Returns a discarded value (neither object nor anything else) for invalid or too deep JSON; throws nothing.
inline nlohmann::json parse_shallow_json(std::string_view text) {
  if (json_too_deep(text)) return nlohmann::json(nlohmann::json::value_t::discarded);
  return nlohmann::json::parse(text, nullptr, false);
}

}  // namespace distren
