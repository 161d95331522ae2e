#include "slave/gpu_access.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <string_view>

#include "slave/kernel_files.h"

namespace distren {

namespace {

namespace fs = std::filesystem;

enum class Needed { node, folder };

// pattern: its last part may end in '#' (a number) or '*' (anything).
struct GpuNeed {
  Needed kind;
  std::string_view pattern;
};

constexpr std::array gpu_needs = {
    // NVIDIA
    GpuNeed{Needed::node, "dev/nvidia#"},
    GpuNeed{Needed::node, "dev/nvidiactl"},
    GpuNeed{Needed::node, "dev/nvidia-modeset"},
    GpuNeed{Needed::node, "dev/nvidia-uvm"},
    GpuNeed{Needed::node, "dev/nvidia-uvm-tools"},
    GpuNeed{Needed::node, "dev/nvidia-caps/nvidia-cap#"},
    GpuNeed{Needed::folder, "sys/module/nvidia*"},
    // AMD: HIP's runtime asks kfd for its cards and renders through render nodes.
    GpuNeed{Needed::node, "dev/kfd"},
    GpuNeed{Needed::folder, "sys/class/kfd"},
    GpuNeed{Needed::folder, "sys/module/amdgpu"},
    GpuNeed{Needed::folder, "opt/rocm*"},
    GpuNeed{Needed::folder, "opt/amdgpu*"},
    // Intel: Level Zero lies in /usr, or with all of oneAPI in /opt.
    GpuNeed{Needed::folder, "sys/module/i915"},
    GpuNeed{Needed::folder, "sys/module/xe"},
    GpuNeed{Needed::folder, "opt/intel"},
    // All
    GpuNeed{Needed::node, "dev/dri/renderD#"},
    GpuNeed{Needed::folder, "sys/devices"},
    GpuNeed{Needed::folder, "sys/class/drm"},
    GpuNeed{Needed::folder, "sys/bus/pci"},
    GpuNeed{Needed::folder, "sys/dev/char"},
};

bool is_digits(std::string_view text) {
  return !text.empty() && std::ranges::all_of(text, [](unsigned char c) { return std::isdigit(c) != 0; });
}

bool is_named_so(std::string_view name, std::string_view pattern) {
  char const last = pattern.back();
  if (last != '#' && last != '*') return name == pattern;
  pattern.remove_suffix(1);
  return name.starts_with(pattern) && (last == '*' || is_digits(name.substr(pattern.size())));
}

}  // namespace

GpuAccess gpu_access(fs::path const& root) {
  GpuAccess access;
  for (auto const& need : gpu_needs) {
    fs::path const pattern = root / need.pattern;
    std::error_code error;
    for (auto const& item : fs::directory_iterator(pattern.parent_path(), error)) {
      if (!is_named_so(item.path().filename().string(), pattern.filename().string())) continue;
      bool const folder = fs::is_directory(item.path(), error);
      if (need.kind == Needed::node && !folder) access.nodes.push_back(item.path());
      if (need.kind == Needed::folder && folder) access.folders.push_back(item.path());
    }
  }
  std::ranges::sort(access.nodes);
  std::ranges::sort(access.folders);
  return access;
}

void show_gpus(Sandbox& sandbox) {
  auto access = gpu_access();
  sandbox.devices = std::move(access.nodes);
  sandbox.folders = std::move(access.folders);
  for (auto const* setting : {"CUDA_CACHE_PATH=/home/render/.cache/cuda", "OPTIX_CACHE_PATH=/home/render/.cache/optix"})
    sandbox.environment.emplace_back(setting);
}

std::string gpu_driver_facts(fs::path const& root) {
  std::string facts = first_line(root / "proc/driver/nvidia/version");
  for (auto const* module : {"nvidia", "amdgpu", "i915", "xe"})
    facts += "|" + first_line(root / "sys/module" / module / "version") +
             first_line(root / "sys/module" / module / "srcversion");
  for (auto const& node : gpu_access(root).nodes) facts += "|" + node.filename().string();
  return facts;
}

}  // namespace distren
