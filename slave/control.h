// How the volunteer's commands (distren-slave status, pause, resume, finish) reach the slave that runs: a unix socket
// in its state folder, for its own user and root. One line in, one line of JSON back. serve() belongs to one thread,
// which also makes the callback; a caller that is slow or says too much is dropped after two seconds. Failure:
// unavailable; the message says whether no slave runs there or the folder's name is too long for a socket.
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
  // Waits so long for callers, and answers them. True: somebody was answered.
  bool serve(std::chrono::milliseconds wait, Answer const& answer);

private:
  explicit Control(FileDescriptor socket) : socket_(std::move(socket)) {}
  FileDescriptor socket_;
};

Result<nlohmann::json> ask_slave(std::filesystem::path const& state, std::string const& command);

}  // namespace distren
