// A question on the terminal before something is spent. Scripts are not asked: without a terminal it is a yes.
#pragma once

#include <string>

namespace distren::client {

// Shows the text and the question on stderr when stdin and stderr are a terminal; anything but y or yes is a no.
bool confirmed(std::string const& text, std::string const& question);

}  // namespace distren::client
