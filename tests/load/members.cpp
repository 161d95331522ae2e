#include "tests/load/members.h"

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
    if (depth == 0 && (c == ',' || c == '}' || c == ']' || c == ' ')) return at;
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

MemberIndex::MemberIndex(std::string_view object) {
  std::size_t at = after_blanks(object, 0);
  if (at >= object.size() || object[at] != '{') return;
  while (++at < object.size() && count_ < members_.size()) {
    at = after_blanks(object, at);
    if (at >= object.size() || object[at] != '"') return;
    std::size_t const end = after_string(object, at);
    std::string_view const key = object.substr(at, end - at);
    at = after_blanks(object, end);
    if (at >= object.size() || object[at] != ':') return;
    at = after_blanks(object, at + 1);
    std::size_t const value_end = after_value(object, at);
    if (key.size() >= 2 && value_end > at)
      members_[count_++] = {key.substr(1, key.size() - 2), object.substr(at, value_end - at)};
    at = after_blanks(object, value_end);
    if (at >= object.size() || object[at] != ',') return;
  }
}

std::optional<std::string_view> ElementReader::next() {
  at_ = after_blanks(list_, at_ + 1);  // behind the bracket, or the comma
  if (at_ >= list_.size() || list_[at_] == ']') return std::nullopt;
  std::size_t const from = at_;
  at_ = after_value(list_, at_);
  std::string_view const element = list_.substr(from, at_ - from);
  at_ = after_blanks(list_, at_);
  return element.empty() ? std::nullopt : std::optional(element);
}

std::optional<std::string_view> MemberIndex::find(std::string_view name) const {
  for (std::size_t i = 0; i < count_; ++i) {
    if (members_[i].name == name) return members_[i].value;
  }
  return std::nullopt;
}

std::optional<std::string> text_in(std::string_view value) {
  if (value.size() < 2 || value.front() != '"' || value.back() != '"') return std::nullopt;
  if (value.find('\\') == std::string_view::npos) return std::string(value.substr(1, value.size() - 2));
  auto const parsed = nlohmann::json::parse(value, nullptr, false);
  return parsed.is_string() ? std::optional(parsed.get<std::string>()) : std::nullopt;
}

}  // namespace distren::load
