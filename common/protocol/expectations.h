// The limits of messages in words, as doc/protocol.md and a reader's problems have them: "from 1 to 9". Pure.
#pragma once

#include <string>
#include <string_view>

#include "common/protocol/messages.h"

namespace distren::protocol {

inline constexpr std::string_view flag_expectation = "true or false";

std::string expectation(IntegerRange range);
std::string expectation(NumberRange range);
std::string expectation(TextLimit limit);
std::string list_expectation(std::size_t max, std::string_view of);
std::string choice_expectation(std::vector<std::string_view> const& names);

template <typename Choice, std::size_t count>
std::string expectation(ChoiceName<Choice> const (&choices)[count]) {
  std::vector<std::string_view> names;
  for (auto const& each : choices) names.push_back(each.name);
  return choice_expectation(names);
}

// The part of a text that is within its limit, in whole characters.
std::string cut(std::string const& text, TextLimit limit);

}  // namespace distren::protocol
