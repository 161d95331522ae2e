#include "common/render/tiles.h"

#include <fmt/format.h>

#include <algorithm>

namespace distren {

Result<void> check_tiles(TileGrid const& grid) {
  if (grid.columns < 1 || grid.rows < 1 || grid.columns > max_tiles || grid.rows > max_tiles ||
      grid.count() > max_tiles)
    return fail(Errc::invalid,
                fmt::format("{}x{} tiles are not possible; a frame has 1 to {}", grid.columns, grid.rows, max_tiles));
  if (grid.overscan < 0 || grid.overscan > max_overscan)
    return fail(Errc::invalid,
                fmt::format("an overscan of {} pixels is not between 0 and {}", grid.overscan, max_overscan));
  if (grid.width / grid.columns < min_tile_side || grid.height / grid.rows < min_tile_side)
    return fail(Errc::invalid,
                fmt::format("{}x{} tiles of a frame of {}x{} pixels are smaller than {} pixels a side; use fewer",
                            grid.columns, grid.rows, grid.width, grid.height, min_tile_side));
  return {};
}

PixelBox tile_box(TileGrid const& grid, int tile) {
  if (tile < 1) return {0, 0, grid.width, grid.height};
  int const column = (tile - 1) % grid.columns;
  int const row = (tile - 1) / grid.columns;
  auto const edge = [](int size, int parts, int at) { return static_cast<int>(static_cast<long>(size) * at / parts); };
  return {edge(grid.width, grid.columns, column), edge(grid.height, grid.rows, row),
          edge(grid.width, grid.columns, column + 1), edge(grid.height, grid.rows, row + 1)};
}

PixelBox rendered_box(TileGrid const& grid, int tile) {
  PixelBox const box = tile_box(grid, tile);
  return {std::max(0, box.left - grid.overscan), std::max(0, box.top - grid.overscan),
          std::min(grid.width, box.right + grid.overscan), std::min(grid.height, box.bottom + grid.overscan)};
}

std::string image_name(std::string_view pattern, long frame, int tile) {
  auto const start = pattern.find("%0");
  if (start == std::string_view::npos) return std::string(pattern);
  auto const end = pattern.find('d', start);
  if (end != start + 3) return fmt::format("{:04}", frame);
  int const digits = std::clamp(pattern[start + 2] - '0', 1, 9);
  return fmt::format("{}{:0{}}{}{}", pattern.substr(0, start), frame, digits,
                     tile > 0 ? fmt::format("-t{:04}", tile) : "", pattern.substr(end + 1));
}

}  // namespace distren
