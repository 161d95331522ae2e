// Results that are videos: no program of this house decodes them, so only their first bytes are looked at. The formats
// are those of methods/ffmpeg. Any thread. Failure: invalid, what the file is not.
#pragma once

#include <filesystem>
#include <string_view>

#include "common/base/result.h"

namespace distren {

bool is_video_format(std::string_view format);  // "MP4", "WEBM"

// format must be one of them.
Result<void> check_video(std::filesystem::path const& file, std::string_view format);

}  // namespace distren
