#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cstring>

#include "image/commands.h"
#include "image/image.h"
#include "image/write.h"

namespace distren {
namespace {

struct Placed {
  PlacedTile tile;
  PixelBox part;
  [[nodiscard]] int width() const { return part.width(); }
  [[nodiscard]] int height() const { return part.height(); }
};

bool overlap(Placed const& a, Placed const& b) {
  return a.tile.x < b.tile.x + b.width() && b.tile.x < a.tile.x + a.width() && a.tile.y < b.tile.y + b.height() &&
         b.tile.y < a.tile.y + a.height();
}

std::string named(PlacedTile const& tile) {
  return fmt::format("{}@{},{}", tile.file.filename().string(), tile.x, tile.y);
}

// Without overlap and within the frame, so that the sum of the areas shows whether a pixel is missing.
Result<void> covers(std::vector<Placed> const& placed, int width, int height) {
  long area = 0;
  for (std::size_t i = 0; i < placed.size(); ++i) {
    auto const& tile = placed[i];
    if (tile.tile.x < 0 || tile.tile.y < 0 || tile.width() > width - tile.tile.x ||
        tile.height() > height - tile.tile.y)
      return fail(Errc::invalid, fmt::format("Tile {} of {} x {} pixels exceeds the image of {} x {}.",
                                             named(tile.tile), tile.width(), tile.height(), width, height));
    for (std::size_t j = 0; j < i; ++j)
      if (overlap(tile, placed[j]))
        return fail(Errc::invalid, fmt::format("Tiles {} and {} overlap.", named(placed[j].tile), named(tile.tile)));
    area += static_cast<long>(tile.width()) * tile.height();
  }
  long const whole = static_cast<long>(width) * height;
  if (area != whole)
    return fail(Errc::invalid,
                fmt::format("The tiles leave {} of {} pixels without a value; one is missing.", whole - area, whole));
  return {};
}

Result<void> same_kind(Image const& first, Image const& other, PlacedTile const& tile) {
  auto const &a = first.spec(), &b = other.spec();
  if (a.nchannels != b.nchannels || a.format != b.format || a.channelnames != b.channelnames)
    return fail(Errc::invalid, fmt::format("Tile {} has {} channels of {}, but the first has {} of {}.", named(tile),
                                           b.nchannels, b.format.c_str(), a.nchannels, a.format.c_str()));
  return {};
}

OIIO::ImageSpec result_spec(OIIO::ImageSpec const& tile, int width, int height) {
  OIIO::ImageSpec spec(width, height, tile.nchannels, tile.format);
  spec.channelnames = tile.channelnames;
  spec.alpha_channel = tile.alpha_channel;
  spec.z_channel = tile.z_channel;
  spec.attribute("oiio:UnassociatedAlpha", 1);  // write the values unchanged
  if (!tile.format.is_floating_point()) spec.attribute("oiio:ColorSpace", "sRGB");
  if (auto compression = tile.get_string_attribute("compression"); !compression.empty())
    spec.attribute("compression", compression);
  return spec;
}

Result<int> whole_number(std::string_view text) {
  int value = 0;
  auto const [end, code] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (code != std::errc{} || end != text.data() + text.size() || value < 0 || value > max_side)
    return fail(Errc::invalid, fmt::format("'{}' is not a position of 0 to {}.", text, max_side));
  return value;
}

}  // namespace

Result<PlacedTile> parse_tile(std::string const& text) {
  auto const at = text.rfind('@');
  auto const comma = text.rfind(',');
  if (at == std::string::npos || at == 0 || comma == std::string::npos || comma < at)
    return fail(Errc::invalid, fmt::format("'{}' is not a tile; write FILE@X,Y.", text));
  auto x = whole_number(std::string_view(text).substr(at + 1, comma - at - 1));
  if (!x) return x.error();
  auto y = whole_number(std::string_view(text).substr(comma + 1));
  if (!y) return y.error();
  return PlacedTile{text.substr(0, at), *x, *y, {}};
}

std::vector<PlacedTile> tiles_of_frame(TileGrid const& grid, std::string const& pattern, long frame) {
  std::vector<PlacedTile> tiles;
  for (int tile = 1; tile <= grid.count(); ++tile) {
    PixelBox const box = tile_box(grid, tile);
    PixelBox const image = grid.whole ? PixelBox{} : rendered_box(grid, tile);
    tiles.push_back({image_name(pattern, frame, tile),
                     box.left,
                     box.top,
                     {box.left - image.left, box.top - image.top, box.right - image.left, box.bottom - image.top}});
  }
  return tiles;
}

Result<nlohmann::json> stitch_tiles(std::filesystem::path const& out, int width, int height,
                                    std::vector<PlacedTile> const& tiles) {
  if (width < 1 || height < 1 || width > max_side || height > max_side ||
      static_cast<long>(width) * height > max_pixels)
    return fail(Errc::invalid, fmt::format("An image of {} x {} pixels is not possible.", width, height));
  if (tiles.empty() || tiles.size() > static_cast<std::size_t>(max_tiles))
    return fail(Errc::invalid, fmt::format("{} tiles are given; 1 to {} are possible.", tiles.size(), max_tiles));
  std::string_view const writer = reader_for_suffix(out);
  if (writer == "jpeg" || writer == "webp" || writer == "jpeg2000" || writer == "heif")
    return fail(Errc::invalid,
                fmt::format("'{}' would lose pixels' values; stitch to .png, .tif or .exr.", out.filename().string()));
  // Sizes first: nothing large is decoded before the whole plan is known to fit.
  std::vector<Placed> placed;
  for (auto const& tile : tiles) {
    auto image = Image::open(tile.file);
    if (!image) return fail(image.error().code, fmt::format("Tile {}: {}", named(tile), image.error().message));
    int const across = image->spec().width, down = image->spec().height;
    PixelBox const part = tile.part.width() > 0 ? tile.part : PixelBox{0, 0, across, down};
    if (part.left < 0 || part.top < 0 || part.right > across || part.bottom > down)
      return fail(Errc::invalid, fmt::format("Tile {} has {} x {} pixels; at least {} x {} are needed.", named(tile),
                                             across, down, part.right, part.bottom));
    placed.push_back({tile, part});
    placed.back().tile.part = part;
  }
  if (auto good = covers(placed, width, height); !good) return good.error();

  auto first = Image::open(tiles.front().file);
  if (!first) return first.error();
  auto const spec = result_spec(first->spec(), width, height);
  auto const pixel_size = static_cast<std::size_t>(spec.pixel_bytes());
  std::vector<unsigned char> canvas(pixel_size * static_cast<std::size_t>(width) * static_cast<std::size_t>(height));
  for (auto const& [tile, part] : placed) {
    auto image = Image::open(tile.file);
    if (!image) return image.error();
    if (auto same = same_kind(*first, *image, tile); !same) return same.error();
    auto pixels = image->stored_pixels();
    if (!pixels) return fail(pixels.error().code, fmt::format("Tile {}: {}", named(tile), pixels.error().message));
    auto const row_size = static_cast<std::size_t>(part.width()) * pixel_size;
    for (int y = 0; y < part.height(); ++y) {
      auto const from = (static_cast<std::size_t>(part.top + y) * static_cast<std::size_t>(image->spec().width) +
                         static_cast<std::size_t>(part.left)) *
                        pixel_size;
      auto const to =
          (static_cast<std::size_t>(tile.y + y) * static_cast<std::size_t>(width) + static_cast<std::size_t>(tile.x)) *
          pixel_size;
      std::memcpy(canvas.data() + to, pixels->data() + from, row_size);
    }
  }
  if (auto written = write_image(out, spec, canvas.data()); !written) return written.error();
  return nlohmann::json{{"ok", true}, {"width", width}, {"height", height}, {"tiles", tiles.size()}};
}

}  // namespace distren
