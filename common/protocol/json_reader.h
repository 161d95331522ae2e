// Visits members() with a JSON object to read from. A part of codec.cpp. Pure, any thread.
#pragma once

#include <fmt/format.h>

#include <cmath>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include "common/base/text.h"
#include "common/protocol/codec.h"
#include "common/protocol/expectations.h"
#include "common/protocol/messages.h"

namespace distren::protocol {

// Where in a message something stands: "files[3].size", put together only when there is a problem.
struct Place {
  Place const* outer = nullptr;
  std::string_view name{};
  std::optional<std::size_t> index{};

  [[nodiscard]] std::string text() const {
    std::string out = outer == nullptr ? std::string() : outer->text();
    if (!out.empty() && !name.empty()) out += '.';
    out += name;
    if (index) out += fmt::format("[{}]", *index);
    return out;
  }
};

template <typename Value>
struct Inner {
  using type = Value;
};
template <typename Value>
struct Inner<std::optional<Value>> {
  using type = Value;
};

class JsonReader {
public:
  using json = nlohmann::json;

  JsonReader(json const& object, std::vector<std::string>& problems, Place const* place = nullptr)
      : object_(object), problems_(problems), place_(place) {
    if (!object.is_object()) problem("", object, "an object");
  }

  template <typename Value>
  void integer(std::string_view name, Value& value, IntegerRange range, Written = Written::always) {
    json const* const found = find(name);
    if (found == nullptr) return;
    if (auto const number = integer_in(*found, range))
      value = static_cast<typename Inner<Value>::type>(*number);
    else
      problem(name, *found, expectation(range));
  }

  template <typename Value>
  void number(std::string_view name, Value& value, NumberRange range) {
    json const* const found = find(name);
    if (found == nullptr) return;
    double number = found->is_number() ? found->get<double>() : NAN;
    if (range.clamped && !std::isnan(number)) number = std::clamp(number, range.min, range.max);
    if (number >= range.min && number <= range.max)
      value = number;
    else
      problem(name, *found, expectation(range));
  }

  void text(std::string_view name, std::string& value, TextLimit limit, Written = Written::always) {
    json const* const found = find(name);
    if (found != nullptr && !text_in(*found, limit, value)) problem(name, *found, expectation(limit));
  }

  template <typename Value>
  void flag(std::string_view name, Value& value) {
    json const* const found = find(name);
    if (found == nullptr) return;
    if (found->is_boolean())
      value = found->get<bool>();
    else
      problem(name, *found, flag_expectation);
  }
  void mark(std::string_view name, bool& value) { flag(name, value); }

  template <typename Value, typename Choice, std::size_t count>
  void choice(std::string_view name, Value& value, ChoiceName<Choice> const (&choices)[count]) {
    json const* const found = find(name);
    if (found == nullptr) return;
    for (auto const& each : choices) {
      if (found->is_string() && found->get_ref<std::string const&>() == each.name) {
        value = each.value;
        return;
      }
    }
    problem(name, *found, expectation(choices));
  }

  void texts(std::string_view name, std::vector<std::string>& values, std::size_t max, TextLimit limit,
             Written = Written::always) {
    each_of(name, max, [&](json const& element, Place const& place) {
      std::string text;
      if (text_in(element, limit, text))
        values.push_back(std::move(text));
      else
        problem(place, element, expectation(limit));
    });
  }

  // As texts(), but a list with a line that is wrong is left out as a whole.
  void lines(std::string_view name, std::optional<std::vector<std::string>>& values, std::size_t max, TextLimit limit) {
    json const* const found = find(name);
    if (found == nullptr) return;
    std::vector<std::string> lines;
    bool good = found->is_array() && found->size() <= max;
    for (std::size_t i = 0; good && i < found->size(); ++i) {
      good = text_in((*found)[i], limit, lines.emplace_back()) && printable(lines.back()) == lines.back();
    }
    if (good)
      values = std::move(lines);
    else
      problem(name, *found, list_expectation(max, expectation(limit)));
  }

