#include "client/password.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <termios.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "client/session.h"
#include "common/base/files.h"

namespace distren::client {
namespace {

constexpr std::size_t longest_password = 1024;

// One line without its newline. A read that ctrl-C interrupts is an Error, so that the terminal's echo is restored.
Result<std::string> read_line(int fd) {
  std::string line;
  for (char c = 0;;) {
    auto const got = read(fd, &c, 1);
    if (got < 0 && errno == EINTR && !interrupted) continue;
    if (got < 0) return fail(Errc::unavailable, interrupted ? "interrupted" : std::strerror(errno));
    if (got == 0 || c == '\n') break;
    line += c;
    if (line.size() > longest_password)
      return fail(Errc::invalid, fmt::format("a password may have at most {} bytes", longest_password));
  }
  if (line.ends_with('\r')) line.pop_back();
  return line;
}

class WithoutEcho {
public:
  explicit WithoutEcho(int fd) : fd_(fd) {
    if (tcgetattr(fd, &before_) != 0) return;
    auto quiet = before_;
    quiet.c_lflag &= ~static_cast<tcflag_t>(ECHO);
    changed_ = tcsetattr(fd, TCSAFLUSH, &quiet) == 0;
  }
  ~WithoutEcho() {
    if (changed_) tcsetattr(fd_, TCSAFLUSH, &before_);
  }
  WithoutEcho(WithoutEcho const&) = delete;
  WithoutEcho& operator=(WithoutEcho const&) = delete;
  [[nodiscard]] bool works() const { return changed_; }

private:
  int fd_;
  termios before_{};
  bool changed_ = false;
};

void print(int fd, std::string const& text) {
  static_cast<void>(write(fd, text.data(), text.size()));
}

Result<std::string> ask(int terminal, std::string const& prompt) {
  WithoutEcho const quiet(terminal);
  if (!quiet.works()) return fail(Errc::invalid, "the terminal cannot hide a password; use --password-file FILE");
  print(terminal, prompt);
  auto line = read_line(terminal);
  print(terminal, "\n");
  return line;
}

Result<std::string> from_terminal(std::string const& prompt, bool twice) {
  FileDescriptor const terminal(open("/dev/tty", O_RDWR | O_CLOEXEC));
  if (!terminal)
    return fail(Errc::invalid,
                "there is no terminal to ask for the password; use --password-file FILE or "
                "--password-stdin");
  auto first = ask(terminal.get(), prompt);
  if (!first || !twice) return first;
  auto second = ask(terminal.get(), "Again: ");
  if (second && *second != *first) return fail(Errc::invalid, "the two passwords differ; nothing was done");
  return second;
}

Result<std::string> from_file(std::string const& path) {
  FileDescriptor const file(open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!file)
    return fail(Errc::not_found, fmt::format("cannot read the password file '{}': {}", path, std::strerror(errno)));
  return read_line(file.get());
}

}  // namespace

Result<std::string> read_password(PasswordSource const& source, std::string const& prompt, bool twice) {
  auto password = !source.file.empty() ? from_file(source.file)
                  : source.from_stdin  ? read_line(STDIN_FILENO)
                                       : from_terminal(prompt, twice);
  if (password && password->empty()) return fail(Errc::invalid, "the password is empty");
  return password;
}

}  // namespace distren::client
