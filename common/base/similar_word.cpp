#include "common/base/similar_word.h"

#include <algorithm>
#include <array>
#include <numeric>
#include <utility>

namespace distren {

std::size_t edit_distance(std::string_view one, std::string_view other) {
  one = one.substr(0, similar_word_letters);
  other = other.substr(0, similar_word_letters);
  using Row = std::array<std::size_t, similar_word_letters + 1>;
  Row before_last{};
  Row last{};
  Row row{};
  std::iota(row.begin(), row.end(), std::size_t{0});
  for (std::size_t i = 1; i <= one.size(); ++i) {
    before_last = std::exchange(last, row);
    row[0] = i;
    for (std::size_t j = 1; j <= other.size(); ++j) {
      bool const same = one[i - 1] == other[j - 1];
      row[j] = std::min({last[j] + 1, row[j - 1] + 1, last[j - 1] + (same ? 0 : 1)});
      if (i > 1 && j > 1 && one[i - 1] == other[j - 2] && one[i - 2] == other[j - 1])
        row[j] = std::min(row[j], before_last[j - 2] + 1);
    }
  }
  return row[other.size()];
}

}  // namespace distren
