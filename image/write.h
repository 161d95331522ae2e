// Writes an image atomically: temporary name, fsync, rename. pixels: rows of spec.width * spec.nchannels values of
// spec.format. Errors: unknown suffix, or the disk's reason.
#pragma once

#include <OpenImageIO/imageio.h>

#include <filesystem>

#include "common/base/result.h"

namespace distren {

Result<void> write_image(std::filesystem::path const& out, OIIO::ImageSpec const& spec, void const* pixels);

}  // namespace distren
