#include "common/render/video.h"

#include <fmt/format.h>

#include <array>
#include <fstream>

namespace distren {

bool is_video_format(std::string_view format) {
  return format == "MP4" || format == "WEBM";
}

Result<void> check_video(std::filesystem::path const& file, std::string_view format) {
  std::array<char, 12> head{};
  std::ifstream(file, std::ios::binary).read(head.data(), head.size());
  std::string_view const bytes(head.data(), head.size());
  bool const good = format == "MP4" ? bytes.substr(4, 4) == "ftyp" : bytes.starts_with("\x1A\x45\xDF\xA3");
  if (good) return {};
  return fail(Errc::invalid, fmt::format("the video is no {} file", format));
}

}  // namespace distren
