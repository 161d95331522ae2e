// What inspecting a scene found: a code for programs and a whole sentence for its owner, with the way out. Pure; any
// thread.
#pragma once

#include <string>
#include <string_view>

namespace distren {

struct Finding {
  std::string_view code;  // snake_case, see doc/openapi.yaml
  std::string message;
  std::string subject{};  // the file, camera or format that it is about; empty: the scene as a whole
  int count = 1;          // how many such things there are
};

}  // namespace distren
