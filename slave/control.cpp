#include "slave/control.h"

#include <fmt/format.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>

#include "common/base/json_text.h"

namespace distren {

namespace {

namespace fs = std::filesystem;
using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;

constexpr milliseconds connection_patience{2000};
constexpr std::size_t max_command_bytes = 200;
constexpr std::size_t max_answer_bytes = 64U << 10;

Result<sockaddr_un> address_in(fs::path const& state) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::string const path = (state / "control").string();
  if (path.size() >= sizeof address.sun_path)
    return fail(Errc::unavailable, fmt::format("{} is too long for a socket's name ({} bytes at most); set state = "
                                               "\"DIR\" to a shorter one",
                                               path, sizeof address.sun_path - 1));
  std::memcpy(address.sun_path, path.c_str(), path.size() + 1);
  return address;
}

bool ready(int fd, short event, Clock::time_point until) {
  auto const left = std::chrono::duration_cast<milliseconds>(until - Clock::now()).count();
  pollfd waiting{fd, event, 0};
  return ::poll(&waiting, 1, static_cast<int>(std::max<std::int64_t>(left, 0))) > 0;
}

// Up to the newline, exclusive; empty when it is too long or too slow.
std::string read_line(int fd, std::size_t limit, Clock::time_point until) {
  std::string text;
  std::array<char, 4096> buffer;
  while (text.size() <= limit && ready(fd, POLLIN, until)) {
    ssize_t const got = ::recv(fd, buffer.data(), buffer.size(), MSG_DONTWAIT);
    if (got < 0 && (errno == EINTR || errno == EAGAIN)) continue;
    if (got <= 0) return {};
    text.append(buffer.data(), static_cast<std::size_t>(got));
    if (auto const end = text.find('\n'); end != std::string::npos) return text.substr(0, end);
  }
  return {};
}

bool write_all(int fd, std::string_view text, Clock::time_point until) {
  while (!text.empty() && ready(fd, POLLOUT, until)) {
    ssize_t const sent = ::send(fd, text.data(), text.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
    if (sent < 0 && (errno == EINTR || errno == EAGAIN)) continue;
    if (sent <= 0) return false;
    text.remove_prefix(static_cast<std::size_t>(sent));
  }
  return text.empty();
}

bool may_command(int fd) {
  ucred who{};
  socklen_t size = sizeof who;
  return ::getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &who, &size) == 0 && (who.uid == ::geteuid() || who.uid == 0);
}

Error problem(fs::path const& state, char const* what) {
  return fail(Errc::unavailable, fmt::format("{} {}: {}", what, (state / "control").string(), std::strerror(errno)));
}

}  // namespace

Result<Control> Control::open(fs::path const& state) {
  auto const address = address_in(state);
  if (!address) return address.error();
  FileDescriptor socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!socket) return problem(state, "cannot make the socket");
  ::unlink(address->sun_path);  // of an earlier slave: this one holds the folder's lock
  ::fchmod(socket.get(), 0600);
  if (::bind(socket.get(), reinterpret_cast<sockaddr const*>(&*address), sizeof *address) != 0)
    return problem(state, "cannot make the socket");
  ::chmod(address->sun_path, 0600);
  if (::listen(socket.get(), 8) != 0) return problem(state, "cannot listen on");
  return Control(std::move(socket));
}

bool Control::serve(milliseconds wait, Answer const& answer) {
  if (!ready(socket_.get(), POLLIN, Clock::now() + wait)) return false;
  FileDescriptor caller(::accept4(socket_.get(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK));
  if (!caller || !may_command(caller.get())) return false;
  auto const until = Clock::now() + connection_patience;
  std::string const command = read_line(caller.get(), max_command_bytes, until);
  if (command.empty()) return false;
  auto const reply = to_text(answer(command)) + "\n";
  return write_all(caller.get(), reply, until);
}

Result<nlohmann::json> ask_slave(fs::path const& state, std::string const& command) {
  auto const address = address_in(state);
  if (!address) return address.error();
  FileDescriptor socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (!socket) return problem(state, "cannot make the socket");
  if (::connect(socket.get(), reinterpret_cast<sockaddr const*>(&*address), sizeof *address) != 0)
    return fail(Errc::unavailable, fmt::format("no slave of yours works in {} ({}); start it, or name its "
                                               "configuration by --config FILE",
                                               state.string(), std::strerror(errno)));
  auto const until = Clock::now() + 5 * connection_patience;
  if (!write_all(socket.get(), command + "\n", until)) return problem(state, "cannot write to");
  auto const answer = nlohmann::json::parse(read_line(socket.get(), max_answer_bytes, until), nullptr, false);
  if (!answer.is_object()) return fail(Errc::unavailable, "the slave did not answer in time; ask again");
  return answer;
}

}  // namespace distren
