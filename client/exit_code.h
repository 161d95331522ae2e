// Exit codes of `distren`; the man page lists the same numbers.
#pragma once

#include "common/base/result.h"

namespace distren::client {

enum ExitCode : int {
  exit_ok = 0,
  exit_rejected = 1,     // the server rejected the request, or the job failed
  exit_usage = 2,        // usage error; common/base/command_line.h returns it
  exit_denied = 3,       // not logged in, or not allowed
  exit_not_found = 4,    // not found
  exit_unavailable = 5,  // no server, no network, or the server is not ready
  exit_interrupted = 130
};

inline int exit_code_of(Errc code) {
  switch (code) {
    case Errc::denied:
      return exit_denied;
    case Errc::not_found:
      return exit_not_found;
    case Errc::unavailable:
      return exit_unavailable;
    case Errc::invalid:
    case Errc::conflict:
      break;
  }
  return exit_rejected;
}

}  // namespace distren::client
