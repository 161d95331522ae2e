// When a slave may work: the schedule, the decision, what is read of a machine, the volunteer's commands, and renders
// that stand still.
#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>

#include <fstream>
#include <thread>

#include "common/process/process.h"
#include "slave/availability.h"
#include "slave/availability_monitor.h"
#include "slave/blocks.h"
#include "slave/control.h"
#include "slave/full_screen.h"
#include "slave/machine.h"
#include "slave/machine_monitor.h"
#include "slave/resource_limits.h"
#include "slave/slave_config.h"
#include "tests/support/check_main.h"
#include "tests/support/helper_program.h"

using namespace distren;
using namespace std::chrono_literals;
using nlohmann::json;
namespace fs = std::filesystem;

namespace {

constexpr int hour = 60, day = 24 * hour;

WeekSchedule week(std::vector<std::string> const& lines) {
  auto const parsed = parse_schedule(lines);
  ck_assert_msg(parsed.has_value(), "%s", parsed ? "" : parsed.error().message.c_str());
  return *parsed;
}

void write(fs::path const& path, std::string const& text) {
  fs::create_directories(path.parent_path());
  std::ofstream(path) << text;
}

bool works(AvailabilitySettings const& settings, Readings const& readings, bool working = true) {
  auto const decision = decide(settings, readings, working);
  ck_assert(decision.may_work == decision.reason.empty());
  return decision.may_work;
}

}  // namespace

START_TEST(a_machine_names_its_system_and_its_graphics_cards) {
  ScratchFolder const scratch;
  fs::path const root = scratch.path();
  write(root / "etc/os-release", "NAME=x\nPRETTY_NAME=\"Debian GNU/Linux 12 (bookworm)\"\n");
  write(root / "proc/cpuinfo", "processor : 0\nmodel name\t: AMD EPYC\n");
  write(root / "proc/driver/nvidia/gpus/0000:01:00.0/information", "Model: \t\t NVIDIA GeForce RTX 3060\nIRQ: 5\n");
  write(root / "sys/class/drm/card0/device/vendor", "0x10de\n");  // the same card once more
  write(root / "sys/class/drm/card1/device/vendor", "0x8086\n");
  write(root / "sys/class/drm/card1/device/device", "0x46a6\n");
  write(root / "sys/class/drm/card1-HDMI-A-1/device/vendor", "0x8086\n");
  write(root / "sys/class/drm/card2/device/vendor", "0x1234\n");  // a virtual machine's
  auto const machine = this_machine(root);
  ck_assert_says(machine.os, "Debian GNU/Linux 12 (bookworm), Linux ");
  ck_assert_text(machine.cpu, "AMD EPYC");
  ck_assert(machine.gpus == std::vector<std::string>({"NVIDIA GeForce RTX 3060", "Intel 0x46a6"}));
  ck_assert(this_machine(root / "nothing").gpus.empty());
}
END_TEST

