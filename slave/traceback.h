// The last line of a Python traceback among a program's lines: what went wrong, where "exited with 97" says nothing.
// A value; owner: whoever reads the lines, one thread. The text is untrusted and as long as the line was.
#pragma once

#include <string>
#include <string_view>

namespace distren {

class Traceback {
public:
  void take(std::string_view line);
  void clear();  // the program went on: what it printed before did not end it
  [[nodiscard]] std::string const& reason() const { return reason_; }  // empty: there was none

private:
  bool inside_ = false;
  std::string reason_;  // of the last one: what is raised while another is handled comes after it
};

}  // namespace distren
