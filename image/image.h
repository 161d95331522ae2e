// Opens an untrusted image and returns its pixels by rows. The format is detected by the first bytes, never by the
// name; only the formats listed in image.cpp are decoded. Errors: not an image, unsupported format, too large, damaged;
// one sentence each, without the path. One thread; call image_library_limits() once before the first open. Rows are as
// stored, alpha unchanged; as floats, 8-bit values are divided by 255.
#pragma once

#include <OpenImageIO/imageio.h>

#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/result.h"

namespace distren {

constexpr int max_side = 16384;
constexpr long max_pixels = 100'000'000;

// The channels of a file that form the image: R, G, B and A by name, the Combined pass of a multilayer EXR, or the one
// channel of a grey image. At max_value four; alpha is -1 where there is none.
struct ImageChannels {
  std::vector<int> color;
  int alpha = -1;
};

class Image {
public:
  // expected is Blender's or our own name of a format ("PNG", "OPEN_EXR"), or empty.
  static Result<Image> open(std::filesystem::path const& file, std::string_view expected = {});

  OIIO::ImageSpec const& spec() const { return spec_; }
  std::string const& format() const { return format_; }
  bool is_linear() const;
  ImageChannels channels() const;

  bool is_8_bit() const { return spec_.format == OIIO::TypeDesc::UINT8; }

  // Rows y .. y+count-1, all channels interleaved; valid until the next call. Requires ascending y.
  Result<float const*> rows(int y, int count);
  Result<unsigned char const*> bytes(int y, int count);  // the same of an 8-bit image, without conversion
  // The whole image in its stored type, row by row.
  Result<std::vector<unsigned char>> stored_pixels();
  // Requires that the last row was read: decoders report some damage only as a warning.
  Result<void> finish();
  // Advances to the next image in the file (multi-part EXR, multi-page TIFF); false after the last.
  Result<bool> next_part();

private:
  Result<void> check_limits() const;
  Error damaged();
  Result<unsigned char const*> band(int y, int count, OIIO::TypeDesc type);

  std::unique_ptr<OIIO::ImageInput> input_;
  OIIO::ImageSpec spec_;
  std::string format_;
  std::filesystem::path file_;
  std::vector<unsigned char> band_;  // rows of band_type_
  OIIO::TypeDesc band_type_;
  int band_start_ = 0;
  int band_end_ = 0;
  int part_ = 0;
};

void image_library_limits();

// "PNG" -> "png", OpenImageIO's reader; empty for unknown formats.
std::string_view reader_for_format(std::string_view format);
// The format by the suffix of an output file (".png", ".jpg", ".exr", ".tif"); empty for unknown ones.
std::string_view reader_for_suffix(std::filesystem::path const& file);

}  // namespace distren
