#include "server/submit/parameter_file.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "common/base/text.h"
#include "common/base/xml.h"
#include "common/render/frame_range.h"

namespace distren {

namespace {

using nlohmann::json;

constexpr auto file_name = "the parameter file";

Error at(XmlElement const& element, std::string const& what) {
  return fail(Errc::invalid, fmt::format("{}, line {}: {}", file_name, element.line(), what));
}

// XML knows texts alone: where the definition wants a whole number, a text that is one becomes it.
json value_of(RenderMethod const& method, std::string const& name, std::string const& text) {
  auto const parameter = std::ranges::find(method.parameters, name, &MethodParameter::name);
  if (parameter == method.parameters.end() || parameter->kind != MethodParameter::Kind::integer) return text;
  std::int64_t number = 0;
  auto const [end, problem] = std::from_chars(text.data(), text.data() + text.size(), number);
  return problem == std::errc() && end == text.data() + text.size() ? json(number) : json(text);
}

Result<void> read_settings(RenderMethod const& method, XmlElement const& from, json& into) {
  std::vector<std::string> seen;
  for (auto const& set : from.children("set")) {
    std::string const name = set.attribute("name").value_or("");
    if (std::ranges::count(seen, name) > 0) return at(set, fmt::format("{} is set twice", name));
    seen.push_back(name);
    into[name] = value_of(method, name, set.attribute("value").value_or(""));
  }
  return {};
}

}  // namespace

Result<std::vector<Variation>> read_parameter_file(std::string_view text, RenderMethod const& method) {
  auto const document = XmlDocument::parse(text, file_name, method.folder.parent_path() / "parameters.xsd");
  if (!document) return document.error();
  XmlElement const root = document->root();
  if (auto const meant = root.attribute("method").value_or(""); meant != method.name)
    return at(root,
              fmt::format("it is for the render method {}, the job is for {}", printable(meant, 60), method.name));
  json all = json::object();
  if (auto const read = read_settings(method, root, all); !read) return read.error();
  std::vector<Variation> variations;
  for (auto const& element : root.children("variation")) {
    Variation variation{.name = element.attribute("name").value_or(""), .frames = {}, .parameters = all};
    if (auto const read = read_settings(method, element, variation.parameters); !read) return read.error();
    auto checked = check_parameters(method, variation.parameters);
    if (!checked) return at(element, fmt::format("variation {}: {}", variation.name, checked.error().message));
    variation.parameters = std::move(*checked);
    if (auto const frames = element.attribute("frames")) {
      auto parsed = parse_frames(*frames);
      if (!parsed) return at(element, fmt::format("variation {}: frames: {}", variation.name, parsed.error().message));
      variation.frames = std::move(*parsed);
    }
    variations.push_back(std::move(variation));
  }
  return variations;
}

}  // namespace distren
