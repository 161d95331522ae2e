// Validates untrusted images by distren-image: one sandboxed `distren-image serve` per calling thread, started on the
// first call and ended with the thread or by close_image_program(). The image is passed as an open file; the sandbox
// contains nothing else. Blocks for the time of a decode. Errors: invalid, the fault of the image; unavailable, it
// could not be decoded.
#pragma once

#include <filesystem>
#include <string>

#include "common/base/result.h"

namespace distren {

struct ImageDecoder {
  std::filesystem::path program;  // distren-image
  bool sandboxed = true;
  int memory_mib = 4096;  // per image
  int seconds = 60;
};

struct ExpectedImage {
  int width = 0;  // 0: any
  int height = 0;
  std::string format{};  // Blender's name; empty: any
  int code = 0;          // the frame number that a benchmark image must show along its lower edge; 0: none
  // Origin of the image: images of one source may share a decoder process. Empty: a process of its own.
  std::string source{};
};

// As the `problem` of an Error: the image is one, of another size than expected.
inline constexpr std::string_view wrong_size_problem = "wrong_size";

struct ImageFacts {  // as the decoder found it
  int width = 0;
  int height = 0;
  std::string format{};  // Blender's name
};

Result<ImageFacts> verify_image(ImageDecoder const& decoder, std::filesystem::path const& image,
                                ExpectedImage const& expected);
void close_image_program();  // of this thread, to free its memory

}  // namespace distren
