// A JSON value as text. Any thread.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>

namespace distren {

// On one line; bytes that are no UTF-8 become U+FFFD instead of an exception.
std::string to_text(nlohmann::json const& value);

}  // namespace distren
