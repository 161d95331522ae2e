#include "server/submit/finding.h"

#include <utility>

namespace distren {

using nlohmann::json;

namespace {

json finding_to_json(std::string_view code, std::string const& message, std::string const& subject, int count) {
  return {{"code", code},
          {"severity", "warning"},  // what is worse is refused
          {"message", message},
          {"subject", subject.empty() ? json(nullptr) : json(subject)},
          {"count", count}};
}

}  // namespace

json findings_to_json(std::vector<Finding> const& findings) {
  auto items = json::array();
  for (auto const& each : findings) items.push_back(finding_to_json(each.code, each.message, each.subject, each.count));
  return items;
}

json read_findings(std::string_view text) {
  auto items = json::array();
  auto stored = json::parse(text, nullptr, false);
  if (!stored.is_array()) return items;
  for (auto& each : stored) {
    if (each.is_string())
      items.push_back(finding_to_json("other", each.get<std::string>(), {}, 1));
    else if (each.is_object())
      items.push_back(std::move(each));
  }
  return items;
}

}  // namespace distren
