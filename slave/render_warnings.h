// What one open program warns of, by kind (code and message), with how often. Untrusted: kinds and texts are bounded.
// One thread. What it said while it loaded the scene and rendered its first frame holds for its later frames too, for a
// program says it once; what it says later is of that frame alone.
#pragma once

#include <string>
#include <vector>

#include "common/protocol/result.h"

namespace distren {

class RenderWarnings {
public:
  void begin_frame();  // a later one of the same program
  void add(std::string code, std::string message);
  // At most limits::max_warnings; where there are more kinds, the last says how many.
  [[nodiscard]] std::vector<protocol::RenderWarning> list() const;

private:
  struct Kind {
    protocol::RenderWarning warning;
    bool lasting = false;  // said before the program's second frame
  };
  std::vector<Kind> kinds_;
  bool first_frame_ = true;
  int beyond_ = 0;  // said of kinds that no longer fit
};

}  // namespace distren
