// What a signed-on slave says, over the line or over HTTPS: each message becomes a word to the dispatcher, the database
// or the results; answers go out by its sink. Any thread; shared, because answers come later. Ends with its carrier.
#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include "common/protocol/announce.h"
#include "common/protocol/codec.h"
#include "common/protocol/result.h"
#include "server/dispatch/slave_capabilities.h"
#include "server/slaves/slave_services.h"
#include "server/store/slaves.h"

namespace distren {

namespace protocol {
struct Refresh;
}

class SlaveSession : public std::enable_shared_from_this<SlaveSession> {
public:
  SlaveSession(SlaveServices& services, store::SlaveIdentity slave, protocol::Software const& software,
               std::string address, std::weak_ptr<SlaveSink> sink)
      : services_(services),
        slave_(std::move(slave)),
        software_(software),
        address_(std::move(address)),
        sink_(std::move(sink)) {}

  // Before so many messages. Milliseconds for which the carrier reads nothing more, because the slave says more than it
  // may; 0: go on.
  std::int64_t take_turn(std::size_t messages);
  void receive(protocol::Incoming const& incoming);
  void send_error(protocol::ErrorCode code, std::string message, std::string const& id);
  // The dispatcher forgets this connection, unless another of the same slave has taken its place.
  void end(std::string_view why);
  [[nodiscard]] store::SlaveIdentity const& slave() const { return slave_; }

private:
  void progress(protocol::Progress const& message);
  void refresh(protocol::Refresh message, std::string const& id);
  void result(protocol::ResultReport message, std::string const& id);
  void announce(protocol::Announce const& message, std::string const& id);
  void record_announce();
  void send(std::string text, std::string const& id = {});

  SlaveServices& services_;
  store::SlaveIdentity const slave_;
  protocol::Software const software_;
  std::string const address_;
  std::weak_ptr<SlaveSink> const sink_;
  std::mutex mutex_;  // guards all below
  // Of its own, not by the slave's number: a lock and a search for each message of all slaves cost a twentieth of the
  // frames. Who signs on anew to say more spends more than he gains.
  TokenBucket turns_{slave_rates.messages_per_second, 5.0 * slave_rates.messages_per_second};
  int errors_ = 0;
  int unanswered_ = 0;                           // results
  bool slowed_ = false;                          // it was told to slow down
  std::optional<store::SlaveHello> unrecorded_;  // the newest announce, until the database has it
  bool recording_ = false;                       // one is on its way there: a slave has no more than one worker
};

}  // namespace distren
