// A helper program of a test that prints one line when it is ready, and a scratch folder. Both end with their owner:
// the program is killed by its process id, the folder is removed. Copies in forked children (Check forks each test)
// leave both alone.
#pragma once

#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <string>
#include <vector>

extern char** environ;

namespace distren {

inline std::filesystem::path source_folder() {
  auto const* folder = std::getenv("top_srcdir");
  return folder != nullptr ? folder : "..";
}

class HelperProgram {
public:
  explicit HelperProgram(std::vector<std::string> const& argv) {
    int pipe_ends[2];
    if (pipe2(pipe_ends, O_CLOEXEC) != 0) return;
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, pipe_ends[1], 1);
    std::vector<char*> arguments;
    arguments.reserve(argv.size() + 1);
    for (auto const& each : argv) arguments.push_back(const_cast<char*>(each.c_str()));
    arguments.push_back(nullptr);
    if (posix_spawnp(&pid_, arguments[0], &actions, nullptr, arguments.data(), environ) != 0) pid_ = -1;
    posix_spawn_file_actions_destroy(&actions);
    close(pipe_ends[1]);
    for (char c = 0; read(pipe_ends[0], &c, 1) == 1 && c != '\n';) first_line_ += c;
    output_ = pipe_ends[0];
  }
  ~HelperProgram() {
    if (pid_ > 0 && getpid() == owner_) {
      kill(pid_, SIGKILL);
      waitpid(pid_, nullptr, 0);
    }
    if (output_ >= 0) close(output_);
  }
  HelperProgram(HelperProgram const&) = delete;
  HelperProgram& operator=(HelperProgram const&) = delete;

  [[nodiscard]] std::string const& first_line() const { return first_line_; }  // empty: it did not start

private:
  pid_t owner_ = getpid();
  pid_t pid_ = -1;
  int output_ = -1;
  std::string first_line_;
};

class ScratchFolder {
public:
  ScratchFolder() {
    std::string pattern = std::filesystem::temp_directory_path() / "distren-test-XXXXXX";
    if (mkdtemp(pattern.data()) == nullptr) std::abort();
    path_ = pattern;
  }
  ~ScratchFolder() {
    if (getpid() != owner_) return;
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  ScratchFolder(ScratchFolder const&) = delete;
  ScratchFolder& operator=(ScratchFolder const&) = delete;
  [[nodiscard]] std::filesystem::path const& path() const { return path_; }
  [[nodiscard]] std::filesystem::path operator/(std::string const& name) const { return path_ / name; }

private:
  pid_t owner_ = getpid();
  std::filesystem::path path_;
};

}  // namespace distren
