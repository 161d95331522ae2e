#include "common/process/process.h"

#include <fmt/format.h>
#include <signal.h>

#include <fstream>
#include <thread>

#include "common/process/sandbox.h"
#include "tests/support/check_main.h"

using namespace distren;
using namespace std::chrono_literals;

namespace {

ProcessOptions shell(std::string script) {
  ProcessOptions options;
  options.argv = {"/bin/sh", "-c", std::move(script)};
  return options;
}

ProcessReport run(ProcessOptions options, std::chrono::milliseconds deadline = 30s, std::size_t limit = 64U << 10) {
  auto report = run_process(std::move(options), deadline, limit);
  ck_assert_msg(report.has_value(), "%s", report ? "" : report.error().message.c_str());
  return std::move(*report);
}

bool gone(pid_t id) {
  for (int i = 0; i < 500; ++i) {
    if (::kill(id, 0) != 0) return true;
    std::ifstream stat(fmt::format("/proc/{}/stat", id));
    std::string text;
    std::getline(stat, text);
    if (text.find(") Z ") != std::string::npos) return true;  // dead, waiting for an init that may not come
    std::this_thread::sleep_for(10ms);
  }
  return false;
}

}  // namespace

START_TEST(output_and_exit_code_come_back) {
  auto const report = run(shell("echo one; echo two >&2; exit 3"));
  ck_assert_str_eq(report.output.c_str(), "one\ntwo\n");
  ck_assert(report.end.exit_code == 3);
  ck_assert(!report.timed_out);
}
END_TEST

START_TEST(a_program_that_is_not_there_is_an_error_with_its_name) {
  ProcessOptions options;
  options.argv = {"no-such-renderer"};
  auto const started = Process::start(std::move(options));
  ck_assert(!started);
  ck_assert(started.error().message.find("no-such-renderer") != std::string::npos);
}
END_TEST

START_TEST(a_folder_that_is_not_there_is_an_error) {
  auto options = shell("true");
  options.directory = "/no/such/folder";
  ck_assert(!Process::start(std::move(options)));
}
END_TEST

START_TEST(arguments_are_never_seen_by_a_shell) {
  ProcessOptions options;
  options.argv = {"/bin/echo", "$(id); `id` *"};
  ck_assert(run(std::move(options)).output == "$(id); `id` *\n");
}
END_TEST

START_TEST(the_environment_is_the_one_given) {
  ProcessOptions options;
  options.argv = {"/usr/bin/env"};
  options.environment = std::vector<std::string>{"A=1", "B=two words"};
  ck_assert(run(std::move(options)).output == "A=1\nB=two words\n");
}
END_TEST

START_TEST(no_output_at_all_is_fine) {
  auto const report = run(shell("true"));
  ck_assert(report.output.empty());
  ck_assert(report.end.ok());
}
END_TEST

START_TEST(a_line_without_its_end_is_kept) {
  ck_assert(run(shell("printf 'half'")).output == "half\n");
}
END_TEST

START_TEST(huge_output_is_read_to_its_end_and_cut) {
  auto const report = run(shell("head -c 100000000 /dev/zero | tr '\\0' 'x'; echo; yes | head -n 1000000; echo last"));
  ck_assert(report.end.ok());
  ck_assert(report.output_cut);
  ck_assert_uint_le(report.output.size(), 64U << 10);
  ck_assert(report.output.starts_with("xxxx"));
  ck_assert_uint_le(report.output.find('\n'), 4096);
}
END_TEST

START_TEST(the_last_lines_are_kept_for_a_report) {
  auto started = Process::start(shell("seq 1 1000"));
  ck_assert(started.has_value());
  ck_assert((*started)->wait(Process::Clock::now() + 30s).ok());
  ck_assert_uint_eq((*started)->tail().size(), 40);
  ck_assert_str_eq((*started)->tail().back().c_str(), "1000");
}
END_TEST

