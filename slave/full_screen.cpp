#include "slave/full_screen.h"

#include <cstdlib>
#include <string_view>
#include <vector>

#include "common/base/text.h"
#include "common/process/process.h"

namespace distren {

namespace {

constexpr std::chrono::milliseconds program_patience{2000};

std::string output_of(std::vector<std::string> argv) {
  ProcessOptions options;
  options.argv = std::move(argv);
  options.error_output = ErrorOutput::discarded;
  auto const report = run_process(std::move(options), program_patience);
  return report && report->end.exit_code == 0 ? report->output : std::string();
}

// "_NET_ACTIVE_WINDOW(WINDOW): window id # 0x3a00007" -> "0x3a00007"; "" for none.
std::string window_in(std::string_view text) {
  auto const at = text.find("# 0x");
  if (at == std::string_view::npos) return {};
  auto id = text.substr(at + 2);
  auto const end = id.find_first_not_of("0123456789abcdefx");
  id = id.substr(0, end);
  return id == "0x0" || id.size() > 20 ? std::string() : std::string(id);
}

// WM_CLASS(STRING) = "vlc", "Vlc" -> vlc
std::string class_in(std::string_view text) {
  auto const line = text.find("WM_CLASS");
  auto const open = line == std::string_view::npos ? line : text.find('"', line);
  auto const close = open == std::string_view::npos ? open : text.find('"', open + 1);
  return close == std::string_view::npos ? "a program" : printable(text.substr(open + 1, close - open - 1), 40);
}

}  // namespace

FullScreen::FullScreen() {
  char const* const display = std::getenv("DISPLAY");
  if (auto const found = find_program("xprop"); found && display != nullptr && *display != '\0')
    xprop_ = found->string();
  if (auto const found = find_program("systemd-inhibit")) inhibit_ = found->string();
}

std::string FullScreen::look() const {
  if (!xprop_.empty()) {
    if (auto const window = window_in(output_of({xprop_, "-root", "_NET_ACTIVE_WINDOW"})); !window.empty()) {
      auto const state = output_of({xprop_, "-id", window, "_NET_WM_STATE", "WM_CLASS"});
      if (state.find("_NET_WM_STATE_FULLSCREEN") != std::string::npos) return class_in(state) + " fills the screen";
    }
  }
  if (inhibit_.empty()) return {};
  // WHO UID USER PID COMM WHAT WHY MODE, in columns; inhibiting sleep alone does not indicate a user at the screen.
  std::string const list = output_of({inhibit_, "--list", "--no-legend", "--no-pager"});
  for (std::string_view rest = list; !rest.empty();) {
    auto const end = rest.find('\n');
    std::string_view const line = rest.substr(0, end);
    rest = end == std::string_view::npos ? std::string_view() : rest.substr(end + 1);
    bool const idle = line.find(" idle") != std::string_view::npos || line.find(":idle") != std::string_view::npos;
    if (idle && line.find("block") != std::string_view::npos)
      return printable(line.substr(0, line.find(' ')), 40) + " keeps the screen on";
  }
  return {};
}

}  // namespace distren
