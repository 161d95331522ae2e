// Looks at an image from a stranger: runs distren-image in a sandbox, so that a decoder's bug stays in its box.
// Blocks for the time of one decode (tens of milliseconds for a frame); on worker threads only.
#pragma once

#include <filesystem>
#include <string>

#include "common/base/result.h"
#include "server/dispatch/order.h"

namespace distren {

struct ImageChecker {
  std::filesystem::path program;  // distren-image
  bool sandboxed = true;
};

// code: the frame that a benchmark's picture must show along its lower edge; 0: it is no benchmark. source: whose
// pictures may share a decoder's process (common/process/image_program.h).
// invalid: the image is not what was asked for; the message says how. unavailable: it could not be looked at.
Result<void> check_image(ImageChecker const& checker, std::filesystem::path const& image, OutputSpec const& expected,
                         int code = 0, std::string source = {});

}  // namespace distren