START_TEST(the_two_outputs_can_be_told_apart) {
  auto options = shell("echo good; echo bad >&2");
  options.error_output = ErrorOutput::separate;
  auto started = Process::start(std::move(options));
  ck_assert(started.has_value());
  std::string line;
  std::string good;
  std::string bad;
  bool from_error = false;
  while ((*started)->next_line(line, Process::Clock::now() + 30s, &from_error) == ProcessEvent::line)
    (from_error ? bad : good) += line;
  ck_assert_str_eq(good.c_str(), "good");
  ck_assert_str_eq(bad.c_str(), "bad");
}
END_TEST

START_TEST(a_crash_is_told_with_its_signal) {
  auto const report = run(shell("kill -SEGV $$"));
  ck_assert(!report.end.exit_code);
  ck_assert_int_eq(report.end.signal, SIGSEGV);
  ck_assert(report.end.text().find("signal 11") != std::string::npos);
}
END_TEST

START_TEST(the_deadline_ends_a_child_that_ignores_sigterm) {
  auto options = shell("trap '' TERM; echo up; while :; do sleep 1; done");
  options.grace = 100ms;
  auto const report = run(std::move(options), 500ms);
  ck_assert(report.timed_out);
  ck_assert_int_eq(report.end.signal, SIGKILL);
  ck_assert_str_eq(report.output.c_str(), "up\n");
}
END_TEST

START_TEST(the_whole_group_dies_with_the_child) {
  auto started = Process::start(shell("sleep 1000 & echo $!; wait"));
  ck_assert(started.has_value());
  std::string line;
  ck_assert((*started)->next_line(line, Process::Clock::now() + 30s) == ProcessEvent::line);
  pid_t const grandchild = std::stoi(line);
  ck_assert_int_eq(::kill(grandchild, 0), 0);
  (*started)->stop();
  ck_assert(gone(grandchild));
}
END_TEST

START_TEST(a_child_left_behind_cannot_hold_the_output_open) {
  auto const report = run(shell("sleep 1000 & echo $!"));
  ck_assert(!report.timed_out);
  ck_assert(report.end.ok());
  ck_assert(gone(std::stoi(report.output)));
}
END_TEST

START_TEST(another_thread_can_interrupt) {
  auto started = Process::start(shell("echo up; sleep 1000"));
  ck_assert(started.has_value());
  Process& process = **started;
  std::string line;
  ck_assert(process.next_line(line, Process::Clock::now() + 30s) == ProcessEvent::line);
  std::thread other([&process] { process.interrupt(); });
  ck_assert(process.next_line(line, Process::Clock::now() + 300s) == ProcessEvent::interrupted);
  other.join();
  ck_assert_int_eq(process.stop().signal, SIGTERM);
}
END_TEST

START_TEST(a_child_can_be_talked_to) {
  ProcessOptions options;
  options.argv = {"/bin/cat"};
  options.input = true;
  auto started = Process::start(std::move(options));
  ck_assert(started.has_value());
  auto const until = Process::Clock::now() + 30s;
  std::string line;
  for (auto const* word : {"first", "second"}) {
    ck_assert((*started)->write(std::string(word) + "\n", until).has_value());
    ck_assert((*started)->next_line(line, until) == ProcessEvent::line);
    ck_assert_str_eq(line.c_str(), word);
  }
  (*started)->close_input();
  ck_assert((*started)->wait(until).ok());
}
END_TEST

START_TEST(writing_more_than_a_pipe_holds_does_not_lock_up) {
  ProcessOptions options;
  options.argv = {"/bin/cat"};
  std::string const input = std::string(1000, 'y') + "\n";
  std::string all;
  for (int i = 0; i < 4000; ++i) all += input;
  auto const report = run_process(std::move(options), 60s, 8U << 20, all);
  ck_assert(report.has_value());
  ck_assert(report->output == all);
}
END_TEST

START_TEST(writing_to_a_child_that_ended_is_an_error_and_no_signal) {
  auto options = shell("exit 0");
  options.input = true;
  auto started = Process::start(std::move(options));
  ck_assert(started.has_value());
  std::string line;
  ck_assert((*started)->next_line(line, Process::Clock::now() + 30s) == ProcessEvent::closed);
  ck_assert(!(*started)->write(std::string(1U << 20, 'x'), Process::Clock::now() + 30s));
}
END_TEST

