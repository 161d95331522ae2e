// Versions as renderers print them: "3.4.1", "4.2", "3.7.0.10".
#pragma once

#include <charconv>
#include <string_view>

namespace distren {

// Compares number by number; what is missing counts as 0, what is no number ends the comparison.
inline bool version_at_least(std::string_view have, std::string_view need) {
  while (!need.empty()) {
    int a = 0;
    int b = 0;
    auto const [a_end, a_error] = std::from_chars(have.data(), have.data() + have.size(), a);
    auto const [b_end, b_error] = std::from_chars(need.data(), need.data() + need.size(), b);
    if (b_error != std::errc{}) return true;
    if (a_error != std::errc{}) a = 0;
    if (a != b) return a > b;
    have.remove_prefix(static_cast<std::size_t>(a_end - have.data()));
    need.remove_prefix(static_cast<std::size_t>(b_end - need.data()));
    if (!have.empty()) have.remove_prefix(1);
    if (!need.empty()) need.remove_prefix(1);
  }
  return true;
}

}  // namespace distren
