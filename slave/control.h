// Commands of the volunteer (distren-slave status, pause, resume, finish) for the running slave: a unix socket in its
// state folder, for its own user and root. One line in, one line of JSON back. serve() belongs to one thread, which
// also runs the callback; slow callers and long commands are dropped after two seconds. Errors: unavailable; the
// message says whether no slave runs there or the folder's path is too long for a socket.
#pragma once

#include <chrono>
#include <filesystem>
#include <functional>
#include <nlohmann/json.hpp>
#include <string>

#include "common/base/files.h"
#include "common/base/result.h"

namespace distren {

class Control {
public:
  using Answer = std::function<nlohmann::json(std::string const& command)>;

  static Result<Control> open(std::filesystem::path const& state);
  // Waits at most that long for a caller and answers it. True: a caller was answered.
  bool serve(std::chrono::milliseconds wait, Answer const& answer);

private:
  explicit Control(FileDescriptor socket) : socket_(std::move(socket)) {}
  FileDescriptor socket_;
};

Result<nlohmann::json> ask_slave(std::filesystem::path const& state, std::string const& command);

}  // namespace distren
