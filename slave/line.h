// The line to the server (doc/protocol.md): signs on, keeps alive, hands over what arrives, comes back after every
// loss with jittered back-off. run() belongs to one thread, which also makes all callbacks; send() and stop() are for
// any. The handler must outlive it.
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <string>

#include "common/base/result.h"
#include "common/http/tls.h"
#include "common/protocol/announce.h"
#include "common/protocol/codec.h"
#include "slave/slave_config.h"

namespace distren {

struct LineOptions {
  TlsTarget target;
  std::string slavekey;
  std::string slavepassword;
  std::chrono::milliseconds first_retry{500};
  std::chrono::milliseconds longest_retry{300000};
  std::vector<std::string> offers{};  // of the sign-on
  bool once = false;                  // give up at the first refusal or failure to connect
  std::function<double()> random;     // evenly from [0, 1); absent: the system's
};

LineOptions line_options(SlaveConfig const& config, bool once);

struct LineHandler {
  virtual ~LineHandler() = default;
  virtual protocol::Announce signed_on(protocol::Reading<protocol::Welcome> const& welcome) = 0;  // what to say first
  virtual void ready() = 0;                                       // that went out, send() works
  virtual void received(protocol::Incoming const& incoming) = 0;  // an order, cancel, verdict, ...
  virtual void lost(std::string const& reason) = 0;               // after signed_on only
  virtual void tick() = 0;                                        // about four times a second while signed on
};

class Line {
public:
  Line(LineOptions options, LineHandler& handler);

  Result<void> run();  // until stop(); with options.once also an Error when the server cannot be reached or refuses
  void stop();
  // False: not signed on, or the connection is broken. True does not mean that it arrived.
  bool send(std::string const& message);
  template <typename Message>
  bool send(Message const& message) {
    return send(protocol::write(message));
  }

private:
  using Clock = std::chrono::steady_clock;
  Result<void> one_connection(std::chrono::milliseconds& retry);
  Result<protocol::Reading<protocol::Welcome>> sign_on(LineStream& stream, std::chrono::milliseconds& retry);
  Result<void> serve(LineStream& stream, std::chrono::milliseconds heartbeat, std::chrono::milliseconds& retry);
  void take(LineStream& stream, protocol::Incoming const& incoming);
  void pause(std::chrono::milliseconds time);
  std::shared_ptr<LineStream> current();
  void become(std::shared_ptr<LineStream> stream);

  LineOptions options_;
  LineHandler& handler_;
  std::string instance_;  // random per process: the server tells a second one with our key from our own return
  std::atomic<bool> stopping_ = false;
  bool was_signed_on_ = false;
  std::mutex mutex_;
  std::condition_variable changed_;
  // Shared: a sender may be in write_line while the line's thread drops a broken connection.
  std::shared_ptr<LineStream> stream_;
};

}  // namespace distren
