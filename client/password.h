// Reads a password: from the terminal without echo, the first line of a file, or stdin; never from the command line.
#pragma once

#include <string>

#include "common/base/result.h"

namespace distren::client {

struct PasswordSource {
  std::string file;         // --password-file
  bool from_stdin = false;  // --password-stdin
};

// `twice`: the terminal asks for it again, for a new password. Errors: invalid for an empty password and without a
// terminal; the latter names the two options.
Result<std::string> read_password(PasswordSource const& source, std::string const& prompt, bool twice);

}  // namespace distren::client
