#include "tests/load/picture.h"

#include <fmt/format.h>
#include <zlib.h>

#include <cstdint>
#include <vector>

namespace distren::load {

namespace {

void add_number(std::string& out, std::uint32_t value) {
  for (int shift = 24; shift >= 0; shift -= 8) out += static_cast<char>((value >> shift) & 0xff);
}

void add_chunk(std::string& out, std::string const& type, std::string const& content) {
  add_number(out, static_cast<std::uint32_t>(content.size()));
  std::string const checked = type + content;
  out += checked;
  add_number(out, static_cast<std::uint32_t>(
                      crc32(0, reinterpret_cast<Bytef const*>(checked.data()), static_cast<uInt>(checked.size()))));
}

}  // namespace

Result<std::string> make_png(int width, int height, std::size_t bytes) {
  constexpr std::size_t chunk_frame = 12;  // length, type and checksum
  constexpr int largest_side = 16384;
  if (width < 1 || height < 1 || width > largest_side || height > largest_side)
    return fail(Errc::invalid, fmt::format("images of {}x{} are not supported", width, height));
  std::string header;
  add_number(header, static_cast<std::uint32_t>(width));
  add_number(header, static_cast<std::uint32_t>(height));
  header += std::string("\x08\x02\x00\x00\x00", 5);  // 8 bits, RGB

  std::string const line = std::string(1, '\0') + std::string(3 * static_cast<std::size_t>(width), '\x7f');
  std::string pixels;
  for (int y = 0; y < height; ++y) pixels += line;
  auto packed_size = compressBound(pixels.size());
  std::string packed(packed_size, '\0');
  if (compress2(reinterpret_cast<Bytef*>(packed.data()), &packed_size, reinterpret_cast<Bytef const*>(pixels.data()),
                pixels.size(), Z_BEST_COMPRESSION) != Z_OK)
    return fail(Errc::unavailable, "zlib cannot compress an image");
  packed.resize(packed_size);

  std::string out = "\x89PNG\r\n\x1a\n";
  add_chunk(out, "IHDR", header);
  std::size_t const smallest = out.size() + packed.size() + 3 * chunk_frame;
  if (bytes < smallest)
    return fail(Errc::invalid, fmt::format("an image of {}x{} has at least {} bytes; give --result-bytes {} or more",
                                           width, height, smallest, smallest));
  add_chunk(out, "diSt", std::string(bytes - smallest, 'x'));  // private, not critical, safe to copy
  add_chunk(out, "IDAT", packed);
  add_chunk(out, "IEND", "");
  return out;
}

}  // namespace distren::load
