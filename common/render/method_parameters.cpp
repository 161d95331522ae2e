#include <fmt/format.h>

#include <algorithm>

#include "common/base/files.h"
#include "common/render/render_method.h"

namespace distren {

namespace {

using nlohmann::json;

std::string shown(json const& value) {
  std::string text = value.dump(-1, ' ', true, json::error_handler_t::replace);
  if (text.size() > 100) text = text.substr(0, 100) + "...";
  return text;
}

std::string joined(std::vector<std::string> const& words) {
  return fmt::format("{}", fmt::join(words, ", "));
}

bool is_utf8(std::string const& text) {
  try {
    static_cast<void>(json(text).dump());  // strict: throws on what is no UTF-8
    return true;
  } catch (json::exception const&) {
    return false;
  }
}

bool has_control(std::string const& text) {
  return std::ranges::any_of(text, [](char c) { return static_cast<unsigned char>(c) < 32 || c == 127; });
}

// Nothing: the value is right. Else what is allowed.
std::optional<std::string> problem_with(MethodParameter const& parameter, json const& value) {
  using Kind = MethodParameter::Kind;
  switch (parameter.kind) {
    case Kind::integer: {
      std::string const allowed = fmt::format("a whole number from {} to {}", parameter.min, parameter.max);
      if (!value.is_number_integer()) return allowed;
      if (value.is_number_unsigned() && value.get<std::uint64_t>() > static_cast<std::uint64_t>(INT64_MAX))
        return allowed;
      auto const number = value.get<std::int64_t>();
      return number < parameter.min || number > parameter.max ? std::optional(allowed) : std::nullopt;
    }
    case Kind::choice:
      if (value.is_string() && std::ranges::count(parameter.values, value.get<std::string>()) > 0) return std::nullopt;
      return "one of " + joined(parameter.values);
    case Kind::text: {
      if (!value.is_string()) return "a text";
      auto const& text = value.get_ref<std::string const&>();
      if (text.empty() || text.size() > parameter.max_bytes)
        return fmt::format("a text of 1 to {} bytes", parameter.max_bytes);
      if (has_control(text) || !is_utf8(text)) return "a text in UTF-8 without control characters";
      // A leading dash would be read as an option where the text is an argument of its own.
      if (parameter.pattern && (text.front() == '-' || !parameter.pattern->match(text)))
        return "a text of another form";
      return std::nullopt;
    }
    case Kind::path: {
      if (!value.is_string()) return "a relative path";
      auto const& text = value.get_ref<std::string const&>();
      auto const good = check_relative_path(text);
      if (!good) return "a relative path (" + good.error().message + ")";
      if (!is_utf8(text) || text.front() == '-') return "a relative path in UTF-8 that does not begin with a dash";
      return std::nullopt;
    }
  }
  return "nothing";
}

}  // namespace

Result<json> check_parameters(RenderMethod const& method, json const& given, ParameterScope scope) {
  if (!given.is_object() && !given.is_null())
    return fail(Errc::invalid,
                fmt::format("the parameters must be an object of names and values, not {}", shown(given)));
  json good = json::object();
  std::vector<std::string> problems;
  std::vector<std::string> names;
  for (auto const& parameter : method.parameters) {
    if (scope == ParameterScope::job && (parameter.of_task || parameter.of_tile)) continue;
    names.push_back(parameter.name);
    auto const found = given.is_object() ? given.find(parameter.name) : given.end();
    if (found == given.end() || found->is_null()) {
      if (parameter.of_task) problems.push_back(fmt::format("{} is missing", parameter.name));
      continue;
    }
    if (auto const allowed = problem_with(parameter, *found))
      problems.push_back(fmt::format("{} is {}; it takes {}", parameter.name, shown(*found), *allowed));
    else
      good[parameter.name] = *found;
  }
  if (given.is_object())
    for (auto const& [name, value] : given.items())
      if (std::ranges::count(names, name) == 0)
        problems.push_back(
            fmt::format("{} has no parameter {}; it takes {}", method.title, shown(json(name)), joined(names)));
  if (problems.empty()) return good;
  return fail(Errc::invalid, fmt::format("{}", fmt::join(problems, "; ")));
}

}  // namespace distren
