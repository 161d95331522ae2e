// Validates results that are videos by their first bytes; no program of ours decodes them. The formats are those of
// methods/ffmpeg. Any thread. Errors: invalid, with the detected content.
#pragma once

#include <filesystem>
#include <string_view>

#include "common/base/result.h"

namespace distren {

bool is_video_format(std::string_view format);  // "MP4", "WEBM"

// Requires a video format.
Result<void> check_video(std::filesystem::path const& file, std::string_view format);

}  // namespace distren
