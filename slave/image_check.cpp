#include "slave/image_check.h"

#include "common/render/video.h"

namespace distren {

Result<void> check_output(ImageDecoder const& checker, std::filesystem::path const& image,
                          ExpectedImage const& expected) {
  if (is_video_format(expected.format)) return check_video(image, expected.format);
  auto const checked = verify_image(checker, image, expected);
  return checked ? Result<void>() : checked.error();
}

}  // namespace distren
