// Detects the render methods of this machine: definitions whose programs are installed and report their version. At
// start, one thread, up to seconds per program.
#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "common/base/result.h"
#include "common/process/sandbox.h"
#include "common/render/render_method.h"
#include "slave/gpu.h"

namespace distren {

// A render method with one of the programs that carry it out.
struct InstalledMethod {
  RenderMethod method;
  std::filesystem::path program;  // in a tree: as it is named inside
  std::filesystem::path tree{};   // a root folder with its own /usr, in which it lies; empty: this machine's system
  std::string version;
  std::string build{};  // of one that the grid delivered; empty: installed by the volunteer
  // Devices it renders on; empty: the processor.
  std::vector<Gpu> gpus{};

  // The version as people see it: with the devices, because the power on them differs.
  [[nodiscard]] std::string full_version() const { return version + gpu_tag(gpus); }
  [[nodiscard]] std::string device() const;           // "optix-1a2b3c4d"; empty: the processor
  [[nodiscard]] std::filesystem::path where() const;  // on this machine
  [[nodiscard]] bool only_sandboxed() const { return !tree.empty() || !build.empty(); }
};

// place: a program, by name or path, or the root folder of a tree. build: of what the grid delivered, which runs in the
// sandbox alone. unavailable: it is not there, or reports no version.
Result<InstalledMethod> find_installed_method(RenderMethod const& method, std::filesystem::path const& place,
                                              std::string const& build = {});

// The devices this method's program finds on this machine, in the sandbox. Errors: unavailable, no answer.
Result<std::vector<Gpu>> find_gpus(InstalledMethod const& method, bool sandboxed);

// programs: of a method, by its name, in the order of preference; the definition's where there are none.
// missing: one sentence for each program that cannot be used.
std::vector<InstalledMethod> find_installed_methods(std::map<std::string, RenderMethod> const& methods,
                                                    std::map<std::string, std::vector<std::string>> const& programs,
                                                    bool sandboxed, std::vector<std::string>& missing);

}  // namespace distren
