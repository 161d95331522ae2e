#include "server/media/image_check.h"

#include "common/process/image_program.h"
#include "common/render/video.h"

namespace distren {

namespace {}  // namespace

Result<void> check_image(ImageChecker const& checker, std::filesystem::path const& image, OutputSpec const& expected,
                         int code, std::string source) {
  if (is_video_format(expected.format)) return check_video(image, expected.format);
  auto const checked =
      verify_image({.program = checker.program, .sandboxed = checker.sandboxed, .memory_mib = image_memory_mib}, image,
                   {.width = expected.width,
                    .height = expected.height,
                    .format = expected.format,
                    .code = code,
                    .source = std::move(source)});
  return checked ? Result<void>() : checked.error();
}

Result<ImageFacts> check_further_image(ImageChecker const& checker, std::filesystem::path const& image,
                                       std::string source) {
  return verify_image({.program = checker.program, .sandboxed = checker.sandboxed, .memory_mib = image_memory_mib},
                      image, {.source = std::move(source)});
}

}  // namespace distren
