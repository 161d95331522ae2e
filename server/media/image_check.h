// Validates an untrusted image by distren-image in a sandbox. Blocks for one decode (tens of milliseconds for a frame).
// Thread: a worker.
#pragma once

#include <filesystem>
#include <string>

#include "common/base/result.h"
#include "common/process/image_program.h"
#include "server/dispatch/order.h"

namespace distren {

// What a decoder may take: 100 Mpx of four floats are 1.6 GiB.
constexpr int image_memory_mib = 2048;

struct ImageChecker {
  std::filesystem::path program;  // distren-image
  bool sandboxed = true;
};

// code: the frame number that a benchmark image must show along its lower edge; 0: none. source: images of one source
// may share a decoder process (common/process/image_program.h). Errors: invalid, the image is not as expected, with the
// reason; unavailable, it could not be decoded.
Result<void> check_image(ImageChecker const& checker, std::filesystem::path const& image, OutputSpec const& expected,
                         int code = 0, std::string source = {});
// Of a frame's files after its first, of which nobody knows size and format before.
Result<ImageFacts> check_further_image(ImageChecker const& checker, std::filesystem::path const& image,
                                       std::string source);

}  // namespace distren
