// Where a password comes from: the terminal without echo, the first line of a file, or stdin; never the command line.
#pragma once

#include <string>

#include "common/base/result.h"

namespace distren::client {

struct PasswordSource {
  std::string file;         // --password-file
  bool from_stdin = false;  // --password-stdin
};

// `twice`: on the terminal it is asked again, for a new password. Empty passwords are invalid; no terminal is invalid
// and names the two options.
Result<std::string> read_password(PasswordSource const& source, std::string const& prompt, bool twice);

}  // namespace distren::client
