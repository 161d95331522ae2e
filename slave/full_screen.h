// Does a program fill the volunteer's screen, or ask that the screen stay on (a film, a game, a talk)? Asked of
// xprop(1) where an X server is ($DISPLAY) and of systemd-inhibit(1), which also knows of Wayland's; where neither is
// there nothing is known, and nothing forbidden. One thread; an answer takes some ms, two seconds at most.
#pragma once

#include <string>

namespace distren {

class FullScreen {
public:
  FullScreen();  // looks for the programs in PATH
  [[nodiscard]] bool can_know() const { return !xprop_.empty() || !inhibit_.empty(); }
  // What fills it or keeps it on, for people; empty: nothing, as far as is known.
  [[nodiscard]] std::string look() const;

private:
  std::string xprop_;
  std::string inhibit_;
};

}  // namespace distren
