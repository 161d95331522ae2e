// Reads a message's members() from its text, without a tree: a load generator shares the machine with what it measures.
// For objects of a server that is trusted to send well-formed JSON; what is not reads as absent.
#pragma once

#include <array>
#include <charconv>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/protocol/messages.h"

namespace distren::load {

// Where the members of one object stand in its text; those beyond the first 32 are not found.
class MemberIndex {
public:
  explicit MemberIndex(std::string_view object);
  // The text of this member's value, strings with their quotes.
  [[nodiscard]] std::optional<std::string_view> find(std::string_view name) const;

private:
  struct Member {
    std::string_view name;
    std::string_view value;
  };
  std::array<Member, 32> members_{};
  std::size_t count_ = 0;
};

// The elements of a list, one after the other.
class ElementReader {
public:
  explicit ElementReader(std::string_view list) : list_(list) {}
  std::optional<std::string_view> next();

private:
  std::string_view list_;
  std::size_t at_ = 0;
};

std::optional<std::string> text_in(std::string_view value);  // of a string with its quotes

class TextReader {
public:
  explicit TextReader(MemberIndex const& object) : object_(object) {}

  void integer(std::string_view name, auto& value, protocol::IntegerRange range, protocol::Written = {}) {
    auto const found = object_.find(name);
    std::int64_t number = 0;
    if (!found || std::from_chars(found->data(), found->data() + found->size(), number).ec != std::errc()) return;
    if (range.clamped) number = std::min(std::max(number, range.min), range.max);
    if (number >= range.min && number <= range.max)
      value = static_cast<std::remove_reference_t<decltype(value)>>(number);
  }
  void text(std::string_view name, std::string& value, protocol::TextLimit, protocol::Written = {}) {
    if (auto const found = object_.find(name)) value = text_in(*found).value_or(std::move(value));
  }
  void mark(std::string_view name, bool& value) { value = object_.find(name) == "true"; }
  template <typename Value>
  void object(std::string_view name, std::optional<Value>& value, protocol::Written = {}) {
    auto const found = object_.find(name);
    if (!found || found->front() != '{') return;
    MemberIndex const index(*found);
    TextReader inner(index);
    members(inner, value.emplace());
  }
  template <typename Value>
  void object(std::string_view name, Value& value, protocol::Written = {}) {
    auto const found = object_.find(name);
    if (!found || found->front() != '{') return;
    MemberIndex const index(*found);
    TextReader inner(index);
    members(inner, value);
  }
  template <typename Value>
  void objects(std::string_view name, std::vector<Value>& values, std::size_t max, protocol::Written = {}) {
    each_in(name, max, [&](std::string_view text) {
      MemberIndex const index(text);
      TextReader inner(index);
      members(inner, values.emplace_back());
    });
  }
  void integers(std::string_view name, std::vector<std::int64_t>& values, std::size_t max, protocol::IntegerRange) {
    each_in(name, max, [&](std::string_view text) {
      std::int64_t number = 0;
      if (std::from_chars(text.data(), text.data() + text.size(), number).ec == std::errc()) values.push_back(number);
    });
  }
  template <typename Value, typename Choice, std::size_t count>
  void choice(std::string_view name, Value& value, protocol::ChoiceName<Choice> const (&choices)[count]) {
    auto const found = object_.find(name);
    if (!found || found->size() < 2) return;
    for (auto const& each : choices)
      if (found->substr(1, found->size() - 2) == each.name) value = each.value;
  }
  void flag(std::string_view, auto&) {}
  void lines(std::string_view, auto&, std::size_t, protocol::TextLimit) {}
  void texts(std::string_view, auto&, std::size_t, protocol::TextLimit, protocol::Written = {}) {}

private:
  void each_in(std::string_view name, std::size_t max, auto const& each) {
    auto const found = object_.find(name);
    if (!found || found->front() != '[') return;
    ElementReader elements(*found);
    for (std::size_t i = 0; i < max; ++i) {
      auto const element = elements.next();
      if (!element) return;
      each(*element);
    }
  }

  MemberIndex const& object_;
};

template <typename Message>
Message read_message(MemberIndex const& object) {
  TextReader reader(object);
  Message message;
  members(reader, message);
  return message;
}

}  // namespace distren::load
