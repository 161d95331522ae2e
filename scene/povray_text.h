// What the text of a POV-Ray scene says about itself, read without POV-Ray: the files that it names, its version,
// whether it moves. A scan for words, no interpreter: names that are computed are not seen. Bounded in time and memory
// whatever the text holds; any thread. Failure: not_found/denied, it cannot be opened; invalid, it is no text, or what
// it is instead, with a sentence for its owner.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/result.h"

namespace distren {

struct PovrayNeed {
  std::string path;
  std::string kind;      // include, image, font, density, file
  bool certain = false;  // stands in no branch, loop or macro: without it nothing is rendered
};

struct PovraySummary {
  std::string version;            // of its first #version; empty: none
  std::vector<PovrayNeed> needs;  // each path once, in the order of the text; without what comes with POV-Ray
  bool uses_clock = false;        // clock, frame_number and their like
  bool writes_files = false;
  bool unclosed = false;  // a brace, comment or text is still open at its end
  bool cut = false;       // it is longer, or names more, than was looked at
};

Result<PovraySummary> inspect_povray(std::filesystem::path const& file);
PovraySummary scan_povray(std::string_view text);

// colors.inc and the like, which every POV-Ray has.
bool comes_with_povray(std::string_view name);

}  // namespace distren
