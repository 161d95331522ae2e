#include "client/confirm.h"

#include <fmt/format.h>
#include <unistd.h>

#include <cstdio>

namespace distren::client {

bool confirmed(std::string const& text, std::string const& question) {
  if (isatty(STDIN_FILENO) == 0 || isatty(STDERR_FILENO) == 0) return true;
  fmt::print(stderr, "{}{} [y/N] ", text, question);
  std::fflush(stderr);
  std::string answer;
  for (char c = 0; read(STDIN_FILENO, &c, 1) == 1 && c != '\n';) answer += c;
  return answer == "y" || answer == "Y" || answer == "yes";
}

}  // namespace distren::client
