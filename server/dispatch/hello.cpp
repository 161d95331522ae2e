#include <algorithm>
#include <nlohmann/json.hpp>

#include "common/base/text.h"
#include "server/dispatch/dispatcher.h"

namespace distren {

using nlohmann::json;

namespace {

constexpr std::size_t settings_limit = 8000;  // bytes

int number_of(json const& message, char const* key, int low, int high) {
  auto const found = message.find(key);
  if (found == message.end() || !found->is_number()) return low;
  double const value = found->get<double>();
  return value >= low && value <= high ? static_cast<int>(value) : low;
}

std::string text_of(json const& message, char const* key, std::size_t limit) {
  auto const found = message.find(key);
  return found != message.end() && found->is_string() ? whole_characters(found->get_ref<std::string const&>(), limit)
                                                      : std::string();
}

}  // namespace

SlaveCapabilities parse_hello(json const& message) {
  SlaveCapabilities state;
  state.cores = number_of(message, "cores", 0, 4096);
  state.memory_mib = number_of(message, "memory", 0, 1 << 26);
  state.cpu = text_of(message, "cpu", 200);
  state.slots = number_of(message, "slots", 0, 64);
  state.orders = number_of(message, "orders", 0, 64);
  state.minutes_per_frame = number_of(message, "minutes_per_frame", 0, 100'000);
  if (auto const blocks = message.find("blocks"); blocks != message.end()) state.blocks = parse_blocks(*blocks);
  if (auto const settings = message.find("settings"); settings != message.end() && settings->is_object()) {
    state.settings = settings->dump(-1, ' ', false, json::error_handler_t::replace);
    if (state.settings.size() > settings_limit) state.settings.clear();
  }
  if (auto const methods = message.find("methods"); methods != message.end() && methods->is_array()) {
    for (auto const& method : *methods) {
      if (state.methods.size() == 64) break;
      if (method.is_object()) state.methods.push_back({text_of(method, "name", 40), text_of(method, "version", 40)});
    }
  }
  if (auto const gpus = message.find("gpus"); gpus != message.end() && gpus->is_array()) {
    for (auto const& gpu : *gpus) {
      if (state.gpus.size() == 16) break;
      if (gpu.is_string()) state.gpus.push_back(whole_characters(gpu.get_ref<std::string const&>(), 100));
    }
  }
  if (auto const holding = message.find("holding"); holding != message.end() && holding->is_array()) {
    for (auto const& held : *holding) {
      if (state.holding.size() == 1000) break;
      if (held.is_object() && held.contains("attempt") && held["attempt"].is_number_integer())
        state.holding.emplace_back(held["attempt"].get<std::int64_t>(), text_of(held, "lease", lease_text_limit));
    }
  }
  return state;
}

}  // namespace distren
