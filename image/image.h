// Opens an image that may come from a stranger, and hands out its pixels by rows.
// The kind is told from the first bytes, never from the name, and only the kinds listed in picture.cpp are decoded.
// Failure: not an image, a kind we do not read, too large, damaged. Every message is one sentence without the path.
// One thread; call image_library_limits() once before the first open. Rows are as stored, alpha is left as the file has
// it; as floats 8-bit values are divided by 255.
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

// Which channels of a file are the picture: R, G, B and A by name, the Combined pass of a multilayer EXR,
// or the one channel of a grey image. At most four; alpha is -1 where there is none.
struct PictureChannels {
  std::vector<int> color;
  int alpha = -1;
};

class Picture {
public:
  // expected is Blender's or our own name of a format ("PNG", "OPEN_EXR"), or empty.
  static Result<Picture> open(std::filesystem::path const& file, std::string_view expected = {});

  OIIO::ImageSpec const& spec() const { return spec_; }
  std::string const& format() const { return format_; }
  bool is_linear() const;
  PictureChannels channels() const;

  bool is_8_bit() const { return spec_.format == OIIO::TypeDesc::UINT8; }

  // Rows y .. y+count-1, all channels interleaved; valid until the next call. Ask in rising order of y.
  Result<float const*> rows(int y, int count);
  Result<unsigned char const*> bytes(int y, int count);  // the same of an 8-bit picture, without becoming floats
  // The whole image in the type it is stored in, row after row.
  Result<std::vector<unsigned char>> stored_pixels();
  // To be asked after the last row: decoders report some damage only as a warning.
  Result<void> finish();
  // Goes to the next picture inside the same file (multi-part EXR, multi-page TIFF); false after the last.
  Result<bool> next_part();

private:
  Result<void> refuse_unreasonable() const;
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

// "PNG" -> "png", the name OpenImageIO gives its reader; empty where we do not know the format.
std::string_view reader_for_format(std::string_view format);
// The format by the suffix of a file to be written (".png", ".jpg", ".exr", ".tif"); empty where unknown.
std::string_view reader_for_suffix(std::filesystem::path const& file);

}  // namespace distren
