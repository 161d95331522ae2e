#include "slave/gpu.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "common/base/digest.h"
#include "common/base/text.h"

namespace distren {

namespace {

using nlohmann::json;

constexpr std::size_t max_gpus = 16;
constexpr std::size_t text_limit = 120;  // bytes of an id or a name
constexpr std::array<std::string_view, 5> gpu_types = {"OPTIX", "CUDA", "HIP", "ONEAPI", "METAL"};

bool matches(std::string const& wanted, Gpu const& gpu) {
  return wanted == "auto" || wanted == gpu.id || lower_case(gpu.name).find(lower_case(wanted)) != std::string::npos;
}

std::string text_of(json const& device, char const* name) {
  auto const found = device.find(name);
  return found != device.end() && found->is_string() ? printable(found->get<std::string>(), text_limit) : "";
}

}  // namespace

Result<std::vector<Gpu>> parse_gpus(std::string_view line) {
  auto const event = json::parse(line, nullptr, false);
  if (!event.is_object() || event.value("event", json()) != "devices" || !event.contains("devices") ||
      !event["devices"].is_array())
    return fail(Errc::invalid, "no list of devices");
  std::vector<Gpu> gpus;
  for (auto const& each : event["devices"]) {
    if (!each.is_object() || gpus.size() == max_gpus) continue;
    Gpu gpu{text_of(each, "id"), text_of(each, "name"), text_of(each, "type")};
    if (!gpu.id.empty() && !gpu.name.empty() && std::ranges::find(gpu_types, gpu.type) != gpu_types.end())
      gpus.push_back(std::move(gpu));
  }
  return gpus;
}

std::vector<Gpu> choose_gpus(std::vector<std::string> const& wanted, std::vector<Gpu> const& found,
                             std::vector<std::string>& remarks) {
  for (auto const& each : wanted)
    if (std::ranges::none_of(found, [&each](Gpu const& gpu) { return matches(each, gpu); }))
      remarks.push_back(fmt::format("gpu: no device is \"{}\"; frames are rendered without it", each));
  for (auto const type : gpu_types) {
    std::vector<Gpu> chosen;
    std::ranges::copy_if(found, std::back_inserter(chosen), [&](Gpu const& gpu) {
      return gpu.type == type && std::ranges::any_of(wanted, [&gpu](auto const& each) { return matches(each, gpu); });
    });
    if (!chosen.empty()) return chosen;
  }
  return {};
}

std::string gpu_tag(std::vector<Gpu> const& chosen) {
  if (chosen.empty()) return {};
  std::vector<std::string> names;
  for (auto const& gpu : chosen) names.push_back(gpu.name);
  std::ranges::sort(names);
  return fmt::format("+{}-{}", lower_case(chosen.front().type),
                     to_hex(sha256(fmt::format("{}", fmt::join(names, "\n")))).substr(0, 8));
}

json to_json(std::vector<Gpu> const& gpus) {
  json out = json::array();
  for (auto const& gpu : gpus) out.push_back({{"id", gpu.id}, {"name", gpu.name}, {"type", gpu.type}});
  return out;
}

}  // namespace distren
