// Distributes events to open pages: numbered events, a ring buffer of the latest, and the streams that receive them.
// Each event is serialised once and shared by all streams. An event contains nothing that a GET of the object would not
// return: it goes to the streams of its user and of moderators who see others; events of user 0 go to everyone. Any
// thread. Never blocks. After a while without subscribers nothing is stored; earlier event ids then get a reset. Must
// outlive all listeners. Times are UNIX milliseconds.
// Our own: libevent serves no event streams, and who may see what is most of it.
#pragma once

#include <atomic>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "common/base/result.h"
#include "server/http/message.h"
#include "server/live/event_names.h"

namespace distren {

struct Event {
  using Kind = EventKind;
  Kind kind = Kind::job_updated;
  std::int64_t user = 0;  // owner of the object; 0: everyone
  std::int64_t job = 0;   // of job.* and tasks.* events
  std::string data;       // JSON on one line
};

struct Subscriber {
  std::int64_t user = 0;
  bool all = false;        // a moderator who sees all users
  std::int64_t owner = 0;  // a moderator who sees this user's things instead of their own; 0: their own
  Topics topics = Topics::all();
  std::int64_t job = 0;       // whose tasks it also receives; 0: none
  bool by_role = false;       // has access only because its user is a moderator
  std::string secret_hash{};  // of the session or API token; the stream ends with it
  bool by_token = false;
};

struct StreamLimits {
  std::size_t per_user = 24;
  std::size_t total = 4000;
  std::size_t kept_events = 4096;
  std::size_t kept_bytes = 4 << 20;
};

class EventBroker {
public:
  using Clock = std::function<std::int64_t()>;

  // epoch: letters and digits, unique for each start of the server.
  EventBroker(StreamLimits limits, std::string epoch, Clock now_ms);
  EventBroker(EventBroker const&) = delete;
  EventBroker& operator=(EventBroker const&) = delete;

  // Whether any stream or recent request would read an event. If not, call mark_missed() instead of creating it.
  [[nodiscard]] bool has_subscribers() const;
  void mark_missed();
  void publish(std::vector<Event> events);

  // Id of the latest event: a stream opened with it as `since` starts with the following event.
  std::string last_event_id();
  // Whoever asks now is about to open a stream: what happens meanwhile is stored.
  void note_interest();

  // Opens a stream. since: the last event id that the subscriber knows; empty: none. An id that is no longer stored, or
  // of another epoch, gets stream.reset: everything may have changed. Errors: conflict, too many streams of this
  // user; unavailable, too many in total, or the server is stopping.
  Result<StreamingReply> open(Subscriber subscriber, std::string since);

  struct Session {
    std::string secret_hash;
    bool by_token = false;
    bool by_role = false;
  };
  [[nodiscard]] std::vector<Session> sessions() const;  // of open streams, unique
  void end_session(std::string_view secret_hash);       // sends stream.end and ends its streams
  void heartbeat();                                     // sends a heartbeat to every stream
  void close();                                         // ends all streams and rejects new ones
  [[nodiscard]] std::size_t streams() const;

private:
  struct StoredEvent {
    std::uint64_t number = 0;
    Event::Kind kind = Event::Kind::job_updated;
    std::int64_t user = 0;
    std::int64_t job = 0;
    std::shared_ptr<std::string const> text;
  };
  struct Subscription {
    Subscriber subscriber;
    std::string since;
    std::shared_ptr<StreamWriter> writer{};  // empty: the reply has not started
  };
  class SubscriptionHandle;

  [[nodiscard]] static bool receives(Subscriber const& subscriber, StoredEvent const& event);
  [[nodiscard]] std::optional<std::uint64_t> number_of(std::string_view since) const;
  void clear();         // deletes stored events; earlier ids become invalid
  void apply_missed();  // clears if events were missed
  void begin(std::uint64_t subscription, std::shared_ptr<StreamWriter> writer);
  void remove(std::uint64_t subscription);

  StreamLimits limits_;
  std::string epoch_;
  Clock now_ms_;
  std::atomic<std::size_t> open_{0};
  std::atomic<std::int64_t> last_interest_ms_{INT64_MIN / 2};
  std::atomic<bool> missed_{false};
  std::atomic<std::uint64_t> last_{0};  // written under the mutex
  mutable std::mutex mutex_;            // guards everything below
  std::deque<StoredEvent> ring_;
  std::size_t ring_bytes_ = 0;
  std::uint64_t oldest_resumable_ = 0;  // a subscriber who knows this id or a later one can resume
  std::unordered_map<std::uint64_t, Subscription> subscriptions_;
  std::unordered_map<std::int64_t, std::size_t> streams_by_user_;
  std::uint64_t next_subscription_ = 1;
  bool closed_ = false;
};

}  // namespace distren
