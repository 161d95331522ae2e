// Runs one child program: no shell, own process group, pipes, limits, a deadline. The child is killed when the *thread*
// that started it ends (PR_SET_PDEATHSIG), so start() and all other calls belong to one lasting thread; only
// interrupt() and suspend() may be called from any. Owner: whoever started it; the destructor kills the whole group.
// Output arrives as lines, each truncated at line_limit; only the tail is kept. Errors of start(): unavailable (not
// found, no processes left), naming the program; ProcessEnd tells how it ended.
// Our own: neither posix_spawn nor Boost.Process sets limits, dies with its thread and suspends a whole group.
#pragma once

#include <sys/types.h>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <deque>
#include <filesystem>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/files.h"
#include "common/base/result.h"

namespace distren {

struct ProcessLimits {           // 0: the parent's own limit stays
  std::uint64_t memory = 0;      // bytes of private writable memory per process; the whole tree is watched besides
  std::uint64_t file_size = 0;   // bytes of any one file written
  std::uint64_t open_files = 0;  // descriptors per process
  std::size_t processes = 0;     // of the whole tree, which is watched
  bool only_watched = false;     // memory: the kernel is not asked, since drivers of graphics cards map far more
  int nice = 0;                  // with it the idle class of I/O
};

enum class ErrorOutput { merged, discarded, separate };  // separate: lines come with from_error set

struct ProcessOptions {
  std::vector<std::string> argv;                          // argv[0] is looked up in PATH when it has no '/'
  std::optional<std::vector<std::string>> environment{};  // NAME=value; absent: the parent's
  std::filesystem::path directory{};                      // empty: the parent's
  ErrorOutput error_output = ErrorOutput::merged;
  bool input = false;                         // false: stdin is /dev/null
  std::vector<FileDescriptor> handed_over{};  // stay open in the child under the same numbers
  ProcessLimits limits{};
  std::size_t line_limit = 4096;          // bytes; the rest of a longer line is dropped
  std::size_t tail_lines = 40;            // last lines kept for error reports
  std::chrono::milliseconds grace{2000};  // between SIGTERM and SIGKILL
  // Called twice a second by the reading thread; a non-empty answer is the reason to kill the program.
  std::function<std::string()> watch{};
};

struct ProcessUsage {
  std::chrono::microseconds cpu{0};  // user and system time of the child and its waited-for children
  std::uint64_t peak_memory = 0;     // bytes, largest of its processes
};

struct ProcessEnd {
  std::optional<int> exit_code{};  // absent: ended by `signal`
  int signal = 0;
  bool over_memory = false;   // killed because the tree outgrew limits.memory
  std::string overstepped{};  // killed for this reason of options.watch, or for too many processes
  ProcessUsage usage{};
  std::chrono::milliseconds wall{0};
  [[nodiscard]] bool ok() const { return exit_code == 0; }
  [[nodiscard]] std::string text() const;  // "exited with 3", "was killed by signal 11 (Segmentation fault)"
};

enum class ProcessEvent { line, closed, timeout, interrupted };

class Process {
public:
  using Clock = std::chrono::steady_clock;

  static Result<std::unique_ptr<Process>> start(ProcessOptions options);
  ~Process();
  Process(Process const&) = delete;
  Process& operator=(Process const&) = delete;

  // The next line without its newline; closed when all writers have closed the output.
  ProcessEvent next_line(std::string& line, Clock::time_point until, bool* from_error = nullptr);
  Result<void> write(std::string_view bytes, Clock::time_point until);
  Result<void> write_with(std::string_view line, int descriptor);  // a short line with an open file attached
  void close_input();
  void interrupt();  // any thread; permanent: every later next_line returns interrupted
  // Suspends or resumes the whole tree (SIGSTOP, SIGCONT); any thread; no effect after its end.
  void suspend(bool stopped);

  // Ends the group if it still runs (SIGTERM, grace, SIGKILL; at once when `now`) and reaps it.
  ProcessEnd stop(bool now = false);
  // Waits for a natural end; stops it at the deadline.
  ProcessEnd wait(Clock::time_point until);

  [[nodiscard]] ProcessUsage usage() const;  // of the running tree, from /proc
  [[nodiscard]] std::deque<std::string> const& tail() const { return tail_; }
  [[nodiscard]] pid_t id() const { return id_; }

private:
  struct Stream {
    FileDescriptor fd;
    std::string text;
    bool cutting = false;
    bool is_error = false;
  };
  Process() = default;
  bool take_line(std::string& line, bool* from_error);
  void receive(Stream& stream);
  void append(Stream& stream, std::string_view bytes);
  void watch();
  bool collect(bool block);

  ProcessOptions options_;
  pid_t id_ = -1;
  Clock::time_point started_;
  Clock::time_point memory_seen_;
  FileDescriptor input_;
  Stream output_;
  Stream error_;
  FileDescriptor wake_;
  std::atomic<bool> interrupted_ = false;
  struct Line {
    std::string text;
    bool is_error;
  };
  std::deque<Line> lines_;
  std::deque<std::string> tail_;
  bool over_memory_ = false;
  std::string overstepped_;
  std::optional<ProcessEnd> end_;
  std::mutex ending_;  // excludes suspend() at the end: the id of a reaped process may be reused
  bool collected_ = false;
};

struct ProcessReport {
  ProcessEnd end;
  bool timed_out = false;
  bool output_cut = false;  // more than output_limit; the rest was discarded
  std::string output;
};

// Start to end in one call, for short helpers; blocks. Output (with line ends) up to output_limit.
Result<ProcessReport> run_process(ProcessOptions options, std::chrono::milliseconds deadline,
                                  std::size_t output_limit = 64U << 10, std::string_view input = {});

// argv[0] as an absolute path to an executable file, looked up in PATH; nothing when there is none.
std::optional<std::filesystem::path> find_program(std::string_view name);

// CPU time and memory of a process and all its descendants, as /proc reports them now; resident is their sum.
struct TreeUsage {
  ProcessUsage usage;
  std::vector<pid_t> members{};  // the root first
  std::uint64_t resident = 0;
};
TreeUsage usage_of_tree(pid_t root);

}  // namespace distren
