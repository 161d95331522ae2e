#include "slave/availability_monitor.h"

#include <fmt/format.h>
#include <spdlog/spdlog.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <ctime>

#include "common/base/log.h"
#include "common/process/process.h"

namespace distren {

namespace {

using std::chrono::milliseconds;

constexpr std::chrono::seconds apart{5};    // between two looks at the machine
constexpr milliseconds nap{250};            // a command or the end is not kept waiting for longer
constexpr int longest_pause = 7 * 24 * 60;  // minutes

}  // namespace

std::optional<int> minutes_of(std::string const& command) {
  auto const blank = command.find(' ');
  if (blank == std::string::npos) return std::nullopt;
  int value = 0;
  char const* const last = command.data() + command.size();
  auto const [end, problem] = std::from_chars(command.data() + blank + 1, last, value);
  return problem == std::errc() && end == last && value > 0 && value <= longest_pause ? value : -1;
}

AvailabilityMonitor::AvailabilityMonitor(NeighbourSettings settings, std::optional<Control> control,
                                         WatcherActions actions, MachineMonitor reader,
                                         std::optional<FullScreen> screen)
    : settings_(std::move(settings)),
      control_(std::move(control)),
      actions_(std::move(actions)),
      reader_(std::move(reader)),
      screen_(std::move(screen)),
      schedule_(settings_.schedule),
      thread_([this] { run(); }) {}

AvailabilityMonitor::~AvailabilityMonitor() {
  over_ = true;
  thread_.join();
}

void AvailabilityMonitor::pause(bool paused) {
  paused_ = paused;
}

void AvailabilityMonitor::lend(WeekSchedule const& schedule, bool paused) {
  std::lock_guard const lock(lent_mutex_);
  schedule_ = schedule;
  paused_from_afar_ = paused;
  lent_ = true;
}

Readings AvailabilityMonitor::read() {
  Readings readings;
  bool const processes = settings_.load_by_others > 0 || !settings_.programs.empty();
  TreeUsage ours;
  if (processes) ours = usage_of_tree(::getpid());
  static auto const ticks = ::sysconf(_SC_CLK_TCK);
  auto const used = static_cast<std::uint64_t>(ours.usage.cpu.count()) * static_cast<std::uint64_t>(ticks) / 1'000'000;
  readings = reader_.read(std::time(nullptr), used, settings_.programs, {ours.members.begin(), ours.members.end()});
  readings.paused_by_hand = paused_;
  if (screen_) readings.screen = screen_->look();
  std::lock_guard const lock(lent_mutex_);
  settings_.schedule = schedule_;
  readings.paused_from_afar = paused_from_afar_;
  return readings;
}

void AvailabilityMonitor::look() {
  if (paused_until_ && Clock::now() >= *paused_until_) {
    paused_until_.reset();
    paused_ = false;
  }
  auto const readings = read();
  auto const decision = decide(settings_, readings, decision_.may_work);
  if (decision.may_work != decision_.may_work) {
    spdlog::info("{}{}", decision.may_work ? "working again" : "standing still reason=",
                 decision.may_work ? "" : quote(decision.reason));
    if (decision.may_work)
      stands_still_since_.reset();
    else
      stands_still_since_ = Clock::now();
    given_back_ = false;
    actions_.allow(decision.may_work, decision.reason);
  }
  decision_ = decision;
  if (stands_still_since_ && !given_back_ &&
      Clock::now() - *stands_still_since_ >= std::chrono::minutes(settings_.give_back_minutes)) {
    given_back_ = true;
    actions_.give_back(
        fmt::format("the machine was needed for {} min: {}", settings_.give_back_minutes, decision.reason));
  }
}

nlohmann::json AvailabilityMonitor::answer(std::string const& command) {
  auto const word = command.substr(0, command.find(' '));
  if (word == "pause") {
    auto const minutes = minutes_of(command);
    if (minutes && *minutes < 0)
      return {{"ok", false}, {"error", fmt::format("a pause has 1 to {} minutes", longest_pause)}};
    paused_ = true;
    paused_until_.reset();
    if (minutes) paused_until_ = Clock::now() + std::chrono::minutes(*minutes);
  } else if (word == "resume") {
    paused_ = false;
    paused_until_.reset();
  } else if (word == "finish") {
    actions_.finish();
  } else if (word != "status") {
    if (auto const known = actions_.command ? actions_.command(command) : std::nullopt) return *known;
    return {{"ok", false},
            {"error", "unknown command; there are status, pause, resume, finish, block, unblock and blocks"}};
  }
  look();
  auto status = actions_.status();
  status["ok"] = true;
  status["may_work"] = decision_.may_work;
  if (!decision_.may_work) status["reason"] = decision_.reason;
  return status;
}

void AvailabilityMonitor::run() {
  auto next = Clock::now();
  bool was_paused = false;
  while (!over_) {
    if (actions_.pulse) actions_.pulse();
    bool const asked = paused_ != was_paused || lent_.exchange(false);  // by a signal, or from afar
    if (Clock::now() >= next || asked) {
      was_paused = paused_;
      look();
      next = Clock::now() + apart;
    }
    if (!control_) {
      std::this_thread::sleep_for(nap);
      continue;
    }
    control_->serve(nap, [this](std::string const& command) { return answer(command); });
  }
}

}  // namespace distren
