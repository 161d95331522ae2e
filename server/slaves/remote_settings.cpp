#include "server/slaves/remote_settings.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <vector>

#include "common/base/text.h"
#include "common/protocol/codec.h"
#include "common/protocol/shapes.h"

namespace distren {

using nlohmann::json;

// Only the slave can parse the schedule; it reports problems in its announce.
Result<std::string> change_settings(std::string_view kept, json const& changes) {
  if (!changes.is_object()) return fail(Errc::invalid, "settings are an object");
  auto problems = protocol::read<protocol::RemoteSettings>(changes).problems;
  std::vector<FieldError> fields;
  auto const names = protocol::remote_setting_names();
  for (auto const& [name, value] : changes.items()) {
    if (std::ranges::find(names, name) != names.end()) continue;
    problems.push_back(
        fmt::format("there is no setting '{}'; there are {}", printable(name, 40), fmt::join(names, ", ")));
    fields.push_back({"body", "/" + printable(name, 40), "unknown", problems.back()});
  }
  if (!problems.empty()) return Error{Errc::invalid, fmt::format("{}", fmt::join(problems, "; ")), {}, fields};
  auto settings = json::parse(kept, nullptr, false);
  if (!settings.is_object()) settings = json::object();
  settings.merge_patch(changes);
  return settings.empty() ? std::string() : settings.dump();
}

protocol::RemoteSettings remote_settings_of(std::string_view kept) {
  return protocol::read<protocol::RemoteSettings>(json::parse(kept, nullptr, false)).message;
}

}  // namespace distren
