#include "scene/blend/blend_memory.h"

#include <algorithm>
#include <cctype>
#include <string_view>

#include "common/base/text.h"

namespace distren {
namespace {

constexpr std::int64_t renderer_itself = std::int64_t{250} << 20;
constexpr std::int64_t bytes_per_frame_pixel = 90;  // passes, buffers, the compositor's copies
constexpr std::int64_t bytes_per_texel = 4;
constexpr std::int64_t geometry_copies = 3;  // as loaded, as evaluated, as the renderer's acceleration structure
constexpr std::int64_t max_bytes = std::int64_t{1} << 44;  // sums cannot overflow, whatever the file claims

std::int64_t big_endian(std::span<unsigned char const> bytes, std::size_t at, std::size_t count) {
  std::int64_t value = 0;
  for (std::size_t i = 0; i < count; ++i) value = value << 8 | bytes[at + i];
  return value;
}

std::optional<std::int64_t> plausible(std::int64_t width, std::int64_t height) {
  if (width < 1 || height < 1 || width > 1 << 18 || height > 1 << 18) return std::nullopt;
  return width * height;
}

std::optional<std::int64_t> jpeg_pixels(std::span<unsigned char const> head) {
  for (std::size_t at = 2; at + 9 < head.size();) {
    if (head[at] != 0xff) return std::nullopt;
    int const marker = head[at + 1];
    bool const is_frame = marker >= 0xc0 && marker <= 0xcf && marker != 0xc4 && marker != 0xc8 && marker != 0xcc;
    if (is_frame) return plausible(big_endian(head, at + 7, 2), big_endian(head, at + 5, 2));
    at += 2 + static_cast<std::size_t>(big_endian(head, at + 2, 2));
  }
  return std::nullopt;
}

// Typical ratio of decoded to encoded size for this kind of image.
std::int64_t unpacking_factor(std::string_view path) {
  auto const dot = path.rfind('.');
  std::string const suffix = lower_case(dot == std::string_view::npos ? std::string_view{} : path.substr(dot + 1));
  if (suffix == "jpg" || suffix == "jpeg" || suffix == "webp" || suffix == "jp2") return 12;
  if (suffix == "png") return 5;
  if (suffix == "exr" || suffix == "hdr") return 4;
  return 2;
}

}  // namespace

std::optional<std::int64_t> image_pixels(std::span<unsigned char const> head) {
  std::string_view const text(reinterpret_cast<char const*>(head.data()), head.size());
  if (text.starts_with("\x89PNG\r\n\x1a\n") && head.size() >= 24)
    return plausible(big_endian(head, 16, 4), big_endian(head, 20, 4));
  if (text.starts_with("\xff\xd8\xff")) return jpeg_pixels(head);
  return std::nullopt;
}

std::int64_t memory_estimate(BlendSummary const& summary, std::int64_t frame_pixels,
                             std::function<std::int64_t(std::string const& path)> const& file_bytes) {
  auto sum = renderer_itself;
  auto add = [&sum](std::int64_t count, std::int64_t each) {
    sum = std::min(max_bytes, sum + std::clamp<std::int64_t>(count, 0, max_bytes / each) * each);
  };
  add(frame_pixels, bytes_per_frame_pixel);
  add(summary.geometry_bytes, geometry_copies);
  for (auto const& image : summary.images) {
    if (!image.packed) continue;
    if (image.pixels)
      add(*image.pixels, bytes_per_texel);
    else
      add(image.packed_bytes, unpacking_factor(image.path));
  }
  for (auto const& file : external_files(summary))
    if (file.kind == "image") add(file_bytes(file.path), unpacking_factor(file.path));
  return sum;
}

}  // namespace distren
