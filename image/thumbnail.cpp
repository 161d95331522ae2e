#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "image/color.h"
#include "image/commands.h"
#include "image/image.h"
#include "image/write.h"

namespace distren {
namespace {

constexpr int max_thumbnail = 4096;

// Area average of the rows as they are streamed, in linear light with colour multiplied by alpha: four sums a pixel.
class Shrinker {
public:
  Shrinker(Image& in, int width, int height)
      : in_(in),
        width_(width),
        height_(height),
        channels_(in.channels()),
        sums_(static_cast<std::size_t>(width) * static_cast<std::size_t>(height) * 4) {}

  Result<std::vector<float>> run() {
    auto const& spec = in_.spec();
    double const rows_each = static_cast<double>(spec.height) / height_;
    std::vector<float> line(static_cast<std::size_t>(width_) * 4);
    for (int y = 0; y < spec.height; ++y) {
      auto row = in_.rows(y, 1);
      if (!row) return row.error();
      shrink_row(*row, line);
      // A source row may contribute to two rows of the result; never more, as the result is not larger.
      int const first = std::min(height_ - 1, static_cast<int>(y / rows_each));
      double const edge = (first + 1) * rows_each;
      double const share = std::clamp(edge - y, 0.0, 1.0);
      add(first, line, share / rows_each);
      if (share < 1 && first + 1 < height_) add(first + 1, line, (1 - share) / rows_each);
    }
    if (auto end = in_.finish(); !end) return end.error();
    return std::move(sums_);
  }

private:
  void shrink_row(float const* row, std::vector<float>& line) const {
    std::ranges::fill(line, 0.0F);
    auto const& spec = in_.spec();
    double const columns_each = static_cast<double>(spec.width) / width_;
    for (int x = 0; x < spec.width; ++x) {
      auto const pixel = linear_pixel(row + static_cast<std::ptrdiff_t>(x) * spec.nchannels);
      int const first = std::min(width_ - 1, static_cast<int>(x / columns_each));
      double const share = std::clamp((first + 1) * columns_each - x, 0.0, 1.0);
      for (std::size_t i = 0; i < 4; ++i) {
        auto const at = static_cast<std::size_t>(first) * 4 + i;
        line[at] += pixel[i] * static_cast<float>(share / columns_each);
        if (share < 1 && first + 1 < width_) line[at + 4] += pixel[i] * static_cast<float>((1 - share) / columns_each);
      }
    }
  }

  std::array<float, 4> linear_pixel(float const* stored) const {
    float const alpha = channels_.alpha >= 0 ? std::clamp(stored[channels_.alpha], 0.0F, 1.0F) : 1.0F;
    std::array<float, 4> pixel{0, 0, 0, alpha};
    for (std::size_t i = 0; i < 3; ++i) {
      float value = stored[channels_.color[channels_.color.size() == 3 ? i : 0]];
      if (!std::isfinite(value)) value = 0;
      // Float files store colour multiplied by alpha, eight- and sixteen-bit files do not.
      pixel[i] = in_.is_linear() ? std::max(0.0F, value) : linear_from_srgb(value) * alpha;
    }
    return pixel;
  }

  void add(int y, std::vector<float> const& line, double weight) {
    float* sum = sums_.data() + static_cast<std::size_t>(y) * line.size();
    for (float value : line) *sum++ += value * static_cast<float>(weight);
  }

  Image& in_;
  int width_, height_;
  ImageChannels channels_;
  std::vector<float> sums_;
};

std::vector<unsigned char> encode(std::vector<float> const& sums, bool is_linear, bool keep_alpha) {
  std::vector<unsigned char> result;
  result.reserve(sums.size());
  auto byte = [](float value) { return static_cast<unsigned char>(std::lround(std::clamp(value, 0.0F, 1.0F) * 255)); };
  for (std::size_t at = 0; at < sums.size(); at += 4) {
    float const alpha = sums[at + 3];
    for (std::size_t i = 0; i < 3; ++i) {
      float value = sums[at + i];
      if (keep_alpha && alpha > 0) value /= alpha;  // PNG stores unassociated alpha; JPEG is composed over black
      result.push_back(byte(srgb_from_linear(is_linear ? shoulder(value) : value)));
    }
    if (keep_alpha) result.push_back(byte(alpha));
  }
  return result;
}

}  // namespace

Result<nlohmann::json> make_thumbnail(std::filesystem::path const& in, std::filesystem::path const& out,
                                      int long_side) {
  if (long_side < 1 || long_side > max_thumbnail)
    return fail(Errc::invalid,
                fmt::format("A thumbnail of {} pixels is not possible; ask for 1 to {}.", long_side, max_thumbnail));
  std::string_view const writer = reader_for_suffix(out);
  if (writer != "png" && writer != "jpeg")
    return fail(Errc::invalid,
                fmt::format("A thumbnail is PNG or JPEG; '{}' should end with .png or .jpg.", out.filename().string()));
  auto image = Image::open(in);
  if (!image) return image.error();
  auto const& spec = image->spec();
  int const longer = std::max(spec.width, spec.height);
  auto scaled = [&](int side) {
    if (longer <= long_side) return side;  // never enlarged
    return std::max(1, static_cast<int>(std::lround(static_cast<double>(side) * long_side / longer)));
  };
  int const width = scaled(spec.width), height = scaled(spec.height);
  auto sums = Shrinker(*image, width, height).run();
  if (!sums) return sums.error();
  bool const keep_alpha = writer == "png" && image->channels().alpha >= 0;
  auto const pixels = encode(*sums, image->is_linear(), keep_alpha);
  OIIO::ImageSpec result(width, height, keep_alpha ? 4 : 3, OIIO::TypeDesc::UINT8);
  result.attribute("oiio:ColorSpace", "sRGB");
  result.attribute("oiio:UnassociatedAlpha", 1);
  result.attribute("CompressionQuality", 85);
  if (auto written = write_image(out, result, pixels.data()); !written) return written.error();
  return nlohmann::json{{"ok", true}, {"width", width}, {"height", height}};
}

}  // namespace distren
