// Makes a small JPEG of a stranger's image: runs distren-image in a sandbox, so that a decoder's bug stays in its box.
// Blocks for the time of one decode (tens of milliseconds for a frame, seconds for a large one); on worker threads
// only. The file appears under its name whole or not at all; two that make the same at once both succeed.
#pragma once

#include <filesystem>
#include <string_view>

#include "common/base/result.h"
#include "server/media/image_check.h"

namespace distren {

// Where the small picture of a frame is kept, in the job's folder.
std::filesystem::path thumbnail_file(std::filesystem::path const& job_folder, std::string_view sha256,
                                     int longest_side);

// invalid: the image cannot be shown. unavailable: it could not be looked at. The folder of `small` is made.
Result<void> make_thumbnail(ImageChecker const& program, std::filesystem::path const& image,
                            std::filesystem::path const& small, int longest_side);

}  // namespace distren
