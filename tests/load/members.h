// Members of one JSON object as text, without a tree: a load generator shares the machine with what it measures.
// For objects of a server that is trusted to send well-formed JSON; what is not reads as absent.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace distren::load {

// The text of this member's value, strings with their quotes.
std::optional<std::string_view> raw_member(std::string_view object, std::string_view name);
std::string text_member(std::string_view object, std::string_view name);  // or ""
std::int64_t number_member(std::string_view object, std::string_view name, std::int64_t otherwise = 0);

}  // namespace distren::load
