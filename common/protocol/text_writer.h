// Visits members() and writes them as JSON text, in their order. A part of codec.cpp and order.cpp; no tree is built,
// because a server writes ten thousand messages a second. Pure, any thread.
#pragma once

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <iterator>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/json_text.h"
#include "common/protocol/expectations.h"
#include "common/protocol/messages.h"

namespace distren::protocol {

void append_text(std::string& out, std::string_view text);  // quoted

class TextWriter {
public:
  // Appends to out, which must outlive it. first: there is no member before those that come.
  TextWriter(std::string& out, bool first) : out_(out), first_(first) {}

  template <typename Value>
  void integer(std::string_view name, Value const& value, IntegerRange /*range*/, Written when = Written::always) {
    if constexpr (requires { value.has_value(); }) {
      if (value) integer(name, *value, {}, when);
    } else if (when == Written::always || value != 0) {
      begin(name);
      fmt::format_to(std::back_inserter(out_), "{}", value);
    }
  }

  template <typename Value>
  void number(std::string_view name, Value const& value, NumberRange /*range*/) {
    if constexpr (requires { value.has_value(); }) {
      if (value) number(name, *value, {});
    } else if (std::isfinite(value)) {
      begin(name);
      fmt::format_to(std::back_inserter(out_), "{}", value);
    }
  }

  void text(std::string_view name, std::string const& value, TextLimit limit, Written when = Written::always) {
    if (when == Written::unless_empty && value.empty()) return;
    begin(name);
    append(value, limit);
  }

  template <typename Value>
  void flag(std::string_view name, Value const& value) {
    if constexpr (requires { value.has_value(); }) {
      if (value) flag(name, *value);
    } else {
      begin(name);
      out_ += value ? "true" : "false";
    }
  }
  void mark(std::string_view name, bool const& value) {
    if (value) flag(name, value);
  }

  template <typename Value, typename Choice, std::size_t count>
  void choice(std::string_view name, Value const& value, ChoiceName<Choice> const (&choices)[count]) {
    if constexpr (requires { value.has_value(); }) {
      if (value) choice(name, *value, choices);
    } else if (auto const chosen = choice_name(choices, value); !chosen.empty()) {
      begin(name);
      append_text(out_, chosen);
    }
  }

  void texts(std::string_view name, std::vector<std::string> const& values, std::size_t max, TextLimit limit,
             Written when = Written::always) {
    list(name, values, max, when, [&](std::string const& value) { append(value, limit); });
  }
  void lines(std::string_view name, std::optional<std::vector<std::string>> const& values, std::size_t max,
             TextLimit limit) {
    if (values) texts(name, *values, max, limit);
  }
  void integers(std::string_view name, std::vector<std::int64_t> const& values, std::size_t max,
                IntegerRange /*range*/) {
    list(name, values, max, Written::always,
         [&](std::int64_t value) { fmt::format_to(std::back_inserter(out_), "{}", value); });
  }

  template <typename Value>
  void object(std::string_view name, Value const& value, Written when = Written::always) {
    if constexpr (requires { value.has_value(); }) {
      if (value) object(name, *value, when);
    } else {
      if constexpr (requires { value == value; }) {
        if (when == Written::unless_empty && value == Value{}) return;
      }
      begin(name);
      append_object(value);
    }
  }
  template <typename Value>
  void objects(std::string_view name, std::vector<Value> const& values, std::size_t max,
               Written when = Written::always) {
    list(name, values, max, when, [&](Value const& value) { append_object(value); });
  }
  void open_object(std::string_view name, nlohmann::json const& value) {
    begin(name);
    out_ += value.is_object() ? to_text(value) : "{}";
  }

private:
  void begin(std::string_view name) {
    if (!first_) out_ += ',';
    first_ = false;
    out_ += '"';
    out_ += name;
    out_ += "\":";
  }

  void append(std::string const& value, TextLimit limit) {
    if (value.size() <= limit.max_bytes)
      append_text(out_, value);
    else
      append_text(out_, limit.excess == Excess::dropped ? std::string() : cut(value, limit));
  }

  template <typename Value>
  void append_object(Value const& value) {
    out_ += '{';
    TextWriter inner(out_, true);
    members(inner, value);
    out_ += '}';
  }

  template <typename Value, typename Each>
  void list(std::string_view name, std::vector<Value> const& values, std::size_t max, Written when, Each const& each) {
    if (when == Written::unless_empty && values.empty()) return;
    begin(name);
    out_ += '[';
    for (std::size_t i = 0; i < std::min(max, values.size()); ++i) {
      if (i > 0) out_ += ',';
      each(values[i]);
    }
    out_ += ']';
  }

  std::string& out_;
  bool first_;
};

}  // namespace distren::protocol
