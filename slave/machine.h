// This machine's hardware and system, as reported to the server and shown to users. Any thread.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace distren {

struct Machine {
  std::string os;                   // "Debian GNU/Linux 12 (bookworm), Linux 6.1.0 x86_64"
  std::string cpu;                  // model name
  int cores = 1;                    // that this process may use
  int memory_mib = 0;               // of the machine, or of the container when that has less
  std::vector<std::string> gpus{};  // "NVIDIA GeForce RTX 3060", or vendor and device number if the name is unknown
};

// root: "/"; tests pass a folder with their own etc/, proc/ and sys/.
Machine this_machine(std::filesystem::path const& root = "/");

}  // namespace distren