START_TEST(processor_time_of_children_is_counted) {
  auto const report = run(shell("i=0; (while [ $i -lt 200000 ]; do i=$((i+1)); done); true"));
  ck_assert(report.end.ok());
  ck_assert_int_gt(report.end.usage.cpu.count(), 20000);
  ck_assert_uint_gt(report.end.usage.peak_memory, 500000);
}
END_TEST

START_TEST(too_many_processes_end_them_all) {
  ProcessOptions options;
  options.argv = {"/bin/sh", "-c", "for i in 1 2 3 4 5 6 7 8 9 10; do sleep 1000 & done; wait"};
  options.limits.processes = 5;
  auto const report = run_process(std::move(options), std::chrono::seconds(100));
  ck_assert(report.has_value() && !report->timed_out);
  ck_assert_int_eq(report->end.signal, SIGKILL);
  ck_assert_says(report->end.text(), "started more than 5 processes");
}
END_TEST

START_TEST(a_watcher_can_end_a_program_with_its_reason) {
  ProcessOptions options;
  options.argv = {"/bin/sleep", "1000"};
  int asked = 0;
  options.watch = [&asked] { return ++asked < 3 ? std::string() : std::string("did it three times"); };
  auto const report = run_process(std::move(options), std::chrono::seconds(100));
  ck_assert(report.has_value() && !report->timed_out);
  ck_assert_text(report->end.overstepped, "did it three times");
}
END_TEST

START_TEST(memory_beyond_the_limit_is_refused) {
  ProcessOptions options = shell("head -c 300000000 /dev/zero | tail -c 299999999 | wc -c");
  options.limits.memory = 100U << 20;
  auto const limited = run(std::move(options));
  ck_assert(limited.output.find("299999999") == std::string::npos);
}
END_TEST

START_TEST(a_file_beyond_the_limit_is_refused) {
  ProcessOptions options = shell("f=$(mktemp); head -c 3000000 /dev/zero > $f; wc -c < $f; rm -f $f");
  options.limits.file_size = 1000000;
  ck_assert(run(std::move(options)).output.find("3000000") == std::string::npos);
}
END_TEST

START_TEST(descriptors_of_the_parent_are_not_inherited) {
  int const fd = ::dup(1);  // without O_CLOEXEC
  ck_assert_int_ge(fd, 3);
  auto const report = run(shell(fmt::format("[ -e /proc/self/fd/{} ] && echo leaked || echo clean", fd)));
  ck_assert_str_eq(report.output.c_str(), "clean\n");
}
END_TEST

namespace {

std::filesystem::path scratch_folder() {
  char scratch[] = "/tmp/check_process.XXXXXX";
  return ::mkdtemp(scratch);
}

ProcessReport run_inside(std::string script, Sandbox const& sandbox = {}) {
  auto options = shell(std::move(script));
  auto const entered = enter_sandbox(options, sandbox);
  ck_assert_msg(entered.has_value(), "%s", entered ? "" : entered.error().message.c_str());
  return run(std::move(options));
}

}  // namespace

START_TEST(inside_there_is_no_home_no_network_no_environment) {
  ::setenv("DISTREN_TEST_SECRET", "leak", 1);
  auto const report = run_inside("ls /home/render /root /var /work 2>&1; env; cat /etc/passwd; cat /proc/net/dev");
  ck_assert(report.output.find("leak") == std::string::npos);
  ck_assert(report.output.find("root:x") == std::string::npos);
  ck_assert(report.output.find("eth0") == std::string::npos);
}
END_TEST

