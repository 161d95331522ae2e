// Writes a picture so that it appears under its name whole or not at all: temporary name, fsync, rename.
// pixels are rows of spec.width * spec.nchannels values of spec.format. Failure: unknown suffix, or the disk's reason.
#pragma once

#include <OpenImageIO/imageio.h>

#include <filesystem>

#include "common/base/result.h"

namespace distren {

Result<void> write_picture(std::filesystem::path const& out, OIIO::ImageSpec const& spec, void const* pixels);

}  // namespace distren
