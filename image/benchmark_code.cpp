#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <optional>

#include "common/render/benchmark.h"
#include "image/commands.h"
#include "image/image.h"

namespace distren {
namespace {

constexpr float white = 0.9F, black = 0.1F;  // between them is neither
constexpr double hair = 0.05;                // tolerance in pixels for antialiased edges
constexpr int rounding = 2;                  // pixels by which the strip may be lower than a square is wide

Error no_code(std::string const& why) {
  return fail(Errc::invalid, fmt::format("The image shows no frame number along its lower edge: {}.", why));
}

struct Square {
  std::optional<bool> is_white{};
  bool broken = false;
  void add(float low, float high) {
    bool const bright = low >= white;
    if ((!bright && high > black) || (is_white && *is_white != bright)) broken = true;
    is_white = bright;
  }
};

}  // namespace

Result<int> read_code(std::filesystem::path const& file) {
  auto image = Image::open(file);
  if (!image) return image.error();
  auto const& spec = image->spec();
  auto const color = image->channels().color;
  double const side = static_cast<double>(spec.width) / benchmark_strip_squares;
  int const first_row = spec.height - static_cast<int>(side) + rounding;
  if (color.empty() || first_row < 0 || first_row >= spec.height) return no_code("it is too small");

  std::vector<Square> squares(benchmark_strip_squares);
  for (int y = 0; y < spec.height; ++y) {  // decoders require all rows in order
    auto const row = image->rows(y, 1);
    if (!row) return row.error();
    if (y < first_row) continue;
    for (int index = 0; index < benchmark_strip_squares; ++index) {
      // Only pixels that lie entirely inside the square: one on an edge is rightly grey.
      int const from = static_cast<int>(std::ceil(index * side + hair));
      int const to = static_cast<int>(std::floor((index + 1) * side - hair));
      for (int x = from; x < std::min(to, spec.width); ++x) {
        float const* pixel = *row + static_cast<std::ptrdiff_t>(x) * spec.nchannels;
        float low = 1, high = 0;
        for (int const channel : color) {
          low = std::min(low, pixel[channel]);
          high = std::max(high, pixel[channel]);
        }
        squares[static_cast<std::size_t>(index)].add(low, high);
      }
    }
  }
  int code = 0;
  for (int index = 0; index < benchmark_strip_squares; ++index) {
    auto const& square = squares[static_cast<std::size_t>(index)];
    if (square.broken || !square.is_white)
      return no_code(fmt::format("square {} of {} is neither black nor white", index + 1, benchmark_strip_squares));
    bool const guard = index == 0 || index == benchmark_strip_squares - 1;
    if (guard && *square.is_white != (index == 0))
      return no_code(index == 0 ? "its first square is not white" : "its last square is not black");
    if (!guard && *square.is_white) code |= 1 << (index - 1);
  }
  return code;
}

}  // namespace distren
