// Values that pass between the doors and the dispatcher. See doc/protocol.md for the wire's form of each.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "server/store/journal.h"

namespace distren {

// A result as it reaches the dispatcher: parsed, the lease's signature verified, and for `done` with an output the
// upload checked and moved to its place.
struct AttemptReport {
  std::int64_t attempt = 0;
  std::int64_t task = 0;
  std::int64_t slave = 0;
  store::Ending ending = store::Ending::accepted;
  std::int64_t cpu_ms = 0;
  std::int64_t wall_ms = 0;
  int memory_mib = 0;
  std::string output;                 // file name below output/
  std::int64_t output_size = 0;
  std::string output_sha256;
  std::string reason;
};

}  // namespace distren
