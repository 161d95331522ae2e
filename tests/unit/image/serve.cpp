// Who looks at which picture in `distren-image serve`: answers tell the process that gave them.
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstring>
#include <nlohmann/json.hpp>
#include <string>

#include "image/serve.h"
#include "tests/support/check_main.h"

using namespace distren;
using nlohmann::json;

namespace {

// What a picture does to its reader is told by the format that is request of it.
Result<json> serve_child(std::filesystem::path const& file, CheckOptions const& options) {
  if (options.format == "CRASH") {
    ::signal(SIGSEGV, SIG_DFL);  // a sanitizer would catch it and end the process in a way of its own
    ::raise(SIGSEGV);
  }
  if (options.format == "HANG")
    for (;;) ::pause();
  if (options.format == "SILENT") ::_exit(0);
  if (options.format == "BAD") return Error{Errc::invalid, "a bad picture"};
  char head[4] = {};
  int const file_here = ::open(file.c_str(), O_RDONLY);
  if (::read(file_here, head, 3) != 3) return Error{Errc::invalid, "an unreadable picture"};
  ::close(file_here);
  return json{{"ok", true}, {"pid", ::getpid()}, {"head", head}, {"width", options.width}};
}

class Server {
public:
  Server() {
    int in[2], out[2];
    ck_assert(::socketpair(AF_UNIX, SOCK_STREAM, 0, in) == 0 && ::pipe(out) == 0);
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, in[1], STDIN_FILENO);
    posix_spawn_file_actions_adddup2(&actions, out[1], STDOUT_FILENO);
    for (int const each : {in[0], in[1], out[0], out[1]}) posix_spawn_file_actions_addclose(&actions, each);
    char program[] = "/proc/self/exe", word[] = "as-server";
    char* const argv[] = {program, word, nullptr};
    ck_assert(::posix_spawn(&pid_, program, &actions, nullptr, argv, environ) == 0);
    posix_spawn_file_actions_destroy(&actions);
    ::close(in[1]);
    ::close(out[1]);
    socket_ = in[0];
    answers_ = ::fdopen(out[0], "r");
  }

  ~Server() {
    ::close(socket_);
    ::waitpid(pid_, nullptr, 0);
    std::fclose(answers_);
  }

  json ask(std::string const& source, std::string const& format = "PNG", std::string const& content = "abc") {
    FILE* const image = std::tmpfile();
    std::fputs(content.c_str(), image);
    std::fflush(image);
    std::string line = json{{"source", source}, {"format", format}, {"width", 8}, {"seconds", 1}}.dump() + "\n";
    alignas(cmsghdr) char beside[CMSG_SPACE(sizeof(int))] = {};
    iovec part{line.data(), line.size()};
    msghdr message{};
    message.msg_iov = &part;
    message.msg_iovlen = 1;
    message.msg_control = beside;
    message.msg_controllen = sizeof beside;
    cmsghdr* const header = CMSG_FIRSTHDR(&message);
    header->cmsg_level = SOL_SOCKET;
    header->cmsg_type = SCM_RIGHTS;
    header->cmsg_len = CMSG_LEN(sizeof(int));
    int const descriptor = ::fileno(image);
    std::memcpy(CMSG_DATA(header), &descriptor, sizeof(int));
    ck_assert(::sendmsg(socket_, &message, 0) == static_cast<ssize_t>(line.size()));
    std::fclose(image);
    char answer[4096] = {};
    ck_assert(std::fgets(answer, sizeof answer, answers_) != nullptr);
    return json::parse(answer);
  }

private:
  pid_t pid_ = -1;
  int socket_ = -1;
  FILE* answers_ = nullptr;
};

int pid_in(json const& answer) {
  ck_assert_msg(answer.value("ok", json()) == true, "%s", answer.dump().c_str());
  return answer["pid"];
}

}  // namespace

START_TEST(pictures_of_one_source_share_a_process_and_nobody_else_s) {
  Server server;
  int const first = pid_in(server.ask("job 1"));
  ck_assert_int_eq(pid_in(server.ask("job 1")), first);
  int const second = pid_in(server.ask("job 2"));
  ck_assert_int_ne(second, first);
  ck_assert_int_ne(pid_in(server.ask("job 1")), second);
  int const alone = pid_in(server.ask(""));
  ck_assert_int_ne(pid_in(server.ask("")), alone);
}
END_TEST

START_TEST(every_request_is_about_its_own_file) {
  Server server;
  ck_assert_text(server.ask("job 1", "PNG", "abc")["head"].get<std::string>(), "abc");
  auto const answer = server.ask("job 1", "PNG", "xyz");
  ck_assert_text(answer["head"].get<std::string>(), "xyz");
  ck_assert_int_eq(answer["width"].get<int>(), 8);
  ck_assert_says(server.ask("job 1", "PNG", "")["error"].get<std::string>(), "unreadable");
}
END_TEST

START_TEST(whoever_met_a_bad_picture_sees_no_other) {
  Server server;
  int const first = pid_in(server.ask("job 1"));
  ck_assert_says(server.ask("job 1", "BAD")["error"].get<std::string>(), "a bad picture");
  ck_assert_int_ne(pid_in(server.ask("job 1")), first);
}
END_TEST

START_TEST(a_crash_a_hang_and_silence_are_told_apart_and_survived) {
  Server server;
  for (auto const& [format, words] :
       {std::pair{"CRASH", "killed by signal 11"}, {"HANG", "too long"}, {"SILENT", "gave no answer"}}) {
    auto const answer = server.ask("job 1", format);
    ck_assert(answer["ok"] == false);
    ck_assert_says(answer["error"].get<std::string>(), words);
    pid_in(server.ask("job 1"));
  }
}
END_TEST

namespace {

ProgramMode const serve_mode{"as-server", [] { return serve_checks({[] { return Result<void>(); }, serve_child}); }};

// In one process: OpenImageIO has threads from its start on, which a forked child would wait for in vain.
TestGroup const serve_tests{
    "serve",
    {pictures_of_one_source_share_a_process_and_nobody_else_s, every_request_is_about_its_own_file,
     whoever_met_a_bad_picture_sees_no_other, a_crash_a_hang_and_silence_are_told_apart_and_survived},
    {.timeout_s = 60, .forks = false}};

}  // namespace
