// Whether a file that a renderer left is what was asked for: distren-image decodes pictures, in a sandbox. Blocks for
// the time of a decode; the thread must not end meanwhile. A renderer's exit code and words prove nothing. Failure:
// invalid (what is wrong with the picture), unavailable (it could not be looked at).
#pragma once

#include <filesystem>

#include "common/base/result.h"
#include "common/process/image_program.h"

namespace distren {

Result<void> check_output(ImageDecoder const& checker, std::filesystem::path const& image,
                          ExpectedImage const& expected);

}  // namespace distren
