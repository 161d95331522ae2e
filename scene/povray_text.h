// Inspects the text of a POV-Ray scene without POV-Ray: the files that it names, its version, whether it is animated.
// Searches for words, no interpreter: of names that concat() computes, the text in quotes is known, others are not
// found. Bounded in time and memory for any text; any thread. Errors: not_found/denied, the file cannot be opened;
// invalid, it is not text or is another format, with a sentence for its owner.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/result.h"

namespace distren {

struct PovrayReference {
  std::string path;
  std::string kind;       // include, image, font, density, file
  bool certain = false;   // in no branch, loop or macro: without it the scene cannot be rendered
  bool computed = false;  // path is a pattern: '*' stands for what is not known of it
};

struct PovraySummary {
  std::string version;                      // of the first #version; empty: none
  std::vector<PovrayReference> references;  // ordered by the text, unique; without the files of POV-Ray itself
  bool uses_clock = false;                  // clock, frame_number and similar
  bool writes_files = false;
  bool unclosed = false;  // a brace, comment or string is still open at the end
  bool cut = false;       // the text is longer, or names more files, than was read
};

Result<PovraySummary> inspect_povray(std::filesystem::path const& file);
PovraySummary scan_povray(std::string_view text);

// colors.inc and other files that every POV-Ray installs.
bool comes_with_povray(std::string_view name);

}  // namespace distren
