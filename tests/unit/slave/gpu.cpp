// Which devices a renderer sees and is told to use.
#include <fmt/format.h>

#include <fstream>

#include "common/base/files.h"
#include "common/render/render_method.h"
#include "slave/gpu.h"
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

START_TEST(only_device_files_of_compute_drivers_are_shown) {
  ScratchFolder const scratch;
  for (auto const* name : {"nvidia0", "nvidia12", "nvidiactl", "nvidia-uvm", "nvidia-modeset", "nvidiaX", "kfd", "sda",
                           "dri/renderD128", "dri/card0"})
    write(scratch / name, "");
  std::vector<std::string> names;
  for (auto const& path : gpu_nodes(scratch.path())) names.push_back(path.filename().string());
  ck_assert(names == (std::vector<std::string>{"renderD128", "kfd", "nvidia-uvm", "nvidia0", "nvidia12", "nvidiactl"}));
  ck_assert(gpu_nodes(scratch / "nothing").empty());
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
    {only_device_files_of_compute_drivers_are_shown, a_list_of_devices_is_believed_only_as_far_as_it_goes,
     devices_of_one_type_are_chosen_and_change_the_version}};

}  // namespace
