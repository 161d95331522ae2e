#include "tests/load/members.h"

#include <charconv>
#include <nlohmann/json.hpp>

namespace distren::load {

namespace {

std::size_t after_blanks(std::string_view text, std::size_t at) {
  while (at < text.size() && (text[at] == ' ' || text[at] == '\t')) ++at;
  return at;
}

// Behind the string that begins at `at`; text.size() when it does not end.
std::size_t after_string(std::string_view text, std::size_t at) {
  for (++at; at < text.size(); ++at) {
    if (text[at] == '\\')
      ++at;
    else if (text[at] == '"')
      return at + 1;
  }
  return text.size();
}

std::size_t after_value(std::string_view text, std::size_t at) {
  int depth = 0;
  while (at < text.size()) {
    char const c = text[at];
    if (c == '"') {
      at = after_string(text, at);
      if (depth == 0) return at;
      continue;
    }
    if (depth == 0 && (c == ',' || c == '}' || c == ' ')) return at;
    if (c == '{' || c == '[') ++depth;
    if (c == '}' || c == ']') {
      --depth;
      if (depth == 0) return at + 1;
    }
    ++at;
  }
  return at;
}

}  // namespace

std::optional<std::string_view> raw_member(std::string_view object, std::string_view name) {
  std::size_t at = after_blanks(object, 0);
  if (at >= object.size() || object[at] != '{') return std::nullopt;
  while (++at < object.size()) {
    at = after_blanks(object, at);
    if (at >= object.size() || object[at] != '"') return std::nullopt;
    std::size_t const end = after_string(object, at);
    std::string_view const key = object.substr(at, end - at);
    at = after_blanks(object, end);
    if (at >= object.size() || object[at] != ':') return std::nullopt;
    at = after_blanks(object, at + 1);
    std::size_t const value_end = after_value(object, at);
    if (key.size() == name.size() + 2 && key.substr(1, name.size()) == name) return object.substr(at, value_end - at);
    at = after_blanks(object, value_end);
    if (at >= object.size() || object[at] != ',') return std::nullopt;
  }
  return std::nullopt;
}

std::string text_member(std::string_view object, std::string_view name) {
  auto const raw = raw_member(object, name);
  if (!raw || raw->size() < 2 || raw->front() != '"') return {};
  if (raw->find('\\') == std::string_view::npos) return std::string(raw->substr(1, raw->size() - 2));
  auto const parsed = nlohmann::json::parse(*raw, nullptr, false);
  return parsed.is_string() ? parsed.get<std::string>() : std::string();
}

std::int64_t number_member(std::string_view object, std::string_view name, std::int64_t otherwise) {
  auto const raw = raw_member(object, name);
  std::int64_t number = 0;
  if (!raw || std::from_chars(raw->data(), raw->data() + raw->size(), number).ec != std::errc()) return otherwise;
  return number;
}

}  // namespace distren::load
