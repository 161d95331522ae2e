// Which devices a renderer sees and is told to use.
#include <fmt/format.h>

#include <fstream>

#include "common/base/files.h"
#include "common/render/render_method.h"
#include "slave/gpu.h"
#include "slave/gpu_access.h"
#include "tests/support/check_main.h"
#include "tests/support/helper_program.h"

using namespace distren;
using namespace std::chrono_literals;
using nlohmann::json;
namespace fs = std::filesystem;

namespace {

void write(fs::path const& path, std::string const& text) {
  fs::create_directories(path.parent_path());
  std::ofstream(path, std::ios::binary) << text;
}

std::string names_of(std::vector<fs::path> const& paths, fs::path const& root) {
  std::string out;
  for (auto const& path : paths) out += path.lexically_relative(root).string() + " ";
  return out;
}

START_TEST(only_device_files_of_compute_drivers_are_shown) {
  ScratchFolder const scratch;
  for (auto const* name :
       {"nvidia0", "nvidia12", "nvidiactl", "nvidia-uvm", "nvidia-uvm-tools", "nvidia-modeset",
        "nvidia-caps/nvidia-cap1", "nvidiaX", "kfd", "sda", "kvm", "input/event0", "dri/renderD128", "dri/card0"})
    write(scratch / "dev" / name, "");
  ck_assert_text(names_of(gpu_access(scratch.path()).nodes, scratch.path()),
                 "dev/dri/renderD128 dev/kfd dev/nvidia-caps/nvidia-cap1 dev/nvidia-modeset dev/nvidia-uvm "
                 "dev/nvidia-uvm-tools dev/nvidia0 dev/nvidia12 dev/nvidiactl ");
  ck_assert(gpu_access(scratch / "nothing").nodes.empty());
}
END_TEST

START_TEST(folders_of_each_makers_driver_are_shown) {
  auto const shown = [](std::vector<std::string> const& folders) {
    ScratchFolder const scratch;
    for (auto const& each : folders) fs::create_directories(scratch.path() / each);
    return names_of(gpu_access(scratch.path()).folders, scratch.path());
  };
  ck_assert_text(shown({"sys/module/nvidia", "sys/module/nvidia_uvm", "sys/module/kvm", "sys/devices", "sys/kernel"}),
                 "sys/devices sys/module/nvidia sys/module/nvidia_uvm ");
  ck_assert_text(
      shown({"opt/rocm", "opt/rocm-6.2.0", "opt/games", "sys/class/kfd", "sys/class/net", "sys/module/amdgpu"}),
      "opt/rocm opt/rocm-6.2.0 sys/class/kfd sys/module/amdgpu ");
  ck_assert_text(shown({"opt/intel", "sys/module/xe", "sys/module/i915", "sys/class/drm", "home/me"}),
                 "opt/intel sys/class/drm sys/module/i915 sys/module/xe ");
}
END_TEST

START_TEST(another_driver_has_other_facts) {
  ScratchFolder const scratch;
  auto const none = gpu_driver_facts(scratch.path());
  write(scratch / "proc/driver/nvidia/version", "NVRM version: NVIDIA UNIX x86_64 Kernel Module  550.54\n");
  auto const one = gpu_driver_facts(scratch.path());
  write(scratch / "proc/driver/nvidia/version", "NVRM version: NVIDIA UNIX x86_64 Kernel Module  560.10\n");
  ck_assert(none != one && one != gpu_driver_facts(scratch.path()));
}
END_TEST

START_TEST(compiled_kernels_of_graphics_cards_outlive_a_program) {
  Sandbox sandbox;
  show_gpus(sandbox);
  std::string settings;
  for (auto const& each : sandbox.environment) settings += each + " ";
  ck_assert_says(settings, "CUDA_CACHE_PATH=/home/render/.cache/");
  ck_assert_says(settings, "OPTIX_CACHE_PATH=/home/render/.cache/");
}
END_TEST

START_TEST(a_list_of_devices_is_believed_only_as_far_as_it_goes) {
  for (auto const* wrong : {"", "7", "{}", R"({"event":"devices"})", R"({"event":"devices","devices":{}})"})
    ck_assert_msg(!parse_gpus(wrong), "%s", wrong);
  json many = json::array();
  for (int i = 0; i < 100; ++i)
    many.push_back({{"id", fmt::format("ID{}", i)}, {"name", std::string(500, 'n') + "\x1b"}, {"type", "CUDA"}});
  many.push_back({{"id", ""}, {"name", "x"}, {"type", "CUDA"}});
  auto const gpus = parse_gpus(json{{"event", "devices"}, {"devices", many}}.dump());
  ck_assert(gpus.has_value());
  ck_assert_uint_eq(gpus->size(), 16);
  ck_assert_uint_le(gpus->front().name.size(), 130);
  ck_assert(parse_gpus(R"({"event":"devices","devices":[{"id":"a","name":"b","type":"MAGIC"},3]})")->empty());
}
END_TEST

START_TEST(devices_of_one_type_are_chosen_and_change_the_version) {
  std::vector<Gpu> const found{{"C0", "NVIDIA One", "CUDA"},
                               {"C1", "NVIDIA Two", "CUDA"},
                               {"O0", "NVIDIA One", "OPTIX"},
                               {"O1", "NVIDIA Two", "OPTIX"},
                               {"H0", "AMD Three", "HIP"}};
  std::vector<std::string> remarks;
  auto const ids = [&](std::vector<std::string> const& wanted) {
    std::string out;
    for (auto const& gpu : choose_gpus(wanted, found, remarks)) out += gpu.id + " ";
    return out;
  };
  ck_assert_text(ids({"auto"}), "O0 O1 ");
  ck_assert_text(ids({"two"}), "O1 ");
  ck_assert_text(ids({"C1"}), "C1 ");
  ck_assert_text(ids({"amd"}), "H0 ");
  ck_assert(remarks.empty());
  ck_assert_text(ids({"Voodoo"}), "");
  ck_assert_says(remarks.at(0), "Voodoo");
  ck_assert_text(ids({}), "");
  ck_assert_text(gpu_tag({}), "");
  ck_assert(gpu_tag({found[0]}) != gpu_tag({found[1]}) && gpu_tag({found[0]}) != gpu_tag({found[2]}));
  ck_assert_text(gpu_tag({found[0], found[1]}), gpu_tag({found[1], found[0]}));
  ck_assert_int_eq(compare_versions("3.4.1" + gpu_tag({found[0]}), "3.4.1"), 0);
}
END_TEST

TestGroup const devices_tests{
    "devices",
    {only_device_files_of_compute_drivers_are_shown, folders_of_each_makers_driver_are_shown,
     another_driver_has_other_facts, compiled_kernels_of_graphics_cards_outlive_a_program,
     a_list_of_devices_is_believed_only_as_far_as_it_goes, devices_of_one_type_are_chosen_and_change_the_version}};

}  // namespace
