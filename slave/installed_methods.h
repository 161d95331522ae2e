// Detects the render methods of this machine: definitions whose program is installed and reports its version. At start,
// one thread, up to seconds per program.
#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "common/base/result.h"
#include "common/render/render_method.h"
#include "slave/gpu.h"

namespace distren {

struct InstalledMethod {
  RenderMethod method;
  std::filesystem::path program;
  std::string version;
  std::vector<Gpu> gpus{};  // devices it renders on; empty: the processor
  // The version as reported to the server: with the devices, because the power on them differs.
  [[nodiscard]] std::string full_version() const { return version + gpu_tag(gpus); }
};

// The devices this method's program finds on this machine, in the sandbox. Errors: unavailable, no answer.
Result<std::vector<Gpu>> find_gpus(InstalledMethod const& method, bool sandboxed);

// missing: one sentence for each definition whose program cannot be used.
Result<std::vector<InstalledMethod>> find_installed_methods(std::filesystem::path const& methods,
                                                            std::map<std::string, std::string> const& programs,
                                                            std::vector<std::string>& missing);

}  // namespace distren
