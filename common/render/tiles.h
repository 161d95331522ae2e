// A frame in tiles: the position of each, the rendered area, and the image names. Shared by server (orders, checks) and
// distren-image (stitching), so that both use the same pixels. Pixels are counted from the top left corner; tiles from
// 1, row by row; tile 0 is the whole frame. Values, any thread.
#pragma once

#include <string>
#include <string_view>

#include "common/base/result.h"

namespace distren {

struct PixelBox {  // right and bottom: one past the last
  int left = 0;
  int top = 0;
  int right = 0;
  int bottom = 0;
  [[nodiscard]] int width() const { return right - left; }
  [[nodiscard]] int height() const { return bottom - top; }
};

struct TileGrid {
  int width = 0;  // of the whole frame, pixels
  int height = 0;
  int columns = 1;
  int rows = 1;
  int overscan = 0;    // pixels rendered beyond a tile's edges, so that filters find their neighbours
  bool whole = false;  // the image of a tile has the whole frame's size
  [[nodiscard]] int count() const { return columns * rows; }
};

inline constexpr int max_tiles = 4096;    // of a frame
inline constexpr int max_overscan = 256;  // pixels
inline constexpr int min_tile_side = 16;  // pixels

// Errors: invalid, naming what does not fit and the limits.
Result<void> check_tiles(TileGrid const& grid);
PixelBox tile_box(TileGrid const& grid, int tile);      // its part of the frame; all parts together cover the frame
PixelBox rendered_box(TileGrid const& grid, int tile);  // with its overscan, within the frame

// pattern "%04d.png": "0005.png", for tile 3 "0005-t0003.png". "%0Nd" and nothing else of printf is understood; a
// pattern without it is the name itself.
std::string image_name(std::string_view pattern, long frame, int tile = 0);

}  // namespace distren
