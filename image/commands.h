// The subcommands of distren-image, each returning the JSON object that is printed. Thread: main(), after
// image_library_limits(). Errors: the image is rejected, with the reason in one sentence. Writes only the file named
// out, atomically.
#pragma once

#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "common/base/result.h"
#include "common/render/tiles.h"

namespace distren {

struct CheckOptions {
  int width = 0;   // 0: any
  int height = 0;  // 0: any
  std::string format;
  int code = 0;  // 0: none; else the frame number that the strip along the lower edge must show
};
Result<nlohmann::json> check_image(std::filesystem::path const& file, CheckOptions const& options);

// Reads the number along the lower edge of a benchmark image (methods/method.xsd): squares with sharp edges, unless it
// was scaled. Errors: there is none.
Result<int> read_code(std::filesystem::path const& file);

Result<nlohmann::json> compare_images(std::filesystem::path const& left, std::filesystem::path const& right,
                                      bool relaxed);

Result<nlohmann::json> make_thumbnail(std::filesystem::path const& in, std::filesystem::path const& out, int long_side);

struct PlacedTile {
  std::filesystem::path file;
  int x = 0;        // pixels from the left edge
  int y = 0;        // pixels from the top edge
  PixelBox part{};  // of its own pixels, without the overscan; empty: all
};
Result<PlacedTile> parse_tile(std::string const& text);
// The tiles of a frame as ordered: files by the pattern (common/render/tiles.h), without their overscan.
std::vector<PlacedTile> tiles_of_frame(TileGrid const& grid, std::string const& pattern, long frame);
Result<nlohmann::json> stitch_tiles(std::filesystem::path const& out, int width, int height,
                                    std::vector<PlacedTile> const& tiles);

}  // namespace distren
