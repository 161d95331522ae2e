#include "image/image.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <cstdint>
#include <cstring>
#include <fstream>
#include <limits>

namespace distren {
namespace {

struct Format {
  std::string_view name;    // Blender's name of the format, also ours
  std::string_view reader;  // OpenImageIO's name
};
constexpr std::array formats{Format{"PNG", "png"},          Format{"JPEG", "jpeg"},
                             Format{"OPEN_EXR", "openexr"}, Format{"OPEN_EXR_MULTILAYER", "openexr"},
                             Format{"TIFF", "tiff"},        Format{"TARGA", "targa"},
                             Format{"TARGA_RAW", "targa"},  Format{"BMP", "bmp"},
                             Format{"HDR", "hdr"},          Format{"WEBP", "webp"},
                             Format{"DPX", "dpx"},          Format{"CINEON", "cineon"},
                             Format{"IRIS", "sgi"},         Format{"JPEG2000", "jpeg2000"},
                             Format{"AVIF", "heif"},        Format{"PPM", "pnm"}};
constexpr int max_channels = 256;
constexpr int max_parts = 64;
constexpr int band_rows = 64;

std::string upper(std::string_view text) {
  std::string result(text);
  std::ranges::transform(result, result.begin(), [](unsigned char c) { return static_cast<char>(std::toupper(c)); });
  return result;
}

bool starts(std::string_view data, std::string_view magic) {
  return data.substr(0, magic.size()) == magic;
}

// Selects the reader by the first bytes. TARGA has no magic number at its start; its later version has one in the last
// 18 bytes.
std::string_view sniff(std::string_view head, std::string_view tail) {
  using namespace std::string_view_literals;
  if (starts(head, "\x89PNG\r\n\x1a\n")) return "png";
  if (starts(head, "\xff\xd8\xff")) return "jpeg";
  if (starts(head, "\x76\x2f\x31\x01")) return "openexr";
  if (starts(head, "II*\0"sv) || starts(head, "MM\0*"sv)) return "tiff";
  if (starts(head, "BM")) return "bmp";
  if (starts(head, "#?RADIANCE") || starts(head, "#?RGBE")) return "hdr";
  if (starts(head, "RIFF") && head.substr(8, 4) == "WEBP") return "webp";
  if (head.size() >= 12 && head.substr(4, 8) == "ftypavif") return "heif";
  if (starts(head, "SDPX") || starts(head, "XPDS")) return "dpx";
  if (starts(head, "\x80\x2a\x5f\xd7") || starts(head, "\xd7\x5f\x2a\x80")) return "cineon";
  if (starts(head, "\x01\xda")) return "sgi";
  if (starts(head, "\0\0\0\x0cjP  "sv) || starts(head, "\xff\x4f\xff\x51")) return "jpeg2000";
  if (head.size() > 2 && head[0] == 'P' && head[1] >= '1' && head[1] <= '6' && std::isspace(head[2])) return "pnm";
  if (tail.find("TRUEVISION-XFILE") != std::string_view::npos) return "targa";
  return {};
}

std::string_view name_of_reader(std::string_view reader) {
  auto const* found = std::ranges::find(formats, reader, &Format::reader);
  return found == formats.end() ? reader : found->name;
}

std::string looks_like(std::string_view head) {
  if (head.empty()) return "it is empty";
  if (starts(head, "BLENDER")) return "it is a Blender scene";
  if (head.find('\0') == std::string_view::npos && std::isprint(static_cast<unsigned char>(head[0])))
    return "it looks like text";
  return "its first bytes belong to no format that we read";
}

std::string first_line(std::string text) {
  text = text.substr(0, text.find('\n'));
  if (text.size() > 200) text.resize(200);
  return text;
}

bool ends_with_name(std::string_view channel, std::string_view name) {
  if (channel == name) return true;
  constexpr std::string_view pass = "Combined.";
  return channel.size() > pass.size() + name.size() && channel.ends_with(name) &&
         channel.substr(0, channel.size() - name.size()).ends_with(pass);
}

int find_channel(OIIO::ImageSpec const& spec, std::string_view name) {
  for (int channel = 0; channel < spec.nchannels; ++channel)
    if (ends_with_name(spec.channel_name(channel), name)) return channel;
  return -1;
}

// Some decoders silently fill missing rows with grey: the end marker of JPEG and the size in the header of Cineon show
// whether a file is complete.
bool lacks_its_end(std::string_view reader, std::string_view head, std::string_view tail, std::uintmax_t size) {
  if (reader == "jpeg") return tail.rfind("\xff\xd9") == std::string_view::npos;
  if (reader != "cineon" || head.size() < 24) return false;
  bool const big_endian = head[0] == '\x80';
  std::uintmax_t declared = 0;
  for (std::size_t i = 0; i < 4; ++i)
    declared = declared << 8 | static_cast<unsigned char>(head[big_endian ? 20 + i : 23 - i]);
  return declared != 0xffffffff && size < declared;
}

}  // namespace

void image_library_limits() {
  OIIO::attribute("threads", 1);
  OIIO::attribute("exr_threads", -1);  // -1: only the caller's thread
  OIIO::attribute("limits:channels", max_channels);
  OIIO::attribute("limits:imagesize_MB", 8192);
  OIIO::attribute("try_all_readers", 0);
}

std::string_view reader_for_format(std::string_view format) {
  std::string name = upper(format);
  if (name == "JPG") name = "JPEG";
  if (name == "EXR") name = "OPEN_EXR";
  if (name == "TIF") name = "TIFF";
  if (name == "TGA") name = "TARGA";
  if (name == "JP2") name = "JPEG2000";
  auto const* found = std::ranges::find(formats, name, &Format::name);
  return found == formats.end() ? std::string_view{} : found->reader;
}

std::string_view reader_for_suffix(std::filesystem::path const& file) {
  std::string suffix = file.extension().string();
  return suffix.empty() ? std::string_view{} : reader_for_format(suffix.substr(1));
}

Result<Image> Image::open(std::filesystem::path const& file, std::string_view expected) {
  std::ifstream stream(file, std::ios::binary);
  std::error_code code;
  if (!stream || !std::filesystem::is_regular_file(file, code))
    return fail(Errc::not_found, "The image file cannot be read: it is absent or not a plain file.");
  std::string head(32, '\0'), tail(64, '\0');
  stream.read(head.data(), static_cast<std::streamsize>(head.size()));
  head.resize(static_cast<std::size_t>(stream.gcount()));
  stream.clear();
  auto const size = std::filesystem::file_size(file, code);
  stream.seekg(size > tail.size() ? static_cast<std::streamoff>(size - tail.size()) : 0);
  stream.read(tail.data(), static_cast<std::streamsize>(tail.size()));
  tail.resize(static_cast<std::size_t>(stream.gcount()));

  std::string_view expected_reader = expected.empty() ? std::string_view{} : reader_for_format(expected);
  if (!expected.empty() && expected_reader.empty())
    return fail(Errc::invalid, fmt::format("The format {} is not one that can be checked.", expected));
  std::string_view reader = sniff(head, tail);
  if (reader.empty() && expected_reader == "targa" && head.size() >= 18) reader = expected_reader;
  if (reader.empty()) return fail(Errc::invalid, fmt::format("This is not an image: {}.", looks_like(head)));
  if (!expected_reader.empty() && reader != expected_reader)
    return fail(Errc::invalid,
                fmt::format("The image is {}, but {} was asked for.", name_of_reader(reader), upper(expected)));
  if (lacks_its_end(reader, head, tail, size))
    return fail(Errc::invalid, "The image is damaged or cut short: its end is missing.");

  Image image;
  image.file_ = file;
  image.format_ = name_of_reader(reader);
  image.input_ = OIIO::ImageInput::create(std::string(reader));
  if (!image.input_) {
    OIIO::geterror();
    return fail(Errc::unavailable, fmt::format("This OpenImageIO was built without a reader for {}.", image.format_));
  }
  OIIO::ImageSpec hints;
  hints.attribute("oiio:UnassociatedAlpha", 1);
  if (!image.input_->open(file.string(), image.spec_, hints)) return image.damaged();
  if (auto reasonable = image.check_limits(); !reasonable) return reasonable.error();
  return image;
}

Result<void> Image::check_limits() const {
  if (spec_.width < 1 || spec_.height < 1 || spec_.depth > 1)
    return fail(Errc::invalid, fmt::format("The image has no usable size: {} x {}.", spec_.width, spec_.height));
  if (spec_.width > max_side || spec_.height > max_side)
    return fail(Errc::invalid, fmt::format("The image is {} x {} pixels; at most {} a side are accepted.", spec_.width,
                                           spec_.height, max_side));
  if (static_cast<long>(spec_.width) * spec_.height > max_pixels)
    return fail(Errc::invalid, fmt::format("The image is {} x {} pixels; at most {} million in all are accepted.",
                                           spec_.width, spec_.height, max_pixels / 1'000'000));
  if (spec_.nchannels < 1) return fail(Errc::invalid, "The image has no channels, so there is nothing to see in it.");
  if (spec_.nchannels > max_channels)
    return fail(Errc::invalid,
                fmt::format("The image has {} channels; at most {} are accepted.", spec_.nchannels, max_channels));
  // A tile is decoded at once: one far larger than its image would exhaust the memory.
  if (spec_.tile_width > max_side || spec_.tile_height > max_side || spec_.tile_depth > 1)
    return fail(Errc::invalid, fmt::format("The image is stored in tiles of {} x {}; at most {} a side are accepted.",
                                           spec_.tile_width, spec_.tile_height, max_side));
  return {};
}

Error Image::damaged() {
  std::string reason = first_line(input_->geterror());
  if (reason.empty()) reason = "no reason given";
  // The reader tends to repeat the path, which is a name on our disk and means nothing to the user.
  std::string const path = file_.string();
  for (auto at = reason.find(path); at != std::string::npos; at = reason.find(path))
    reason.replace(at, path.size(), "the file");
  return fail(Errc::invalid, fmt::format("The {} image is damaged or cut short: {}", format_, reason));
}

bool Image::is_linear() const {
  return spec_.format.is_floating_point();
}

ImageChannels Image::channels() const {
  ImageChannels result;
  int const red = find_channel(spec_, "R"), green = find_channel(spec_, "G"), blue = find_channel(spec_, "B");
  if (red >= 0 && green >= 0 && blue >= 0) {
    result.color = {red, green, blue};
    result.alpha = find_channel(spec_, "A");
  } else if (spec_.nchannels >= 3) {
    result.color = {0, 1, 2};
    result.alpha = spec_.nchannels == 4 ? 3 : -1;
  } else {
    result.color = {0};
    result.alpha = spec_.nchannels == 2 ? 1 : -1;
  }
  return result;
}

Result<unsigned char const*> Image::band(int y, int count, OIIO::TypeDesc type) {
  if (y < 0 || count < 1 || count > band_rows || y + count > spec_.height) std::abort();  // a bug of the caller
  auto const row_size = static_cast<std::size_t>(spec_.width) * static_cast<std::size_t>(spec_.nchannels) * type.size();
  if (type != band_type_ || y < band_start_ || y + count > band_end_) {
    int const unit = spec_.tile_width > 0 ? std::max(1, spec_.tile_height) : 1;
    int const first = y / unit * unit;
    int const last =
        std::min(spec_.height, std::max((y + count + unit - 1) / unit * unit, first + band_rows / unit * unit));
    band_.resize(row_size * static_cast<std::size_t>(last - first));
    bool const good = spec_.tile_width > 0 ? input_->read_tiles(part_, 0, spec_.x, spec_.x + spec_.width,
                                                                spec_.y + first, spec_.y + last, spec_.z, spec_.z + 1,
                                                                0, spec_.nchannels, type, band_.data())
                                           : input_->read_scanlines(part_, 0, spec_.y + first, spec_.y + last, spec_.z,
                                                                    0, spec_.nchannels, type, band_.data());
    if (!good) return damaged();
    band_type_ = type;
    band_start_ = first;
    band_end_ = last;
  }
  return band_.data() + static_cast<std::size_t>(y - band_start_) * row_size;
}

Result<float const*> Image::rows(int y, int count) {
  auto const begin = band(y, count, OIIO::TypeDesc::FLOAT);
  if (!begin) return begin.error();
  return reinterpret_cast<float const*>(
      *begin);  // a vector's memory is aligned for anything, and rows are whole floats
}

Result<unsigned char const*> Image::bytes(int y, int count) {
  if (!is_8_bit()) std::abort();  // a bug of the caller
  return band(y, count, OIIO::TypeDesc::UINT8);
}

Result<std::vector<unsigned char>> Image::stored_pixels() {
  std::vector<unsigned char> pixels(static_cast<std::size_t>(spec_.image_bytes()));
  if (!input_->read_image(part_, 0, 0, spec_.nchannels, spec_.format, pixels.data())) return damaged();
  if (auto end = finish(); !end) return end.error();
  return pixels;
}

Result<void> Image::finish() {
  if (input_->has_error()) return damaged();
  return {};
}

Result<bool> Image::next_part() {
  if (!input_->seek_subimage(part_ + 1, 0)) {
    input_->geterror();  // "no such part" marks the end
    return false;
  }
  ++part_;
  if (part_ >= max_parts) return fail(Errc::invalid, fmt::format("The image has more than {} parts.", max_parts));
  spec_ = input_->spec();
  band_start_ = band_end_ = 0;
  if (auto reasonable = check_limits(); !reasonable) return reasonable.error();
  return true;
}

}  // namespace distren
