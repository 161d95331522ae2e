// What a renderer needs of this machine for its graphics card: device nodes, folders of the kernel and of drivers,
// settings. One table of makers (gpu_access.cpp) says all of it; what is not there is left out. Never display devices.
// Reads folders; any thread.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "common/process/sandbox.h"

namespace distren {

struct GpuAccess {
  std::vector<std::filesystem::path> nodes;    // below /dev
  std::vector<std::filesystem::path> folders;  // to be read
};

// root: "/"; tests pass a folder with dev/, sys/ and opt/ of their own. The paths begin with it.
GpuAccess gpu_access(std::filesystem::path const& root = "/");

// Adds all of it. Compiled kernels are kept below the home's .cache, which outlives a program where it is bound.
void show_gpus(Sandbox& sandbox);

// What identifies the drivers of this machine's cards: what was tried with others has to be tried again.
std::string gpu_driver_facts(std::filesystem::path const& root = "/");

}  // namespace distren
