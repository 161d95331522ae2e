// Whether a file that a renderer left is a picture as asked for: distren-image decodes it, in a sandbox. Blocks for the
// time of a decode; the thread must not end meanwhile. A renderer's exit code and words prove nothing.
// Failure: invalid (what is wrong with the picture), unavailable (it could not be looked at).
#pragma once

#include <filesystem>
#include <string>

#include "common/result.h"

namespace distren {

struct PictureChecker {
  std::filesystem::path program;  // distren-image
  bool sandboxed = true;
};

struct PictureWanted {
  int width = 0;  // 0: any
  int height = 0;
  std::string format;  // Blender's name; empty: any
};

Result<void> check_picture(PictureChecker const& checker, std::filesystem::path const& image,
                           PictureWanted const& wanted);

}  // namespace distren
