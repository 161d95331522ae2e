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

constexpr std::chrono::seconds check_interval{5};  // between two readings of the machine
constexpr milliseconds poll_interval{250};         // maximum delay of a command or of the end
constexpr int max_pause_minutes = 7 * 24 * 60;     // a week

}  // namespace

std::optional<int> minutes_of(std::string const& command) {
  auto const blank = command.find(' ');
  if (blank == std::string::npos) return std::nullopt;
  int value = 0;
  char const* const last = command.data() + command.size();
  auto const [end, problem] = std::from_chars(command.data() + blank + 1, last, value);
  return problem == std::errc() && end == last && value > 0 && value <= max_pause_minutes ? value : -1;
}

AvailabilityMonitor::AvailabilityMonitor(AvailabilitySettings settings, std::optional<Control> control,
                                         AvailabilityActions actions, MachineMonitor monitor,
                                         std::optional<FullScreen> screen)
    : settings_(std::move(settings)),
      control_(std::move(control)),
      actions_(std::move(actions)),
      monitor_(std::move(monitor)),
      screen_(std::move(screen)),
      schedule_(settings_.schedule),
      thread_([this] { run(); }) {}

AvailabilityMonitor::~AvailabilityMonitor() {
  stopping_ = true;
  thread_.join();
}

void AvailabilityMonitor::pause(bool paused) {
  paused_ = paused;
}

void AvailabilityMonitor::set_limits(WeekSchedule const& schedule, bool paused) {
  std::lock_guard const lock(limits_mutex_);
  schedule_ = schedule;
  paused_remotely_ = paused;
  limits_changed_ = true;
}

Readings AvailabilityMonitor::read() {
  Readings readings;
  bool const processes = settings_.max_other_load_percent > 0 || !settings_.not_while_running.empty();
  TreeUsage ours;
  if (processes) ours = usage_of_tree(::getpid());
  static auto const ticks = ::sysconf(_SC_CLK_TCK);
  auto const used = static_cast<std::uint64_t>(ours.usage.cpu.count()) * static_cast<std::uint64_t>(ticks) / 1'000'000;
  readings =
      monitor_.read(std::time(nullptr), used, settings_.not_while_running, {ours.members.begin(), ours.members.end()});
  readings.paused_by_hand = paused_;
  if (screen_) readings.screen = screen_->look();
  std::lock_guard const lock(limits_mutex_);
  settings_.schedule = schedule_;
  readings.paused_remotely = paused_remotely_;
  return readings;
}

void AvailabilityMonitor::check() {
  if (paused_until_ && Clock::now() >= *paused_until_) {
    paused_until_.reset();
    paused_ = false;
  }
  auto const readings = read();
  auto const decision = decide(settings_, readings, decision_.may_work);
  if (decision.may_work != decision_.may_work) {
    spdlog::info("{}{}",
                 decision.may_work ? "resumed" : "suspended reason=", decision.may_work ? "" : quote(decision.reason));
    if (decision.may_work)
      suspended_since_.reset();
    else
      suspended_since_ = Clock::now();
    returned_ = false;
    actions_.allow(decision.may_work, decision.reason);
  }
  decision_ = decision;
  if (suspended_since_ && !returned_ &&
      Clock::now() - *suspended_since_ >= std::chrono::minutes(settings_.return_after_minutes)) {
    returned_ = true;
    actions_.return_work(
        fmt::format("the machine was needed for {} min: {}", settings_.return_after_minutes, decision.reason));
  }
}

nlohmann::json AvailabilityMonitor::answer(std::string const& command) {
  auto const word = command.substr(0, command.find(' '));
  if (word == "pause") {
    auto const minutes = minutes_of(command);
    if (minutes && *minutes < 0)
      return {{"ok", false}, {"error", fmt::format("a pause has 1 to {} minutes", max_pause_minutes)}};
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
  check();
  auto status = actions_.status();
  status["ok"] = true;
  status["may_work"] = decision_.may_work;
  if (!decision_.may_work) status["reason"] = decision_.reason;
  return status;
}

void AvailabilityMonitor::run() {
  auto next = Clock::now();
  bool was_paused = false;
  while (!stopping_) {
    if (actions_.tick) actions_.tick();
    bool const requested = paused_ != was_paused || limits_changed_.exchange(false);  // by a signal or remote settings
    if (Clock::now() >= next || requested) {
      was_paused = paused_;
      check();
      next = Clock::now() + check_interval;
    }
    if (!control_) {
      std::this_thread::sleep_for(poll_interval);
      continue;
    }
    control_->serve(poll_interval, [this](std::string const& command) { return answer(command); });
  }
}

}  // namespace distren
