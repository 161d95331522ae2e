#include "common/base/json_body.h"

#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <set>

#include "common/base/json_depth.h"
#include "common/base/json_text.h"
#include "common/base/text.h"

namespace distren {

using nlohmann::json;

namespace {

constexpr std::size_t max_problems = 20;
constexpr std::int64_t max_integer = (std::int64_t{1} << 53) - 1;  // beyond it JavaScript and many parsers round

// The names of the objects that are open while a text is parsed; programs differ in which of two equal names they take.
struct DuplicateFinder {
  std::vector<std::set<std::string>> open{};
  std::string found{};

  bool operator()(int /*depth*/, json::parse_event_t event, json const& parsed) {
    if (event == json::parse_event_t::object_start) open.emplace_back();
    if (event == json::parse_event_t::object_end) open.pop_back();
    if (event == json::parse_event_t::key && !open.back().insert(parsed.get_ref<std::string const&>()).second)
      found = parsed.get_ref<std::string const&>();
    return true;
  }
};

// A JSON pointer to a member (RFC 6901).
std::string pointer_to(std::string_view name) {
  std::string pointer = name.empty() ? "" : "/";
  for (char const c : name) pointer += c == '~' ? "~0" : c == '/' ? "~1" : std::string(1, c);
  return pointer;
}

}  // namespace

std::string shown(json const& value) {
  if (value.is_object()) return "an object";
  if (value.is_array()) return "a list";
  if (value.is_null()) return "null";
  return printable(value.is_string() ? fmt::format("'{}'", value.get_ref<std::string const&>()) : to_text(value), 120);
}

Result<json> parse_json(std::string_view text) {
  if (text.empty()) return fail(Errc::invalid, "the body is empty; a JSON object is expected", "malformed_json");
  if (json_too_deep(text))
    return fail(Errc::invalid, fmt::format("the JSON is nested more than {} levels deep", json_depth_limit),
                "malformed_json");
  try {
    DuplicateFinder duplicates;
    auto parsed = json::parse(text, std::ref(duplicates));
    if (!duplicates.found.empty())
      return fail(Errc::invalid, fmt::format("the member '{}' occurs twice", printable(duplicates.found, 60)),
                  "malformed_json");
    return parsed;
  } catch (json::parse_error const& error) {
    return fail(Errc::invalid, fmt::format("the body is not JSON: reading failed at byte {}", error.byte),
                "malformed_json");
  } catch (json::out_of_range const&) {
    return fail(Errc::invalid, "the body holds a number that is too large", "malformed_json");
  }
}

Result<JsonBody> JsonBody::parse(std::string_view text) {
  auto parsed = parse_json(text);
  if (!parsed) return std::move(parsed).error();
  if (!parsed->is_object()) {
    return fail(Errc::invalid, fmt::format("the body is {}; a JSON object is expected", shown(*parsed)));
  }
  return JsonBody(std::move(*parsed));
}

Result<JsonBody> JsonBody::parse_patch(std::string_view text) {
  auto body = parse(text);
  if (body) body->null_clears_ = true;
  return body;
}

json* JsonBody::find(char const* name, Need need) {
  asked_.emplace_back(name);
  auto const found = object_.find(name);
  if (found != object_.end() && !found->is_null()) return &*found;
  if (found != object_.end() && null_clears_) {
    problem(name, "wrong_type", fmt::format("{}: it cannot be cleared", name));
    return nullptr;
  }
  if (need == Need::required) problem(name, "missing", fmt::format("{} is missing", name));
  return nullptr;
}

bool JsonBody::wrong(char const* name, json const& value, std::string_view code, std::string_view what) {
  problem(name, code, fmt::format("{}: {} is {}", name, shown(value), what));
  return false;
}

void JsonBody::problem(std::string_view name, std::string_view code, std::string detail) {
  problems_.push_back({"body", pointer_to(name), std::string(code), std::move(detail)});
}

bool JsonBody::read(char const* name, Need need, std::string& target, std::size_t longest) {
  auto* value = find(name, need);
  if (value == nullptr) return false;
  if (!value->is_string()) return wrong(name, *value, "wrong_type", "not text");
  auto const& text = value->get_ref<std::string const&>();
  if (text.size() > longest) {
    problem(name, "too_long",
            fmt::format("{}: the text has {} bytes, at most {} are allowed", name, text.size(), longest));
    return false;
  }
  if (text.find('\0') != std::string::npos) {
    problem(name, "bad_format", fmt::format("{}: the text holds a NUL character", name));
    return false;
  }
  target = text;
  return true;
}

bool JsonBody::read(char const* name, Need need, std::int64_t& target, std::int64_t min, std::int64_t max) {
  auto* value = find(name, need);
  if (value == nullptr) return false;
  if (!value->is_number_integer()) return wrong(name, *value, "wrong_type", "not a whole number");
  bool const huge = value->is_number_unsigned() && value->get<std::uint64_t>() > static_cast<std::uint64_t>(INT64_MAX);
  auto const number = huge ? INT64_MAX : value->get<std::int64_t>();
  max = std::min(max, max_integer);
  if (huge || number < min || number > max)
    return wrong(name, *value, "out_of_range", fmt::format("not between {} and {}", min, max));
  target = number;
  return true;
}

bool JsonBody::read(char const* name, Need need, bool& target) {
  auto* value = find(name, need);
  if (value == nullptr) return false;
  if (!value->is_boolean()) return wrong(name, *value, "wrong_type", "neither true nor false");
  target = value->get<bool>();
  return true;
}

bool JsonBody::is_null(char const* name) {
  auto const found = object_.find(name);
  if (found == object_.end() || !found->is_null()) return false;
  asked_.emplace_back(name);
  return true;
}

bool JsonBody::read_or_null(char const* name, std::optional<std::string>& target, std::size_t longest) {
  if (is_null(name)) return target.reset(), true;
  std::string text;
  if (!read(name, optional, text, longest)) return false;
  target = std::move(text);
  return true;
}

bool JsonBody::read_or_null(char const* name, std::optional<std::int64_t>& target, std::int64_t min, std::int64_t max) {
  if (is_null(name)) return target.reset(), true;
  std::int64_t number = 0;
  if (!read(name, optional, number, min, max)) return false;
  target = number;
  return true;
}

bool JsonBody::read_object(char const* name, Need need, json& target) {
  auto* value = find(name, need);
  if (value == nullptr) return false;
  if (!value->is_object()) return wrong(name, *value, "wrong_type", "not an object");
  target = std::move(*value);
  return true;
}

bool JsonBody::read_array(char const* name, Need need, json& target, std::size_t longest) {
  auto* value = find(name, need);
  if (value == nullptr) return false;
  if (!value->is_array()) return wrong(name, *value, "wrong_type", "not a list");
  if (value->size() > longest) {
    problem(name, "too_long",
            fmt::format("{}: the list has {} items, at most {} are allowed", name, value->size(), longest));
    return false;
  }
  target = std::move(*value);
  return true;
}

bool JsonBody::read_texts(char const* name, Need need, std::vector<std::string>& target, std::size_t longest) {
  json list;
  if (!read_array(name, need, list, longest)) return false;
  std::vector<std::string> texts;
  for (auto const& item : list) {
    if (!item.is_string()) return wrong(name, item, "wrong_type", "not text");
    texts.push_back(item.get<std::string>());
  }
  target = std::move(texts);
  return true;
}

void JsonBody::adopt(std::string const& pointer, std::string_view title, Error const& nested) {
  for (auto const& each : nested.fields)
    problems_.push_back({each.in, pointer + each.at, each.code, fmt::format("{}{}", title, each.detail)});
}

Result<void> JsonBody::finish() const {
  auto problems = problems_;
  for (auto const& [name, value] : object_.items()) {
    if (std::find(asked_.begin(), asked_.end(), name) != asked_.end()) continue;
    problems.push_back(
        {"body", pointer_to(printable(name, 60)), "unknown",
         fmt::format("'{}' is not known here; known are: {}", printable(name, 60), fmt::join(asked_, ", "))});
  }
  if (problems.empty()) return {};
  auto const more = problems.size() > max_problems ? problems.size() - max_problems : 0;
  problems.resize(problems.size() - more);
  std::string detail;
  for (auto const& each : problems) detail += (detail.empty() ? "" : "; ") + each.detail;
  if (more > 0) detail += fmt::format("; and {} more", more);
  return Error{Errc::invalid, std::move(detail), {}, std::move(problems)};
}

}  // namespace distren
