// A PNG of exactly so many bytes: real, of one colour, filled up with a private chunk that every decoder skips.
#pragma once

#include <cstddef>
#include <string>

#include "common/base/result.h"

namespace distren::load {

// invalid: so small a file cannot hold an image of that size; the message names the smallest.
Result<std::string> make_png(int width, int height, std::size_t bytes);

}  // namespace distren::load
