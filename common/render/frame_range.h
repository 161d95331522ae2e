// Frame ranges: "1-10,20,30-40x2" is 1 to 10, 20, and every second one from 30 to 40. Any thread. Spaces around numbers
// are ignored, overlaps count once. Frames are 0 to 1,048,574, Blender's own limit; negative ones are rejected, because
// Blender's command line reads `-f -5` as "five before the end".
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/result.h"

namespace distren {

inline constexpr int max_frame_number = 1048574;
inline constexpr std::size_t max_frames = 100000;  // of one job

// Ascending, unique, never empty. Errors: invalid, naming the wrong part and what was probably meant; a range that is
// too long is rejected from its numbers alone.
Result<std::vector<int>> parse_frames(std::string_view text);

// The shortest text for ascending frames; "" for none.
std::string format_frames(std::span<int const> frames);

}  // namespace distren
