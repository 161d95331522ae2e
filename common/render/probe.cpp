#include "common/render/probe.h"

#include <fmt/format.h>

#include <charconv>

#include "common/base/xml.h"
#include "common/render/render_method.h"

namespace distren {

namespace {

namespace fs = std::filesystem;

nlohmann::json typed_value(RenderMethod const& method, std::string const& name, std::string const& text) {
  for (auto const& parameter : method.parameters) {
    std::int64_t value = 0;
    if (parameter.name != name || parameter.kind != MethodParameter::Kind::integer) continue;
    auto const [end, problem] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (problem == std::errc() && end == text.data() + text.size()) return value;
  }
  return text;
}

}  // namespace

bool Probe::is_for(std::string_view version) const {
  return (from.empty() || compare_versions(version, from) >= 0) &&
         (before.empty() || compare_versions(version, before) < 0);
}

Result<Probe> read_probe(RenderMethod const& method, std::string const& file, XmlElement const& element) {
  auto const wrong = [&](std::string const& what) {
    return fail(Errc::invalid, fmt::format("{}:{}: the probe: {}", file, element.line(), what));
  };
  Probe probe;
  probe.scene = fs::absolute(fs::path(file).parent_path() / element.attribute("scene").value_or(""));
  probe.engine = element.attribute("engine").value_or("");
  probe.from = element.attribute("from").value_or("");
  probe.before = element.attribute("before").value_or("");
  probe.advice = element.attribute("advice").value_or("");
  if (std::error_code error; !fs::is_regular_file(probe.scene, error))
    return wrong(fmt::format("its scene {} is not there", probe.scene.string()));
  nlohmann::json parameters{{"file", probe.scene.filename().string()}, {"frame", 1}};
  if (!probe.engine.empty()) parameters["engine"] = probe.engine;
  for (auto const& set : element.children("set")) {
    std::string const name = set.attribute("name").value_or("");
    parameters[name] = typed_value(method, name, set.attribute("value").value_or(""));
  }
  if (!parameters.contains("format") && !method.formats.empty()) parameters["format"] = method.formats.front().name;
  auto checked = check_parameters(method, parameters, ParameterScope::order);
  if (!checked) return wrong(checked.error().message);
  probe.parameters = std::move(*checked);
  return probe;
}

}  // namespace distren
