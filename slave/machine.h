// What this machine is, as told to the server and shown to people.
#pragma once

#include <string>

namespace distren {

struct Machine {
  std::string os;      // "Linux 6.1.0 x86_64"
  std::string cpu;     // model name
  int cores = 1;       // that this process may use
  int memory_mib = 0;  // of the machine, or of the container when that has less
};

Machine this_machine();

}  // namespace distren
