// Creates a small JPEG of an untrusted image by distren-image in a sandbox. Blocks for one decode (tens of milliseconds
// for a frame, seconds for a large one). Thread: a worker. The file appears atomically; concurrent calls for the same
// file both succeed.
#pragma once

#include <filesystem>
#include <string_view>

#include "common/base/result.h"
#include "server/media/image_check.h"

namespace distren {

// Where the thumbnail of a frame is kept, in the job's folder.
std::filesystem::path thumbnail_file(std::filesystem::path const& job_folder, std::string_view sha256,
                                     int longest_side);

// invalid: the image cannot be shown. unavailable: it could not be looked at. The folder of `small` is made.
Result<void> make_thumbnail(ImageChecker const& program, std::filesystem::path const& image,
                            std::filesystem::path const& target, int longest_side);

}  // namespace distren
