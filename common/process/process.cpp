#include "common/process/process.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <set>
#include <thread>

namespace distren {

namespace {

constexpr int io_of_process = 1;  // IOPRIO_WHO_PROCESS of linux/ioprio.h, which not every system has
constexpr int idle_io = 3 << 13;  // IOPRIO_CLASS_IDLE

using std::chrono::milliseconds;
using Clock = Process::Clock;

// How long a wait may last before the memory of the tree and leftovers of a child that ended are looked at.
constexpr milliseconds wait_slice{200};

std::vector<char*> pointers(std::vector<std::string>& texts) {
  std::vector<char*> out;
  out.reserve(texts.size() + 1);
  for (auto& text : texts) out.push_back(text.data());
  out.push_back(nullptr);
  return out;
}

struct Launch {
  char const* program;
  char* const* argv;
  char* const* environment;
  char const* directory;
  ProcessOptions const* options;
  int input, output, error, report;
  pid_t parent;
};

bool apply_limit(__rlimit_resource resource, std::uint64_t value) {
  if (value == 0) return true;
  rlimit limit{};
  if (::getrlimit(resource, &limit) != 0) return false;
  limit.rlim_cur = limit.rlim_max = std::min<rlim_t>(value, limit.rlim_max);
  return ::setrlimit(resource, &limit) == 0;
}

// Between fork and exec of a process with threads: only calls that signal-safety(7) allows.
[[noreturn]] void become(Launch const& launch) {
  auto const give_up = [&launch] {
    int const error = errno;
    [[maybe_unused]] ssize_t const written = ::write(launch.report, &error, sizeof error);
    ::_exit(127);
  };
  ProcessLimits const& limits = launch.options->limits;
  if (::setpgid(0, 0) != 0) give_up();
  if (::prctl(PR_SET_PDEATHSIG, SIGKILL) != 0) give_up();
  if (::getppid() != launch.parent) ::_exit(127);

  struct sigaction usual {};
  usual.sa_handler = SIG_DFL;
  for (int number : {SIGPIPE, SIGTERM, SIGINT, SIGHUP, SIGCHLD, SIGUSR1, SIGUSR2, SIGALRM, SIGQUIT})
    ::sigaction(number, &usual, nullptr);
  sigset_t none;
  sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);

  if (::dup2(launch.input, 0) < 0 || ::dup2(launch.output, 1) < 0 || ::dup2(launch.error, 2) < 0) give_up();
  ::close_range(3, ~0U, CLOSE_RANGE_CLOEXEC);
  for (auto const& fd : launch.options->handed_over)
    if (::fcntl(fd.get(), F_SETFD, 0) != 0) give_up();

  if (launch.directory != nullptr && ::chdir(launch.directory) != 0) give_up();
  if (!apply_limit(RLIMIT_DATA, limits.only_watched ? 0 : limits.memory) ||
      !apply_limit(RLIMIT_FSIZE, limits.file_size) || !apply_limit(RLIMIT_NOFILE, limits.open_files))
    give_up();
  rlimit const no_core{0, 0};
  ::setrlimit(RLIMIT_CORE, &no_core);
  if (limits.nice != 0) {
    ::setpriority(PRIO_PROCESS, 0, limits.nice);
    ::syscall(SYS_ioprio_set, io_of_process, 0, idle_io);  // other processes have priority on the disk, too
  }
  ::execve(launch.program, launch.argv, launch.environment);
  give_up();
  ::_exit(127);
}

struct Pipe {
  FileDescriptor read, write;
};

Result<Pipe> make_pipe() {
  std::array<int, 2> fds{};
  if (::pipe2(fds.data(), O_CLOEXEC) != 0)
    return fail(Errc::unavailable, fmt::format("cannot make a pipe: {}", std::strerror(errno)));
  return Pipe{FileDescriptor(fds[0]), FileDescriptor(fds[1])};
}

// A socket and not a pipe, so that writing to an ended child is an error and never a SIGPIPE.
Result<Pipe> make_input(bool wanted) {
  if (!wanted) {
    FileDescriptor null(::open("/dev/null", O_RDONLY | O_CLOEXEC));
    if (!null) return fail(Errc::unavailable, fmt::format("cannot open /dev/null: {}", std::strerror(errno)));
    return Pipe{std::move(null), FileDescriptor{}};
  }
  std::array<int, 2> fds{};
  if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds.data()) != 0)
    return fail(Errc::unavailable, fmt::format("cannot make a socket pair: {}", std::strerror(errno)));
  return Pipe{FileDescriptor(fds[0]), FileDescriptor(fds[1])};
}

