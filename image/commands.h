// What distren-image can do: one function a subcommand, each returning the JSON object that is printed.
// Called from main() on its only thread, after image_library_limits(). Failure: the image is not acceptable, with the
// reason in one sentence. Nothing is written but the file named out, which appears whole or not at all.
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
  int code = 0;  // 0: none; else the frame that the strip along the lower edge must show
};
Result<nlohmann::json> check_image(std::filesystem::path const& file, CheckOptions const& options);

// The number written along the lower edge of a benchmark's picture (methods/method.xsd): squares with sharp edges, or
// it was scaled. Failure: there is none.
Result<int> read_code(std::filesystem::path const& file);

Result<nlohmann::json> compare_images(std::filesystem::path const& left, std::filesystem::path const& right,
                                      bool relaxed);

Result<nlohmann::json> make_thumbnail(std::filesystem::path const& in, std::filesystem::path const& out, int long_side);

struct TileAt {
  std::filesystem::path file;
  int x = 0;        // pixels from the left edge
  int y = 0;        // pixels from the top edge
  PixelBox part{};  // of its own pixels, without the overscan; empty: all of them
};
Result<TileAt> parse_tile(std::string const& text);
// The tiles of a frame as they were ordered: files by the pattern (common/render/tiles.h), their overscan cut off.
std::vector<TileAt> tiles_of_frame(TileGrid const& grid, std::string const& pattern, long frame);
Result<nlohmann::json> stitch_tiles(std::filesystem::path const& out, int width, int height,
                                    std::vector<TileAt> const& tiles);

}  // namespace distren