START_TEST(inside_only_the_output_folder_can_be_written) {
  char scratch[] = "/tmp/check_process.XXXXXX";
  std::filesystem::path const folder = ::mkdtemp(scratch);
  std::filesystem::create_directories(folder / "job");
  std::filesystem::create_directories(folder / "out");
  std::ofstream(folder / "job" / "scene") << "scene";
  Sandbox sandbox;
  sandbox.bindings = {{folder / "job", "/job", false}, {folder / "out", "/out", true}};
  auto const report = run_inside(
      "cat /job/scene; for f in /job/x /usr/x /x /dev/x /etc/x /proc/x; do (echo y > $f) 2>/dev/null && echo wrote $f; "
      "done; echo ok > /out/result; echo ok > /tmp/t",
      sandbox);
  ck_assert_str_eq(report.output.c_str(), "scene\n");
  ck_assert(report.end.ok());
  ck_assert(std::filesystem::exists(folder / "out" / "result"));
  std::filesystem::remove_all(folder);
}
END_TEST

START_TEST(inside_new_namespaces_and_internet_sockets_are_denied) {
  auto const report = run_inside(
      "unshare -r true 2>/dev/null && echo namespace; "
      "python3 -c 'import socket; socket.socket(socket.AF_INET)' 2>/dev/null && echo socket; "
      "python3 -c 'import socket; socket.socket(socket.AF_NETLINK, socket.SOCK_RAW)' 2>/dev/null && echo netlink; "
      "mount -t tmpfs x /tmp 2>/dev/null && echo mount; echo end");
  ck_assert_str_eq(report.output.c_str(), "end\n");
}
END_TEST

START_TEST(the_sandbox_dies_with_everything_in_it) {
  auto options = shell("setsid sleep 1000 & setsid sleep 1001 & echo up; wait");
  ck_assert(enter_sandbox(options, {}).has_value());
  auto started = Process::start(std::move(options));
  ck_assert(started.has_value());
  std::string line;
  ck_assert((*started)->next_line(line, Process::Clock::now() + 30s) == ProcessEvent::line);
  // The name space's first process is the sandbox's child; when it is gone, so is everybody in there.
  std::ifstream children(fmt::format("/proc/{0}/task/{0}/children", (*started)->id()));
  pid_t first = 0;
  children >> first;
  (*started)->stop();
  if (first > 0) ck_assert(gone(first));
}
END_TEST

START_TEST(threads_work_inside) {
  auto const report = run_inside(
      "python3 -c 'import threading; t = threading.Thread(target=print, args=(\"hi\",)); t.start(); t.join()'");
  ck_assert_str_eq(report.output.c_str(), "hi\n");
}
END_TEST

START_TEST(the_advice_fits_what_bwrap_printed) {
  for (auto const* text :
       {"bwrap: loopback: Failed RTM_NEWADDR: Operation not permitted", "bwrap: setting up uid map: Permission denied",
        "bwrap: setting up gid map: Permission denied"}) {
    ck_assert_says(sandbox_advice(text), "AppArmor");
    ck_assert_says(sandbox_advice(text), "kernel.apparmor_restrict_unprivileged_userns");
  }
  ck_assert_says(
      sandbox_advice("bwrap: No permissions to create new namespace, likely because the kernel does not allow"),
      "kernel.unprivileged_userns_clone");
  ck_assert_says(sandbox_advice("bwrap: Can't mount proc on /newroot/proc: Operation not permitted"), "systempaths");
  ck_assert_says(sandbox_advice("bwrap: something new"), "by hand");
}
END_TEST

START_TEST(a_program_whose_loader_is_not_shown_is_named_with_it) {
  std::filesystem::path const folder = scratch_folder();
  auto const refused = [&](std::string const& first_line) {
    std::ofstream(folder / "program") << first_line << "\n";
    std::filesystem::permissions(folder / "program", std::filesystem::perms::owner_all);
    ProcessOptions options;
    options.argv = {(folder / "program").string()};
    auto const entered = enter_sandbox(options, {});
    return entered ? std::string() : entered.error().message;
  };
  ck_assert_str_eq(refused("#!/bin/sh").c_str(), "");
  ck_assert_says(refused("#!/run/host/usr/bin/bash"), "needs /run/host/usr/bin/bash, which is not there");
  std::ofstream(folder.string() + ".loader") << "x";
  ck_assert_says(refused("#! " + folder.string() + ".loader -x"), "is not shown in the sandbox");
  std::filesystem::remove_all(folder);
  std::filesystem::remove(folder.string() + ".loader");
}
END_TEST

