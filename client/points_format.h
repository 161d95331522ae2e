// The server's points as sentences and table cells. They arrive as whole millipoints, see common/base/points_text.h.
#pragma once

#include <cstdint>
#include <string>

#include "client/fields.h"

namespace distren::client {

// A member of millipoints as points: "12.5"; "" when absent or not a number.
std::string points_of(Json const& object, char const* key);
// The same with its sign: "+12.5", "-3"; "" for zero.
std::string change_of(Json const& object, char const* key);
// Another decimal of at most three digits, like a weight: "1.25"; "" when absent or not a number.
std::string decimal_of(Json const& object, char const* key);

// The purpose of a statement line.
std::string purpose_of(Json const& line);

// "This boost costs 120 points...": a quote as a sentence or several, each ended by a newline. now: ms since 1970.
std::string quote_text(Json const& quote, std::int64_t now);

}  // namespace distren::client
