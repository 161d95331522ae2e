// The word that somebody most likely meant: for mistyped settings, commands and options. Pure; any thread. No errors.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace distren {

constexpr std::size_t similar_word_letters = 128;  // longer words are like no other

// Letters to insert, delete, replace or exchange with their neighbour (optimal string alignment) to make one of the
// other. Of each the first similar_word_letters count.
std::size_t edit_distance(std::string_view one, std::string_view other);

// The nearest of `words` within a third of the word's letters; empty: none is near.
template <typename Words>
std::string similar_word(std::string_view word, Words const& words) {
  if (word.size() > similar_word_letters) return {};
  std::size_t best = word.size() / 3 + 1;
  std::string found;
  for (std::string_view const candidate : words) {
    std::size_t const distance = edit_distance(word, candidate);
    if (distance >= best) continue;
    best = distance;
    found = candidate;
  }
  return found;
}

}  // namespace distren