// As `ldd` has it: a shell and its libraries in a folder of their own.
START_TEST(a_tree_is_shown_in_place_of_this_system) {
  std::filesystem::path const folder = scratch_folder();
  auto const made = run(shell(fmt::format(
      "cd {} && mkdir -p usr/bin usr/lib etc && ln -s usr/bin bin && ln -s usr/lib lib && ln -s /usr/lib lib64 && "
      "cp -L /bin/sh usr/bin/sh && ln -s /bin/sh usr/bin/shell && ln -s /usr/bin/outside.sh usr/bin/leads_out && "
      "for f in $(ldd /bin/sh | grep -o '/[^ ]*'); do mkdir -p usr/lib/$(dirname ${{f#/lib*/}}); "
      "cp -L $f usr/lib/${{f#/lib*/}}; done; cp -L /lib64/ld-linux-x86-64.so.2 usr/lib/; echo mine > etc/ld.so.conf",
      folder.string())));
  ck_assert_msg(made.end.ok(), "%s", made.output.c_str());
  ProcessOptions options;
  options.argv = {"/usr/bin/shell", "-c", "echo /usr/bin/*; read -r line </etc/ld.so.conf; echo $line"};
  Sandbox sandbox;
  sandbox.tree = folder;
  auto const entered = enter_sandbox(options, sandbox);
  ck_assert_msg(entered.has_value(), "%s", entered ? "" : entered.error().message.c_str());
  auto const report = run(std::move(options));
  ck_assert_str_eq(report.output.c_str(), "/usr/bin/leads_out /usr/bin/sh /usr/bin/shell\nmine\n");
  for (auto const* program : {"/usr/bin/leads_out", "/usr/bin/env", "/../../../bin/sh/x"}) {
    options.argv = {program};
    auto const refused = enter_sandbox(options, sandbox);
    ck_assert(!refused);
    ck_assert_says(refused.error().message, "there is no program");
  }
  std::filesystem::remove_all(folder);
}
END_TEST

namespace {

TestGroup const process_tests{"process",
                              {output_and_exit_code_come_back,
                               a_program_that_is_not_there_is_an_error_with_its_name,
                               a_folder_that_is_not_there_is_an_error,
                               arguments_are_never_seen_by_a_shell,
                               the_environment_is_the_one_given,
                               no_output_at_all_is_fine,
                               a_line_without_its_end_is_kept,
                               huge_output_is_read_to_its_end_and_cut,
                               the_last_lines_are_kept_for_a_report,
                               the_two_outputs_can_be_told_apart,
                               a_crash_is_told_with_its_signal,
                               the_deadline_ends_a_child_that_ignores_sigterm,
                               the_whole_group_dies_with_the_child,
                               a_child_left_behind_cannot_hold_the_output_open,
                               another_thread_can_interrupt,
                               a_child_can_be_talked_to,
                               writing_more_than_a_pipe_holds_does_not_lock_up,
                               writing_to_a_child_that_ended_is_an_error_and_no_signal,
                               processor_time_of_children_is_counted,
                               memory_beyond_the_limit_is_refused,
                               too_many_processes_end_them_all,
                               a_watcher_can_end_a_program_with_its_reason,
                               a_file_beyond_the_limit_is_refused,
                               descriptors_of_the_parent_are_not_inherited},
                              {.timeout_s = 120}};
TestGroup const sandbox_tests{
    "sandbox",
    {inside_there_is_no_home_no_network_no_environment, inside_only_the_output_folder_can_be_written,
     inside_new_namespaces_and_internet_sockets_are_denied, the_sandbox_dies_with_everything_in_it, threads_work_inside,
     a_program_whose_loader_is_not_shown_is_named_with_it, a_tree_is_shown_in_place_of_this_system},
    {.timeout_s = 120, .reason_to_skip = [] {
       auto const available = sandbox_available();
       return available ? std::string() : available.error().message;
     }}};

TestGroup const advice_tests{"sandbox_advice", {the_advice_fits_what_bwrap_printed}};

}  // namespace
