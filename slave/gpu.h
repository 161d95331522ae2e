// Graphics cards for renderers: the devices a renderer found, and those the volunteer allows; what they need of the
// machine is in gpu_access.h. Values and free functions; any thread. A renderer's output is untrusted.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/result.h"

namespace distren {

struct Gpu {
  std::string id;    // the renderer's identifier
  std::string name;  // "NVIDIA GeForce RTX 3060"
  std::string type;  // OPTIX, CUDA, HIP, ONEAPI, METAL
};

// Parses {"event":"devices","devices":[{"id","name","type"}]}. At most 16. Errors: invalid.
Result<std::vector<Gpu>> parse_gpus(std::string_view line);

// The devices to render with, all of one type, because a renderer uses one at a time: OptiX before CUDA, then HIP,
// oneAPI and Metal. wanted: "auto" for all, else words of names, or ids. remarks: those without a match.
std::vector<Gpu> choose_gpus(std::vector<std::string> const& wanted, std::vector<Gpu> const& found,
                             std::vector<std::string>& remarks);

// A suffix of the renderer's version that identifies its devices, because the power on them differs from that on the
// processor: "+optix-1a2b3c4d", from the type and the names. Empty without devices.
std::string gpu_tag(std::vector<Gpu> const& chosen);

nlohmann::json to_json(std::vector<Gpu> const& gpus);

}  // namespace distren
