// The slaves' line: port 4554, TLS, one JSON object a line (doc/protocol.md). One loop accepts, all loops carry
// sessions. Owned by main; loops, workers, dispatcher and results must outlive stop(). Errors: unavailable.
#pragma once

#include <event2/listener.h>

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "common/base/files.h"
#include "common/base/result.h"
#include "server/net/loop.h"

struct ssl_ctx_st;

namespace distren {

class LineLoop;
struct SlaveServices;

class LineServer {
public:
  LineServer(std::vector<std::unique_ptr<Loop>>& loops, SlaveServices& services);
  ~LineServer();
  LineServer(LineServer const&) = delete;
  LineServer& operator=(LineServer const&) = delete;

  // May be called for several addresses; tls null: plain, for loopback only. Before the loops start.
  Result<void> listen(std::string const& address, ssl_ctx_st* tls);
  void stop();  // closes listeners and sessions; before the loops stop

  [[nodiscard]] int connections() const;
  [[nodiscard]] std::vector<int> ports() const { return ports_; }

private:
  struct Listener {
    LineServer* server = nullptr;
    ssl_ctx_st* tls = nullptr;
    FileDescriptor socket;
    evconnlistener* handle = nullptr;
  };
  static void accept(evconnlistener* listener, int fd, sockaddr* address, int size, void* context);

  std::vector<std::unique_ptr<Loop>>& loops_;
  SlaveServices& services_;
  std::vector<std::unique_ptr<LineLoop>> line_loops_;
  std::vector<std::unique_ptr<Listener>> listeners_;
  std::vector<int> ports_;
  std::size_t next_loop_ = 0;
};

}  // namespace distren