START_TEST(what_is_asked_for_from_afar_never_goes_beyond_the_file) {
  ResourceLimits file;
  file.threads = 4;
  file.memory_mib = 8000;
  file.schedule = week({"mon 08:00-12:00"});
  auto const asked = [](json const& said) { return protocol::read<protocol::RemoteSettings>(said); };
  auto lent = apply_remote_settings(
      file, asked({{"threads", 8}, {"memory_mib", 100'000}, {"max_frame_ms", 1'800'000}, {"paused", true}}));
  ck_assert(lent.threads == 4 && lent.memory_mib == 8000 && lent.max_frame_ms == 1'800'000 && lent.paused);
  file.max_frame_ms = 1'200'000;
  lent = apply_remote_settings(
      file,
      asked({{"threads", 2}, {"memory_mib", 4000}, {"max_frame_ms", 1'800'000}, {"schedule", {"mon 10:00-14:00"}}}));
  ck_assert(lent.threads == 2 && lent.memory_mib == 4000 && lent.max_frame_ms == 1'200'000 && !lent.paused);
  ck_assert(lent.schedule == week({"mon 10:00-12:00"}) && lent.problems.empty());
  lent = apply_remote_settings(
      file, asked({{"threads", 0}, {"memory_mib", "all"}, {"paused", 1}, {"schedule", {"mon 25:00-26:00"}}}));
  ck_assert_uint_eq(lent.problems.size(), 4);
  ck_assert(lent.threads == 4 && lent.memory_mib == 8000 && !lent.paused && lent.schedule == file.schedule);
  ck_assert_uint_eq(effective_settings(lent, {}).problems.size(), 4);
  auto const kept = read_kept_settings(R"({"memory":4000,"minutes_per_frame":30})").message;
  ck_assert(kept.memory_mib == 4000 && kept.max_frame_ms == 1'800'000);
  ck_assert(apply_remote_settings(file, asked(json::array())).threads == 4 &&
            apply_remote_settings(file, {}).problems.empty());
}
END_TEST

START_TEST(blocks_are_kept_in_the_state_folder) {
  ScratchFolder const state;
  BlockList blocks(state.path());
  ck_assert(blocks.empty());
  ck_assert(*blocks.block("user", "mallory") && !*blocks.block("user", "mallory"));
  ck_assert(*blocks.block("project", "3") && *blocks.block("job", "9") && blocks.holds(9, ""));
  BlockList const again(state.path());
  protocol::Blocks const expected{.user_names = {"mallory"}, .project_ids = {3}, .job_ids = {9}};
  ck_assert(again.message() == expected);
  ck_assert(*blocks.unblock("job", "9") && !*blocks.unblock("job", "9") && !blocks.holds(9, ""));
  for (auto const& [kind, what] :
       {std::pair{"planet", "3"}, {"job", "nine"}, {"job", "-1"}, {"user", ""}, {"job", "0"}})
    ck_assert_msg(!blocks.block(kind, what), "%s %s was taken", kind, what);
  ck_assert(!blocks.block("user", std::string(100, 'x')) && !blocks.block("user", "two\nlines"));
  for (int i = 1; i <= 298; ++i) ck_assert(blocks.block("job", std::to_string(i)).has_value());
  ck_assert_says(blocks.block("job", "999").error().message, "300 blocks are there already");
  ck_assert(!blocks.holds(999, "Somebody"));
  write(state / "blocks.json", "garbage");
  ck_assert(BlockList(state.path()).empty());
}
END_TEST

START_TEST(a_program_that_fills_the_screen_is_seen) {
  ScratchFolder const folder;
  auto const program = [&folder](char const* name, std::string const& text) {
    write(folder / name, "#!/bin/sh\n" + text);
    fs::permissions(folder / name, fs::perms::owner_all);
  };
  ::setenv("PATH", (folder.path().string() + ":/usr/bin:/bin").c_str(), 1);
  ::setenv("DISPLAY", ":77", 1);
  program("xprop", R"(case "$2" in
_NET_ACTIVE_WINDOW) echo '_NET_ACTIVE_WINDOW(WINDOW): window id # 0x3a00007' ;;
0x3a00007) cat "$(dirname "$0")/window" ;;
esac
)");
  program("systemd-inhibit", "exit 1\n");
  write(folder / "window", "_NET_WM_STATE(ATOM) = _NET_WM_STATE_FULLSCREEN\nWM_CLASS(STRING) = \"vlc\", \"Vlc\"\n");
  ck_assert_text(FullScreen().look(), "vlc fills the screen");
  write(folder / "window", "_NET_WM_STATE(ATOM) = _NET_WM_STATE_MAXIMIZED_VERT\nWM_CLASS(STRING) = \"vlc\", \"Vlc\"\n");
  ck_assert_text(FullScreen().look(), "");
  program("systemd-inhibit", R"(echo 'NetworkManager 0 root 801 NetworkManager sleep network delay'
echo 'Firefox 1000 ada 4242 firefox idle video block'
)");
  ck_assert_text(FullScreen().look(), "Firefox keeps the screen on");
  program("systemd-inhibit", "echo 'NetworkManager 0 root 801 NetworkManager sleep network delay'\n");
  ck_assert_text(FullScreen().look(), "");
  program("xprop", "echo garbage\n");
  ck_assert_text(FullScreen().look(), "");
}
END_TEST

START_TEST(no_schedule_is_always) {
  ck_assert(week({}).all());
}
END_TEST

START_TEST(a_night_belongs_to_the_day_on_which_it_begins) {
  auto const nights = week({"mon-fri 18:00-08:00"});
  ck_assert(!nights.test(17 * hour + 59) && nights.test(18 * hour));
  ck_assert(nights.test(day + 7 * hour + 59) && !nights.test(day + 8 * hour));
  ck_assert(nights.test(5 * day + 7 * hour));           // Saturday morning, from Friday
  ck_assert(!nights.test(0) && !nights.test(6 * day));  // Monday and Sunday at midnight
  ck_assert(week({"sun 23:00-01:00"}).test(30));        // Monday 00:30, over the end of the week
}
END_TEST

START_TEST(days_can_be_listed_and_go_over_the_weeks_end) {
  auto const days = week({"sat,sun 00:00-24:00", "Wed 12:00-13:00"});
  ck_assert(days.test(5 * day) && days.test(7 * day - 1) && days.test(2 * day + 12 * hour));
  ck_assert_uint_eq(days.count(), 2 * day + hour);
  ck_assert_uint_eq(week({"sat-mon 00:00-24:00"}).count(), 3 * day);
  ck_assert_uint_eq(week({"daily 22:00-06:30"}).count(), 7 * (8 * hour + 30));
}
END_TEST

START_TEST(a_wrong_line_of_the_schedule_is_named) {
  for (auto const* line : {"", "mon", "mon 8-9", "mon 08:00", "mon 08:00-08:00", "mon 24:00-01:00", "mon 25:00-26:00",
                           "foo 08:00-09:00", "mon- 08:00-09:00", "mon, 08:00-09:00", "mon 08:60-09:00",
                           "mon 08:00-24:01", "mon 08:00-09:00 x", "mon  08:00-09:00"}) {
    auto const parsed = parse_schedule({"tue 08:00-09:00", line});
    ck_assert_msg(!parsed, "'%s' was taken", line);
    ck_assert_says(parsed.error().message, "mon-fri 18:00-08:00");
  }
}
END_TEST

START_TEST(nothing_set_means_always_but_not_on_battery) {
  ck_assert(works({}, {}));
  ck_assert(works({}, {.idle_seconds = 0, .other_load_percent = 100, .temperature = 99}));
  ck_assert(!works({}, {.on_battery = true}));
  ck_assert(works({.allow_on_battery = true}, {.on_battery = true, .battery_percent = 3}));
}
END_TEST

START_TEST(each_limit_stops_the_work_and_says_so) {
  ck_assert_says(decide({}, {.paused_by_hand = true}, true).reason, "you paused");
  ck_assert_says(decide({.schedule = week({"mon 08:00-09:00"})}, {.minute_of_week = 0}, true).reason, "schedule");
  ck_assert_says(decide({.idle_minutes = 5}, {.idle_seconds = 299}, true).reason, "299 s ago");
  ck_assert(works({.idle_minutes = 5}, {.idle_seconds = 300}));
  ck_assert_says(decide({.max_other_load_percent = 30}, {.other_load_percent = 31}, true).reason, "31 %");
  ck_assert(works({.max_other_load_percent = 30}, {.other_load_percent = 30}));
  ck_assert_says(decide({.max_temperature_c = 80}, {.temperature = 80}, true).reason, "80 degrees");
  ck_assert_says(decide({.not_while_running = {"blender"}}, {.program = "blender"}, true).reason, "blender runs");
  AvailabilitySettings const battery{.allow_on_battery = true, .min_battery_percent = 40};
  ck_assert_says(decide(battery, {.on_battery = true, .battery_percent = 39}, true).reason, "39 %");
}
END_TEST

START_TEST(what_a_machine_does_not_tell_stops_nothing) {
  AvailabilitySettings const all{.idle_minutes = 5,
                                 .max_other_load_percent = 10,
                                 .allow_on_battery = true,
                                 .max_temperature_c = 50,
                                 .min_battery_percent = 50};
  ck_assert(works(all, {.on_battery = true}));
}
END_TEST

START_TEST(a_figure_that_swings_around_its_limit_does_not_start_the_work_again) {
  AvailabilitySettings const settings{
      .max_other_load_percent = 50, .allow_on_battery = true, .max_temperature_c = 80, .min_battery_percent = 40};
  for (auto const& [reading, calm] :
       {std::pair<Readings, Readings>{{.other_load_percent = 45}, {.other_load_percent = 30}},
        {{.temperature = 78}, {.temperature = 70}},
        {{.on_battery = true, .battery_percent = 42}, {.on_battery = true, .battery_percent = 60}}}) {
    ck_assert(works(settings, reading, true));
    ck_assert(!works(settings, reading, false));
    ck_assert(works(settings, calm, false));
  }
}
END_TEST

START_TEST(a_machine_is_read_from_its_files) {
  ScratchFolder const root;
  write(root / "proc/stat", "cpu  100 0 100 800 0 0 0 0 0 0\n");
  write(root / "proc/7/comm", "blender\n");
  write(root / "proc/8/comm", "a-very-long-nam\n");
  write(root / "sys/class/power_supply/AC/type", "Mains\n");
  write(root / "sys/class/power_supply/AC/online", "0\n");
  write(root / "sys/class/power_supply/BAT0/type", "Battery\n");
  write(root / "sys/class/power_supply/BAT0/status", "Discharging\n");
  write(root / "sys/class/power_supply/BAT0/capacity", "61\n");
  write(root / "sys/class/power_supply/mouse/type", "Battery\n");
  write(root / "sys/class/power_supply/mouse/scope", "Device\n");
  write(root / "sys/class/power_supply/mouse/capacity", "2\n");
  write(root / "sys/class/thermal/thermal_zone0/type", "x86_pkg_temp\n");
  write(root / "sys/class/thermal/thermal_zone0/temp", "67500\n");
  write(root / "sys/class/thermal/thermal_zone1/type", "iwlwifi\n");
  write(root / "sys/class/thermal/thermal_zone1/temp", "90000\n");
  write(root / "dev/input/event0", "");
  timespec const used[2] = {{1000, 0}, {900, 0}};
  ck_assert_int_eq(::utimensat(AT_FDCWD, (root / "dev/input/event0").c_str(), used, 0), 0);

  MachineMonitor reader(root.path());
  auto first = reader.read(1060, 50, {"blender"}, {});
  ck_assert(!first.other_load_percent);  // nothing to compare with
  ck_assert_int_eq(*first.idle_seconds, 60);
  ck_assert_int_eq(*first.temperature, 67);
  ck_assert(first.on_battery && first.battery_percent == 61);
  ck_assert(first.program == "blender");
  ck_assert(reader.read(1060, 50, {"blender"}, {7}).program.empty());  // ours
  ck_assert(reader.read(1060, 50, {"a-very-long-name-of-a-program"}, {}).program == "a-very-long-name-of-a-program");

  write(root / "proc/stat", "cpu  160 0 140 900 0 0 0 0 0 0\n");  // 200 more, 100 of them busy
  write(root / "sys/class/power_supply/AC/online", "1\n");
  auto const second = reader.read(900, 90, {}, {});
  ck_assert_int_eq(*second.other_load_percent, 30);  // 40 of those were ours
  ck_assert_int_eq(*second.idle_seconds, 0);         // the clock was set back
  ck_assert(!second.on_battery);
}
END_TEST

START_TEST(the_server_is_told_what_the_machine_tells) {
  ScratchFolder const root;
  write(root / "proc/loadavg", "1.25 0.9 0.5 2/100 7\n");
  write(root / "proc/meminfo", "MemTotal:       16384000 kB\nMemFree: 1 kB\nMemAvailable:    8192000 kB\n");
  write(root / "proc/stat", "cpu  100 0 100 800 0 0 0 0 0 0\n");
  MachineMonitor reader(root.path());
  auto message = reader.telemetry(0, root.path());
  ck_assert(message.load == 1.25 && message.memory_mib == 16000);
  ck_assert(message.memory_free_mib == 8000 && message.disk_free_mib && !message.cpu_percent);
  write(root / "proc/stat", "cpu  160 0 140 900 0 0 0 0 0 0\n");
  message = reader.telemetry(0, root.path());
  ck_assert(message.cpu_percent == 50);
  ck_assert(!message.temperature_celsius && !message.battery_percent);
}
END_TEST

START_TEST(a_machine_that_tells_nothing_is_read_as_such) {
  ScratchFolder const root;
  auto const readings = MachineMonitor(root.path()).read(0, 0, {"blender"}, {});
  ck_assert(!readings.idle_seconds && !readings.other_load_percent && !readings.temperature && !readings.on_battery);
  ck_assert(readings.program.empty());
}
END_TEST

START_TEST(garbage_in_the_files_of_a_machine_is_survived) {
  ScratchFolder const root;
  write(root / "proc/stat", "cpu x y z");
  write(root / "proc/7x/comm", "blender\n");
  write(root / "sys/class/power_supply/BAT0/type", "Battery\n");
  write(root / "sys/class/power_supply/BAT0/capacity", "many\n");
  write(root / "sys/class/thermal/thermal_zone0/type", "cpu\n");
  write(root / "sys/class/thermal/thermal_zone0/temp", "99999999999999999999\n");
  MachineMonitor reader(root.path());
  auto const readings = reader.read(0, 0, {"blender"}, {});
  ck_assert(!readings.temperature && !readings.battery_percent && readings.program.empty());
}
END_TEST

START_TEST(minutes_of_a_pause_are_read) {
  ck_assert(!minutes_of("pause"));
  ck_assert_int_eq(*minutes_of("pause 30"), 30);
  for (auto const* bad : {"pause x", "pause 0", "pause -1", "pause 99999999", "pause 1 2"})
    ck_assert_int_eq(*minutes_of(bad), -1);
}
END_TEST

START_TEST(a_command_reaches_the_slave_and_its_answer_comes_back) {
  ScratchFolder const folder;
  auto control = Control::open(folder.path());
  ck_assert_msg(control.has_value(), "%s", control ? "" : control.error().message.c_str());
  struct stat info {};
  ck_assert_int_eq(::stat((folder / "control").c_str(), &info), 0);
  ck_assert_uint_eq(info.st_mode & 0777, 0600);
  std::thread slave([&control] {
    for (bool answered = false; !answered;)
      answered = control->serve(100ms, [](std::string const& command) {
        return json{{"ok", true}, {"heard", command}};
      });
  });
  auto const answer = ask_slave(folder.path(), "pause 5");
  slave.join();
  ck_assert_msg(answer.has_value(), "%s", answer ? "" : answer.error().message.c_str());
  ck_assert((*answer)["heard"] == "pause 5");
}
END_TEST

START_TEST(a_command_without_a_slave_says_so) {
  ScratchFolder const folder;
  ck_assert_says(ask_slave(folder.path(), "status").error().message, "no slave of yours works in");
  fs::path const deep = folder / std::string(150, 'x');
  ck_assert_says(ask_slave(deep, "status").error().message, "too long for a socket");
}
END_TEST

START_TEST(a_whole_tree_of_programs_stands_still_and_goes_on) {
  ProcessOptions options;
  options.argv = {"sh", "-c", "setsid sh -c 'while :; do echo tick; sleep 0.01; done' & wait"};
  auto process = Process::start(std::move(options));
  ck_assert(process.has_value());
  auto const soon = [] { return Process::Clock::now() + 20s; };
  std::string line;
  ck_assert((*process)->next_line(line, soon()) == ProcessEvent::line);
  (*process)->suspend(true);
  for (pid_t const member : usage_of_tree((*process)->id()).members) {
    std::string const file = "/proc/" + std::to_string(member) + "/stat";
    char state = ' ';
    // A sleep that ended while its shell stands still stays a zombie, and a shell whose child was stopped between vfork
    // and exec waits for it in the kernel ('D'). The test's own time limit ends a hopeless wait.
    while (std::string_view("TZD").find(state) == std::string_view::npos) {
      std::string text;
      std::getline(std::ifstream(file), text);
      auto const end = text.rfind(')');
      state = end == std::string::npos ? 'T' : text[end + 2];  // gone: a sleep that ended
      if (state != 'T') std::this_thread::sleep_for(5ms);
    }
  }
  (*process)->suspend(false);
  for (int i = 0; i < 50; ++i) ck_assert((*process)->next_line(line, soon()) == ProcessEvent::line);
  (*process)->suspend(true);
  auto const members = usage_of_tree((*process)->id()).members;
  (*process)->stop(true);  // what stands still can be ended
  (*process)->suspend(true);
  for (pid_t const member : members) ::kill(member, SIGKILL);  // its session of its own outlives the group
}
END_TEST

START_TEST(settings_of_availability_are_read_and_rejected) {
  ScratchFolder const folder;
  std::string const head = "slavekey = \"K1\"\nslavepassword = \"s\"\nmethods = \"/\"\n[availability]\n";
  write(folder / "good.toml",
        head + "idle_minutes = 10\nschedule = [\"daily 20:00-06:00\"]\nnot_while_running = [\"blender\"]\n");
  auto const good = load_slave_config(folder / "good.toml");
  ck_assert_msg(good.has_value(), "%s", good ? "" : good.error().message.c_str());
  ck_assert_int_eq(good->availability.idle_minutes, 10);
  ck_assert(!good->availability.schedule.test(12 * hour) && good->availability.schedule.test(21 * hour));
  write(folder / "bad.toml", head + "idle_minutes = -1\n");
  ck_assert_says(load_slave_config(folder / "bad.toml").error().message, "idle_minutes");
  write(folder / "old.toml", head + "[neighbour]\nprograms = [\"blender\"]\n");
  ck_assert_says(load_slave_config(folder / "old.toml").error().message,
                 "there is no setting 'neighbour.programs'; it is called 'availability.not_while_running' now");
  write(folder / "week.toml", head + "schedule = [\"always\"]\n");
  ck_assert_says(load_slave_config(folder / "week.toml").error().message, "'always' is no part of a week");
}
END_TEST

namespace {

TestGroup const decisions_tests{
    "decisions",
    {no_schedule_is_always, a_night_belongs_to_the_day_on_which_it_begins, days_can_be_listed_and_go_over_the_weeks_end,
     a_wrong_line_of_the_schedule_is_named, nothing_set_means_always_but_not_on_battery,
     each_limit_stops_the_work_and_says_so, what_a_machine_does_not_tell_stops_nothing,
     a_figure_that_swings_around_its_limit_does_not_start_the_work_again, minutes_of_a_pause_are_read}};
TestGroup const machine_tests{
    "machine",
    {what_is_asked_for_from_afar_never_goes_beyond_the_file, blocks_are_kept_in_the_state_folder,
     a_program_that_fills_the_screen_is_seen, a_machine_names_its_system_and_its_graphics_cards,
     a_machine_is_read_from_its_files, the_server_is_told_what_the_machine_tells,
     a_machine_that_tells_nothing_is_read_as_such, garbage_in_the_files_of_a_machine_is_survived,
     a_command_reaches_the_slave_and_its_answer_comes_back, a_command_without_a_slave_says_so,
     a_whole_tree_of_programs_stands_still_and_goes_on, settings_of_availability_are_read_and_rejected},
    {.timeout_s = 120}};

}  // namespace
