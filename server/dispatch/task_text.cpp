#include "server/dispatch/task_text.h"

namespace distren {

using nlohmann::json;

std::string_view phase_name(TaskPhase phase) {
  return phase == TaskPhase::checking ? "checking" : phase == TaskPhase::rendering ? "rendering" : "assigned";
}

json task_output_to_json(TaskOutput const& output) {
  return {{"name", output.name},
          {"size_bytes", output.size_bytes},
          {"sha256", output.sha256},
          {"width", output.width == 0 ? json(nullptr) : json(output.width)},
          {"height", output.height == 0 ? json(nullptr) : json(output.height)}};
}

json further_output_to_json(store::FurtherOutput const& output) {
  return task_output_to_json({.name = output.name,
                              .size_bytes = output.size,
                              .sha256 = output.sha256,
                              .width = output.width,
                              .height = output.height});
}

json warnings_to_json(std::vector<protocol::RenderWarning> const& warnings) {
  auto items = json::array();
  for (auto const& each : warnings)
    items.push_back({{"code", each.code.empty() ? json(nullptr) : json(each.code)},
                     {"message", each.message},
                     {"count", each.count}});
  return items;
}

json failure_to_json(std::string_view outcome, std::string_view code, std::string const& message) {
  if (message.empty()) return nullptr;
  if (code.empty())
    code = outcome == "rejected" ? "result_rejected" : outcome == "expired" ? "lease_expired" : "render_failed";
  return {{"code", code}, {"message", message}};
}

}  // namespace distren
