// Graphics cards for renderers: which device files they need, what a renderer found, and what the volunteer lends of
// it. Values and free functions; any thread. What a renderer prints is checked like everything else that it says.
#pragma once

#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/result.h"

namespace distren {

struct Gpu {
  std::string id;    // as the renderer names it
  std::string name;  // "NVIDIA GeForce RTX 3060"
  std::string type;  // OPTIX, CUDA, HIP, ONEAPI, METAL
};

// The device files below /dev that compute drivers open: of NVIDIA, of AMD's kernel driver, and render nodes; never
// those that show pictures.
std::vector<std::filesystem::path> gpu_nodes(std::filesystem::path const& dev = "/dev");

// A renderer's line: {"event":"devices","devices":[{"id","name","type"}]}. At most 16; invalid when it is no such line.
Result<std::vector<Gpu>> parse_gpus(std::string_view line);

// What to render with, all of one type, since a renderer takes one at a time: OptiX before CUDA, then HIP, oneAPI and
// Metal. wanted: "auto" for all that are there, else words of names, or ids. remarks: those that match nothing.
std::vector<Gpu> choose_gpus(std::vector<std::string> const& wanted, std::vector<Gpu> const& found,
                             std::vector<std::string>& remarks);

// What distinguishes a renderer on these devices from the same on the processor, as a part of its version, since its
// power is another: "+optix-1a2b3c4d", from the type and the names. Empty without devices.
std::string gpu_tag(std::vector<Gpu> const& chosen);

nlohmann::json to_json(std::vector<Gpu> const& gpus);

}  // namespace distren
