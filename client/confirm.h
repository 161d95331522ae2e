// Asks for confirmation on the terminal before points are spent or an account is deleted. Without a terminal (scripts)
// the answer is yes.
#pragma once

#include <string>

namespace distren::client {

// Prints the text and the question on stderr when stdin and stderr are a terminal; only y or yes confirms.
bool confirmed(std::string const& text, std::string const& question);

}  // namespace distren::client
