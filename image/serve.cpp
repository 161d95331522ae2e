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

#include "common/files.h"

namespace distren {

namespace {

using nlohmann::json;

constexpr std::size_t kLineLimit = 4096;
constexpr std::size_t kAnswerLimit = 64U << 10;
constexpr int kFile = 3;  // the descriptor in the child

struct Request {
  json wanted;
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

// Nothing: the input is over, or no request can be found in it any more.
std::optional<Request> next_request() {
  Request request;
  std::string line;
  while (line.empty() || line.back() != '\n') {
    std::array<char, kLineLimit> bytes;
    alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof(int))> beside{};
    iovec part{bytes.data(), bytes.size()};
    msghdr message{};
    message.msg_iov = &part;
    message.msg_iovlen = 1;
    message.msg_control = beside.data();
    message.msg_controllen = beside.size();
    ssize_t const got = ::recvmsg(STDIN_FILENO, &message, MSG_CMSG_CLOEXEC);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0 || line.size() + static_cast<std::size_t>(got) > kLineLimit) return std::nullopt;
    line.append(bytes.data(), static_cast<std::size_t>(got));
    if (auto file = descriptor_of(message)) request.file = std::move(file);
  }
  request.wanted = json::parse(line, nullptr, false);
  if (!request.wanted.is_object() || !request.file) return std::nullopt;
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

int number_of(json const& wanted, char const* name) {
  auto const found = wanted.find(name);
  return found != wanted.end() && found->is_number_integer() ? found->get<int>() : 0;
}

[[noreturn]] void look(Request const& request, int answer, Checker const& check) {
  ::prctl(PR_SET_DUMPABLE, 1);  // its own /proc/self is its own again
  if (::dup2(answer, STDOUT_FILENO) < 0 || ::dup2(request.file.get(), kFile) < 0) ::_exit(2);
  ::close(STDIN_FILENO);
  ::close_range(kFile + 1, ~0U, 0);
  ::alarm(static_cast<unsigned>(std::max(1, number_of(request.wanted, "seconds"))));
  CheckOptions options;
  options.width = number_of(request.wanted, "width");
  options.height = number_of(request.wanted, "height");
  options.code = number_of(request.wanted, "code");
  if (auto const format = request.wanted.find("format"); format != request.wanted.end() && format->is_string())
    options.format = format->get<std::string>();
  auto const outcome = check(fmt::format("/proc/self/fd/{}", kFile), options);
  json const report = outcome ? *outcome : json{{"ok", false}, {"error", outcome.error().message}};
  std::string const text = report.dump(-1, ' ', false, json::error_handler_t::replace);
  ::_exit(write_all(STDOUT_FILENO, text) ? 0 : 2);
}

json refusal(std::string const& text) {
  return {{"ok", false}, {"error", text}};
}

json answer_to(Request const& request, Checker const& check) {
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0) return refusal("The image cannot be looked at: no pipe is left");
  FileDescriptor const read_end(ends[0]);
  FileDescriptor write_end(ends[1]);
  pid_t const child = ::fork();
  if (child < 0) return refusal("The image cannot be looked at: no process is left");
  if (child == 0) look(request, write_end.get(), check);
  write_end = FileDescriptor();
  std::string text;
  std::array<char, 4096> bytes;
  for (ssize_t got = 0; (got = ::read(read_end.get(), bytes.data(), bytes.size())) != 0;) {
    if (got < 0 && errno == EINTR) continue;
    if (got < 0 || text.size() > kAnswerLimit) break;
    text.append(bytes.data(), static_cast<std::size_t>(got));
  }
  ::kill(child, SIGKILL);  // what has answered is over, and so is what says too much
  int status = 0;
  while (::waitpid(child, &status, 0) < 0 && errno == EINTR) continue;
  auto report = json::parse(text, nullptr, false);
  if (report.is_object()) return report;
  if (WIFSIGNALED(status) && WTERMSIG(status) == SIGALRM) return refusal("The image takes too long to decode.");
  if (WIFSIGNALED(status) && WTERMSIG(status) != SIGKILL)
    return refusal(fmt::format("The image cannot be decoded: the decoder was killed by signal {}.", WTERMSIG(status)));
  return refusal("The image cannot be decoded: the decoder gave no answer.");
}

}  // namespace

int serve_checks(Checker const& check) {
  ::prctl(PR_SET_DUMPABLE, 0);  // a child that a picture has taken over cannot open this process's memory
  while (auto const request = next_request()) {
    std::cout << answer_to(*request, check).dump(-1, ' ', false, json::error_handler_t::replace) << std::endl;
    if (!std::cout) return 1;
  }
  return 0;
}

}  // namespace distren
