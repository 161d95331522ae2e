// Has distren-image look at pictures from strangers: one sandboxed `distren-image serve` for each thread that asks,
// started by its first question and ended with the thread or by close_image_program(). A picture is handed over as an
// open file; the box holds nothing else. Blocks for the time of a decode. Failure: invalid (what is wrong with the
// picture), unavailable (it could not be looked at).
#pragma once

#include <filesystem>
#include <string>

#include "common/base/result.h"

namespace distren {

struct ImageDecoder {
  std::filesystem::path program;  // distren-image
  bool sandboxed = true;
  int memory_mib = 4096;  // of one picture
  int seconds = 60;
};

struct ExpectedImage {
  int width = 0;  // 0: any
  int height = 0;
  std::string format{};  // Blender's name; empty: any
  int code = 0;          // the frame that a benchmark's picture must show along its lower edge; 0: it is none
  // Whoever made it, in any words: pictures of one source may be decoded by one process. Empty: by one of its own.
  std::string source{};
};

Result<void> look_at_picture(ImageDecoder const& image, std::filesystem::path const& picture,
                             ExpectedImage const& wanted);
void close_image_program();  // of this thread, to give its memory back

}  // namespace distren
