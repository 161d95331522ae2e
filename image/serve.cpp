#include "image/serve.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <iostream>
#include <optional>
#include <string>

#include "common/base/files.h"
#include "common/base/json_text.h"

namespace distren {

namespace {

using nlohmann::json;

constexpr std::size_t line_limit = 4096;
constexpr std::size_t answer_limit = 64U << 10;
constexpr int child_file_descriptor = 3;  // the file's descriptor in the child
constexpr int max_files_per_child = 500;  // bounds what a leak can cost

struct Request {
  std::string line;
  json parameters;
  FileDescriptor file;
};

FileDescriptor descriptor_of(msghdr& message) {
  FileDescriptor found;
  for (cmsghdr* part = CMSG_FIRSTHDR(&message); part != nullptr; part = CMSG_NXTHDR(&message, part)) {
    if (part->cmsg_level != SOL_SOCKET || part->cmsg_type != SCM_RIGHTS) continue;
    int number = -1;
    std::memcpy(&number, CMSG_DATA(part), sizeof number);
    found = FileDescriptor(number);
  }
  return found;
}

// Empty: end of the input, or no further request can be parsed.
std::optional<Request> next_request() {
  Request request;
  std::string& line = request.line;
  while (line.empty() || line.back() != '\n') {
    std::array<char, line_limit> bytes;
    alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof(int))> beside{};
    iovec part{bytes.data(), bytes.size()};
    msghdr message{};
    message.msg_iov = &part;
    message.msg_iovlen = 1;
    message.msg_control = beside.data();
    message.msg_controllen = beside.size();
    ssize_t const got = ::recvmsg(STDIN_FILENO, &message, MSG_CMSG_CLOEXEC);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0 || line.size() + static_cast<std::size_t>(got) > line_limit) return std::nullopt;
    line.append(bytes.data(), static_cast<std::size_t>(got));
    if (auto file = descriptor_of(message)) request.file = std::move(file);
  }
  request.parameters = json::parse(line, nullptr, false);
  if (!request.parameters.is_object() || !request.file) return std::nullopt;
  return request;
}

bool write_all(int descriptor, std::string_view text) {
  while (!text.empty()) {
    ssize_t const written = ::write(descriptor, text.data(), text.size());
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return false;
    text.remove_prefix(static_cast<std::size_t>(written));
  }
  return true;
}

bool send_with(int socket, std::string_view line, int descriptor) {
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
  header->cmsg_len = CMSG_LEN(sizeof(int));
  std::memcpy(CMSG_DATA(header), &descriptor, sizeof(int));
  ssize_t sent = 0;
  while ((sent = ::sendmsg(socket, &message, MSG_NOSIGNAL)) < 0 && errno == EINTR) continue;
  return sent == static_cast<ssize_t>(line.size());
}

int number_of(json const& parameters, char const* name) {
  auto const found = parameters.find(name);
  return found != parameters.end() && found->is_number_integer() ? found->get<int>() : 0;
}

std::string text_of(json const& parameters, char const* name) {
  auto const found = parameters.find(name);
  return found != parameters.end() && found->is_string() ? found->get<std::string>() : std::string();
}

json error_json(std::string const& text) {
  return {{"ok", false}, {"error", text}};
}

// Main function of a child: requests and answers on standard input.
[[noreturn]] void serve_child(int socket, Checker const& checker) {
  ::prctl(PR_SET_DUMPABLE, 1);  // makes its own /proc/self accessible again
  if (::dup2(socket, STDIN_FILENO) < 0 || ::dup2(socket, STDOUT_FILENO) < 0) ::_exit(2);
  ::close_range(child_file_descriptor, ~0U, 0);
  auto const ready = checker.prepare();
  while (auto const request = next_request()) {
    if (request->file.get() != child_file_descriptor && ::dup2(request->file.get(), child_file_descriptor) < 0)
      ::_exit(2);
    ::alarm(static_cast<unsigned>(std::max(1, number_of(request->parameters, "seconds"))));
    CheckOptions options;
    options.width = number_of(request->parameters, "width");
    options.height = number_of(request->parameters, "height");
    options.code = number_of(request->parameters, "code");
    options.format = text_of(request->parameters, "format");
    auto const outcome =
        ready ? checker.check(fmt::format("/proc/self/fd/{}", child_file_descriptor), options) : ready.error();
    ::alarm(0);
    json const report =
        outcome ? *outcome : json{{"ok", false}, {"error", outcome.error().message}, {"code", outcome.error().problem}};
    if (!write_all(STDOUT_FILENO, to_text(report) + "\n")) break;
  }
  ::_exit(0);
}

class Child {
public:
  Child() = default;
  Child(Child const&) = delete;
  Child& operator=(Child const&) = delete;
  ~Child() { end(); }

  [[nodiscard]] bool accepts(std::string const& source) const {
    return pid_ > 0 && !source.empty() && source == source_ && files_ < max_files_per_child;
  }

  bool start(std::string source, Checker const& checker) {
    end();
    std::array<int, 2> ends{};
    if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()) != 0) return false;
    socket_ = FileDescriptor(ends[0]);
    FileDescriptor const theirs(ends[1]);
    pid_ = ::fork();
    if (pid_ == 0) serve_child(theirs.get(), checker);
    source_ = std::move(source);
    files_ = 0;
    return pid_ > 0;
  }

  json ask(Request const& request) {
    ++files_;
    std::string text;
    if (send_with(socket_.get(), request.line, request.file.get())) {
      std::array<char, 4096> bytes;
      while (text.size() <= answer_limit && !text.ends_with('\n')) {
        ssize_t const got = ::read(socket_.get(), bytes.data(), bytes.size());
        if (got < 0 && errno == EINTR) continue;
        if (got <= 0) break;
        text.append(bytes.data(), static_cast<std::size_t>(got));
      }
    }
    auto report = json::parse(text, nullptr, false);
    if (report.is_object() && report.value("ok", json()) == true) return report;
    int const status = end();  // a child that met a bad image, or writes too much, gets no other
    if (report.is_object()) return report;
    if (WIFSIGNALED(status) && WTERMSIG(status) == SIGALRM) return error_json("The image takes too long to decode.");
    if (WIFSIGNALED(status) && WTERMSIG(status) != SIGKILL)
      return error_json(
          fmt::format("The image cannot be decoded: the decoder was killed by signal {}.", WTERMSIG(status)));
    return error_json("The image cannot be decoded: the decoder gave no answer.");
  }

private:
  int end() {
    if (pid_ <= 0) return 0;
    ::kill(pid_, SIGKILL);
    int status = 0;
    while (::waitpid(pid_, &status, 0) < 0 && errno == EINTR) continue;
    pid_ = -1;
    return status;
  }

  pid_t pid_ = -1;
  FileDescriptor socket_;
  std::string source_;
  int files_ = 0;
};

}  // namespace

int serve_checks(Checker const& checker) {
  ::prctl(PR_SET_DUMPABLE, 0);  // a child that an image has taken over cannot open this process's memory
  Child child;
  while (auto const request = next_request()) {
    std::string source = text_of(request->parameters, "source");
    json const answer = child.accepts(source) || child.start(std::move(source), checker)
                            ? child.ask(*request)
                            : error_json("The image cannot be looked at: no process is left");
    std::cout << to_text(answer) << std::endl;
    if (!std::cout) return 1;
  }
  return 0;
}

}  // namespace distren
