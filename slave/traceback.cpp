#include "slave/traceback.h"

#include <algorithm>
#include <cctype>

namespace distren {

namespace {

// "KeyError: 'x'", "bpy.Refused: text", "KeyboardInterrupt"; lines of other threads may stand between.
bool names_an_exception(std::string_view line) {
  auto const name = line.substr(0, line.find(": "));
  return !name.empty() && std::isalpha(static_cast<unsigned char>(name.front())) != 0 &&
         std::ranges::all_of(name, [](unsigned char c) { return std::isalnum(c) != 0 || c == '_' || c == '.'; });
}

}  // namespace

void Traceback::take(std::string_view line) {
  if (line.find("Traceback (most recent call last)") != std::string_view::npos) {
    inside_ = true;
  } else if (inside_ && names_an_exception(line)) {
    inside_ = false;
    reason_ = line;
  }
}

void Traceback::clear() {
  inside_ = false;
  reason_.clear();
}

}  // namespace distren
