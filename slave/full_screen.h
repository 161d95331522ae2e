// Detects whether a program fills the volunteer's screen or keeps it on (a video, a game, a presentation). Uses
// xprop(1) with an X server ($DISPLAY) and systemd-inhibit(1), which also covers Wayland; without both nothing is
// detected. One thread; a call takes some ms, at most two seconds.
#pragma once

#include <string>

namespace distren {

class FullScreen {
public:
  FullScreen();  // searches PATH for the programs
  [[nodiscard]] bool can_know() const { return !xprop_.empty() || !inhibit_.empty(); }
  // What fills the screen or keeps it on, for users; empty: nothing detected.
  [[nodiscard]] std::string look() const;

private:
  std::string xprop_;
  std::string inhibit_;
};

}  // namespace distren
