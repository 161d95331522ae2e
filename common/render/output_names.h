// Names of the files that a frame has besides its main image, as a renderer gave them: relative, below the folder of
// the order's output. They are untrusted wherever they arrive. Pure; any thread. invalid: what is wrong with the name.
#pragma once

#include <cstddef>
#include <string_view>

#include "common/base/result.h"

namespace distren {

inline constexpr std::size_t longest_output_name = 255;  // bytes
// The files of a frame together may have so many times the bytes that its main image may have.
inline constexpr int outputs_size_factor = 4;

// A relative path of plain parts, none hidden, that ends like an image.
Result<void> check_output_name(std::string_view name);
// Whether the main image of some frame is called so; pattern: "%04d.png", as image_name() reads it.
bool is_main_output_name(std::string_view pattern, std::string_view name);

}  // namespace distren
