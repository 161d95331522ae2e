#include "slave/image_check.h"

#include "common/render/video.h"

namespace distren {

Result<void> check_picture(ImageDecoder const& checker, std::filesystem::path const& image,
                           ExpectedImage const& wanted) {
  if (is_video_format(wanted.format)) return check_video(image, wanted.format);
  return look_at_picture(checker, image, wanted);
}

}  // namespace distren
