// What a renderer prints, asked of the slave that is at the frame. Nobody waits for a slave that is silent: each
// request is answered once, within a few seconds. Times are UNIX ms. Dispatcher's thread only.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace distren {

struct DispatchCore;

// The last lines; nothing: nobody is who could tell. Called on the dispatcher's thread.
using LogAnswer = std::function<void(std::optional<std::string> text)>;

class LogRequests {
public:
  [[nodiscard]] bool full() const;
  void add(std::int64_t attempt, LogAnswer answer, std::int64_t now);
  void answer(std::int64_t attempt, std::string const& text);
  void expire(std::int64_t now);

private:
  struct Request {
    std::int64_t attempt = 0;
    std::int64_t until_ms = 0;
    LogAnswer answer;
  };
  void answer_those(std::function<bool(Request const&)> const& which, std::optional<std::string> const& text);
  std::vector<Request> requests_;
};

void request_log(DispatchCore& core, std::int64_t task, LogAnswer const& answer, std::int64_t now);
void receive_log(DispatchCore& core, std::int64_t slave, std::int64_t attempt, std::string const& text);

}  // namespace distren