  void integers(std::string_view name, std::vector<std::int64_t>& values, std::size_t max, IntegerRange range) {
    each_of(name, max, [&](json const& element, Place const& place) {
      if (auto const number = integer_in(element, range))
        values.push_back(*number);
      else
        problem(place, element, expectation(range));
    });
  }

  template <typename Value>
  void object(std::string_view name, Value& value, Written = Written::always) {
    json const* const found = find(name);
    if (found == nullptr) return;
    Place const place{place_, name};
    if (!found->is_object()) return problem(place, *found, "an object");
    JsonReader inner(*found, problems_, &place);
    typename Inner<Value>::type read;
    members(inner, read);
    value = std::move(read);
  }

  template <typename Value>
  void objects(std::string_view name, std::vector<Value>& values, std::size_t max, Written = Written::always) {
    each_of(name, max, [&](json const& element, Place const& place) {
      if (!element.is_object()) return problem(place, element, "an object");
      JsonReader inner(element, problems_, &place);
      Value value;
      members(inner, value);
      values.push_back(std::move(value));
    });
  }

  void open_object(std::string_view name, json& value) {
    json const* const found = find(name);
    if (found == nullptr) return;
    if (found->is_object())
      value = *found;
    else
      problem(name, *found, "an object");
  }

private:
  // null counts as left out.
  [[nodiscard]] json const* find(std::string_view name) const {
    if (!object_.is_object()) return nullptr;
    auto const found = object_.find(name);
    return found == object_.end() || found->is_null() ? nullptr : &*found;
  }

  template <typename Each>
  void each_of(std::string_view name, std::size_t max, Each const& each) {
    json const* const found = find(name);
    if (found == nullptr) return;
    if (!found->is_array()) return problem(name, *found, "a list");
    if (found->size() > max) problem(name, found->size(), fmt::format("a length of at most {}", grouped(max)));
    for (std::size_t i = 0; i < std::min(max, found->size()); ++i) each((*found)[i], Place{place_, name, i});
  }

  static std::optional<std::int64_t> integer_in(json const& value, IntegerRange range) {
    std::int64_t number = 0;
    if (value.is_number_unsigned()) {
      auto const given = value.get<std::uint64_t>();
      if (given > static_cast<std::uint64_t>(range.max < 0 ? 0 : range.max))
        return range.clamped ? std::optional(range.max) : std::nullopt;
      number = static_cast<std::int64_t>(given);
    } else if (value.is_number_integer()) {
      number = value.get<std::int64_t>();
    } else if (value.is_number()) {
      double const given = value.get<double>();
      if (!(std::abs(given) < 9e18)) {
        if (!range.clamped) return std::nullopt;
        return given < 0 ? range.min : range.max;
      }
      number = static_cast<std::int64_t>(given);
      if (static_cast<double>(number) != given && !range.clamped) return std::nullopt;
    } else {
      return std::nullopt;
    }
    if (range.clamped) return std::clamp(number, range.min, range.max);
    return number >= range.min && number <= range.max ? std::optional(number) : std::nullopt;
  }

  static bool text_in(json const& value, TextLimit limit, std::string& out) {
    if (!value.is_string()) return false;
    auto const& text = value.get_ref<std::string const&>();
    if (text.size() > limit.max_bytes && limit.excess == Excess::dropped) return false;
    out = cut(text, limit);
    return true;
  }

  void problem(Place const& place, json const& value, std::string_view expected) {
    if (problems_.size() >= max_problems) return;
    std::string const where = place.text();
    problems_.push_back(fmt::format("{}{}{} is not {}", where, where.empty() ? "" : ": ", shown(value), expected));
  }
  void problem(std::string_view name, json const& value, std::string_view expected) {
    problem(Place{place_, name}, value, expected);
  }

  json const& object_;
  std::vector<std::string>& problems_;
  Place const* place_;
};

}  // namespace distren::protocol
