// The wall clock, for the few who start something with it; what decides takes the time as a parameter. Any thread, no
// errors.
#pragma once

#include <chrono>
#include <cstdint>

namespace distren {

// UNIX time in milliseconds.
inline std::int64_t unix_ms() {
  using namespace std::chrono;
  return duration_cast<milliseconds>(system_clock::now().time_since_epoch()).count();
}

}  // namespace distren