int remaining(Clock::time_point until) {
  auto const left = std::chrono::duration_cast<milliseconds>(until - Clock::now()) + milliseconds(1);
  return static_cast<int>(std::clamp<std::int64_t>(left.count(), 0, wait_slice.count()));
}

bool has_ended(pid_t id) {
  siginfo_t info{};
  return ::waitid(P_PID, static_cast<id_t>(id), &info, WEXITED | WNOHANG | WNOWAIT) == 0 && info.si_pid == id;
}

}  // namespace

std::string ProcessEnd::text() const {
  if (over_memory) return "was ended because it outgrew its memory limit";
  if (!overstepped.empty()) return "was ended because it " + overstepped;
  if (exit_code) return fmt::format("exited with {}", *exit_code);
  return fmt::format("was killed by signal {} ({})", signal, ::strsignal(signal));
}

std::optional<std::filesystem::path> find_program(std::string_view name) {
  auto const usable = [](std::filesystem::path const& path) {
    std::error_code error;
    return std::filesystem::is_regular_file(path, error) && ::access(path.c_str(), X_OK) == 0;
  };
  if (name.empty()) return std::nullopt;
  if (name.find('/') != std::string_view::npos) {
    std::filesystem::path const path = std::filesystem::absolute(name);
    return usable(path) ? std::optional(path) : std::nullopt;
  }
  char const* const variable = std::getenv("PATH");
  std::string_view folders = variable != nullptr ? variable : "/usr/local/bin:/usr/bin:/bin";
  while (true) {
    auto const colon = folders.find(':');
    std::filesystem::path const folder = folders.substr(0, colon);
    if (folder.is_absolute() && usable(folder / name)) return folder / name;
    if (colon == std::string_view::npos) return std::nullopt;
    folders.remove_prefix(colon + 1);
  }
}

