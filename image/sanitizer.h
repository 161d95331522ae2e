// For builds with AddressSanitizer: OpenImageIO's PNG reader leaves a damaged file by longjmp and leaks a short string.
// Included once by each program that links the library; defines nothing in other builds.
#pragma once

#include "common/base/sanitizer.h"

#if defined(__SANITIZE_ADDRESS__)
extern "C" inline __attribute__((used)) char const* __lsan_default_suppressions() {
  return "leak:PNGInput::PngReadCallback\n";
}
#endif
