// JSON text from strangers: nlohmann's parser takes any depth, and copying or writing what it made recurses, so a few
// megabytes of '[' would end the program. Counted on the text before anything is built. Any thread.
#pragma once

#include <nlohmann/json.hpp>
#include <string_view>

namespace distren {

inline constexpr int json_depth_limit = 32;  // objects and lists within each other; no message of ours has ten

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

// Discarded (neither object nor anything else) for what is no JSON or too deep; no exception.
inline nlohmann::json parse_shallow_json(std::string_view text) {
  if (json_too_deep(text)) return nlohmann::json(nlohmann::json::value_t::discarded);
  return nlohmann::json::parse(text, nullptr, false);
}

}  // namespace distren