Result<std::unique_ptr<Process>> Process::start(ProcessOptions options) {
  if (options.argv.empty()) return fail(Errc::invalid, "no program to run was named");
  auto const program = find_program(options.argv.front());
  if (!program) return fail(Errc::unavailable, fmt::format("the program {} was not found", options.argv.front()));

  std::unique_ptr<Process> process(new Process);
  process->options_ = std::move(options);
  ProcessOptions& own = process->options_;

  auto output = make_pipe();
  if (!output) return output.error();
  auto report = make_pipe();
  if (!report) return report.error();
  auto input = make_input(own.input);
  if (!input) return input.error();
  Pipe error;
  if (own.error_output == ErrorOutput::separate) {
    auto made = make_pipe();
    if (!made) return made.error();
    error = std::move(*made);
  } else if (own.error_output == ErrorOutput::discarded) {
    error.write = FileDescriptor(::open("/dev/null", O_WRONLY | O_CLOEXEC));
  }
  process->wake_ = FileDescriptor(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  if (!process->wake_) return fail(Errc::unavailable, fmt::format("cannot make an eventfd: {}", std::strerror(errno)));

  std::vector<std::string> argv = own.argv;
  auto const argv_pointers = pointers(argv);
  std::vector<std::string> environment = own.environment.value_or(std::vector<std::string>{});
  auto const environment_pointers = pointers(environment);
  Launch const launch{program->c_str(),
                      argv_pointers.data(),
                      own.environment ? environment_pointers.data() : ::environ,
                      own.directory.empty() ? nullptr : own.directory.c_str(),
                      &own,
                      input->read.get(),
                      output->write.get(),
                      error.write ? error.write.get() : output->write.get(),
                      report->write.get(),
                      ::getpid()};
  process->started_ = process->memory_seen_ = Clock::now();
  pid_t const id = ::fork();
  if (id < 0)
    return fail(Errc::unavailable, fmt::format("cannot start {}: {}", program->string(), std::strerror(errno)));
  if (id == 0) become(launch);

  ::setpgid(id, id);  // the child does the same; whoever is first, the group exists from here on
  process->id_ = id;
  report->write = FileDescriptor{};
  int problem = 0;
  ssize_t got = 0;
  while ((got = ::read(report->read.get(), &problem, sizeof problem)) < 0 && errno == EINTR) continue;
  if (got == static_cast<ssize_t>(sizeof problem)) {
    process->collect(true);
    return fail(Errc::unavailable, fmt::format("cannot start {}: {}", program->string(), std::strerror(problem)));
  }
  own.handed_over.clear();
  process->input_ = std::move(input->write);
  process->output_.fd = std::move(output->read);
  process->error_.fd = std::move(error.read);
  process->error_.is_error = true;
  for (auto* stream : {&process->output_, &process->error_})
    if (stream->fd) ::fcntl(stream->fd.get(), F_SETFL, O_NONBLOCK);
  return process;
}

Process::~Process() {
  if (id_ > 0 && !end_) stop(true);
}

void Process::append(Stream& stream, std::string_view bytes) {
  while (!bytes.empty()) {
    auto const newline = bytes.find_first_of("\n\r");  // renderers redraw a progress line with \r
    std::string_view const piece = bytes.substr(0, newline);
    std::size_t const room = options_.line_limit - std::min(options_.line_limit, stream.text.size());
    stream.text.append(piece.substr(0, room));
    if (newline == std::string_view::npos) return;
    bytes.remove_prefix(newline + 1);
    if (!stream.text.empty()) lines_.push_back({std::move(stream.text), stream.is_error});
    stream.text.clear();
  }
}

void Process::receive(Stream& stream) {
  std::array<char, 16384> buffer;
  ssize_t const got = ::read(stream.fd.get(), buffer.data(), buffer.size());
  if (got > 0) return append(stream, {buffer.data(), static_cast<std::size_t>(got)});
  if (got < 0 && (errno == EINTR || errno == EAGAIN)) return;
  if (!stream.text.empty()) lines_.push_back({std::move(stream.text), stream.is_error});
  stream.text.clear();
  stream.fd = FileDescriptor{};
}

bool Process::take_line(std::string& line, bool* from_error) {
  if (lines_.empty()) return false;
  line = std::move(lines_.front().text);
  if (from_error != nullptr) *from_error = lines_.front().is_error;
  lines_.pop_front();
  tail_.push_back(line);
  if (tail_.size() > options_.tail_lines) tail_.pop_front();
  return true;
}

void Process::watch() {
  auto const& limits = options_.limits;
  bool const counts = limits.memory != 0 || limits.processes != 0;
  if ((!counts && !options_.watch) || Clock::now() - memory_seen_ < milliseconds(500)) return;
  memory_seen_ = Clock::now();
  if (counts) {
    auto const tree = usage_of_tree(id_);
    over_memory_ = over_memory_ || (limits.memory != 0 && tree.resident > limits.memory);
    if (limits.processes != 0 && tree.members.size() > limits.processes)
      overstepped_ = fmt::format("started more than {} processes", limits.processes);
  }
  if (overstepped_.empty() && options_.watch) overstepped_ = options_.watch();
  if (over_memory_ || !overstepped_.empty()) ::kill(-id_, SIGKILL);
}

ProcessEvent Process::next_line(std::string& line, Clock::time_point until, bool* from_error) {
  while (true) {
    if (interrupted_) return ProcessEvent::interrupted;
    if (take_line(line, from_error)) return ProcessEvent::line;
    if (!output_.fd && !error_.fd) return ProcessEvent::closed;
    int const wait = remaining(until);
    std::array<pollfd, 3> fds{{{output_.fd.get(), POLLIN, 0}, {error_.fd.get(), POLLIN, 0}, {wake_.get(), POLLIN, 0}}};
    int const ready = ::poll(fds.data(), fds.size(), wait);
    if (ready < 0 && errno != EINTR) return ProcessEvent::closed;
    if (fds[0].revents != 0) receive(output_);
    if (fds[1].revents != 0) receive(error_);
    if (id_ > 0 && !end_) watch();
    if (ready == 0 && (end_ || has_ended(id_))) {
      // It has ended, but a process that it started still holds its output open.
      if (!end_) ::kill(-id_, SIGKILL);
      output_.fd = FileDescriptor{};
      error_.fd = FileDescriptor{};
      for (auto* stream : {&output_, &error_})
        if (!stream->text.empty()) lines_.push_back({std::move(stream->text), stream->is_error});
      continue;
    }
    if (lines_.empty() && ready == 0 && Clock::now() >= until) return ProcessEvent::timeout;
  }
}

Result<void> Process::write(std::string_view bytes, Clock::time_point until) {
  while (!bytes.empty()) {
    if (!input_) return fail(Errc::unavailable, "the program's input is closed");
    if (interrupted_) return fail(Errc::unavailable, "interrupted");
    ssize_t const sent = ::send(input_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
    if (sent > 0) {
      bytes.remove_prefix(static_cast<std::size_t>(sent));
      continue;
    }
    if (errno == EINTR) continue;
    if (errno != EAGAIN)
      return fail(Errc::unavailable, fmt::format("the program does not read its input: {}", std::strerror(errno)));
    if (Clock::now() >= until) return fail(Errc::unavailable, "the program did not read its input in time");
    // Its output must be emptied meanwhile: it may be waiting for us as we wait for it.
    std::array<pollfd, 3> fds{
        {{output_.fd.get(), POLLIN, 0}, {error_.fd.get(), POLLIN, 0}, {input_.get(), POLLOUT, 0}}};
    if (::poll(fds.data(), fds.size(), remaining(until)) < 0) continue;
    if (fds[0].revents != 0) receive(output_);
    if (fds[1].revents != 0) receive(error_);
  }
  return {};
}

Result<void> Process::write_with(std::string_view line, int descriptor) {
  if (!input_) return fail(Errc::unavailable, "the program's input is closed");
  alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof(int))> beside{};
  iovec part{const_cast<char*>(line.data()), line.size()};
  msghdr message{};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  message.msg_control = beside.data();
  message.msg_controllen = beside.size();
  cmsghdr* const header = CMSG_FIRSTHDR(&message);
  header->cmsg_level = SOL_SOCKET;
  header->cmsg_type = SCM_RIGHTS;
  header->cmsg_len = CMSG_LEN(sizeof descriptor);
  std::memcpy(CMSG_DATA(header), &descriptor, sizeof descriptor);
  ssize_t sent = 0;
  while ((sent = ::sendmsg(input_.get(), &message, MSG_NOSIGNAL | MSG_DONTWAIT)) < 0 && errno == EINTR) continue;
  if (sent == static_cast<ssize_t>(line.size())) return {};
  return fail(Errc::unavailable, fmt::format("the program does not read its input: {}",
                                             sent < 0 ? std::strerror(errno) : "it took a part only"));
}

void Process::close_input() {
  input_ = FileDescriptor{};
}

void Process::interrupt() {
  interrupted_ = true;
  std::uint64_t const one = 1;
  [[maybe_unused]] ssize_t const written = ::write(wake_.get(), &one, sizeof one);
}

// Below a sandbox programs have sessions and process numbers of their own, so a signal to the group does not reach
// them. Repeats until no new process is found: a process may fork meanwhile.
void Process::suspend(bool stopped) {
  std::lock_guard const lock(ending_);
  if (collected_ || id_ <= 0) return;
  std::set<pid_t> signalled;
  for (int round = 0; round < 10; ++round) {
    auto const members = usage_of_tree(id_).members;
    bool news = false;
    for (pid_t const member : members) {
      if (!signalled.insert(member).second) continue;
      ::kill(member, stopped ? SIGSTOP : SIGCONT);
      news = true;
    }
    if (!news) return;
  }
}

// Kills what is left of the group while its number cannot be anybody else's: before the leader is collected.
bool Process::collect(bool block) {
  if (end_) return true;
  siginfo_t info{};
  int const flags = WEXITED | WNOWAIT | (block ? 0 : WNOHANG);
  while (::waitid(P_PID, static_cast<id_t>(id_), &info, flags) != 0 && errno == EINTR) continue;
  if (info.si_pid != id_) return false;
  std::lock_guard const lock(ending_);
  collected_ = true;
  ::kill(-id_, SIGKILL);
  int status = 0;
  rusage used{};
  while (::wait4(id_, &status, 0, &used) < 0 && errno == EINTR) continue;
  ProcessEnd end;
  if (WIFEXITED(status)) end.exit_code = WEXITSTATUS(status);
  if (WIFSIGNALED(status)) end.signal = WTERMSIG(status);
  end.over_memory = over_memory_;
  end.overstepped = overstepped_;
  auto const time = [](timeval value) {
    return std::chrono::seconds(value.tv_sec) + std::chrono::microseconds(value.tv_usec);
  };
  end.usage.cpu = time(used.ru_utime) + time(used.ru_stime);
  end.usage.peak_memory = static_cast<std::uint64_t>(used.ru_maxrss) * 1024;
  end.wall = std::chrono::duration_cast<milliseconds>(Clock::now() - started_);
  end_ = end;
  return true;
}

ProcessEnd Process::stop(bool now) {
  if (!collect(false) && !now) {
    ::kill(-id_, SIGTERM);
    auto const until = Clock::now() + options_.grace;
    while (!collect(false) && Clock::now() < until) {
      for (auto* stream : {&output_, &error_})
        if (stream->fd) receive(*stream);  // a child that waits for its reader cannot end
      std::this_thread::sleep_for(milliseconds(5));
    }
  }
  if (!end_) {
    ::kill(-id_, SIGKILL);
    collect(true);
  }
  return *end_;
}

ProcessEnd Process::wait(Clock::time_point until) {
  std::string line;
  ProcessEvent event = ProcessEvent::line;
  while (event == ProcessEvent::line) event = next_line(line, until);
  if (event != ProcessEvent::closed) return stop();
  while (!collect(false)) {
    if (interrupted_ || Clock::now() >= until) return stop();
    std::this_thread::sleep_for(milliseconds(2));
  }
  return *end_;
}

ProcessUsage Process::usage() const {
  return end_ ? end_->usage : usage_of_tree(id_).usage;
}

Result<ProcessReport> run_process(ProcessOptions options, milliseconds deadline, std::size_t output_limit,
                                  std::string_view input) {
  auto const until = Clock::now() + deadline;
  options.input = !input.empty();
  auto started = Process::start(std::move(options));
  if (!started) return started.error();
  Process& process = **started;
  ProcessReport report;
  if (!input.empty()) {
    auto const written = process.write(input, until);
    if (!written) process.close_input();  // a child that ignores its input may still do its work
    process.close_input();
  }
  std::string line;
  ProcessEvent event;
  while ((event = process.next_line(line, until)) == ProcessEvent::line) {
    if (report.output.size() + line.size() + 1 > output_limit) {
      report.output_cut = true;
      continue;
    }
    report.output += line;
    report.output += '\n';
  }
  report.timed_out = event == ProcessEvent::timeout;
  report.end = process.wait(until);
  if (!report.timed_out && report.end.signal != 0 && Clock::now() >= until) report.timed_out = true;
  return report;
}

}  // namespace distren
