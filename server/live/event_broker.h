// What is new, for open pages: events with numbers, a ring of the last ones, and the streams that they go to. Each
// event is written down once and shared by all streams. An event says nothing that a GET of the same thing would not
// tell its reader: it goes to the streams of its user and of moderators who see all; events of user 0 go to everybody.
// Any thread; nothing here blocks or knows a socket. While nobody has asked for long, nothing is kept: positions from
// before that are too old. Must outlive all listeners. Times are UNIX milliseconds.
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

namespace distren {

struct News {
  enum class Kind { job, frames, slave, grid, points, notification, project };
  Kind kind = Kind::job;
  std::int64_t user = 0;  // whose thing it is; 0: everybody's
  std::int64_t job = 0;   // of jobs and frames: which
  std::string data;       // JSON on one line
};

struct Subscriber {
  std::int64_t user = 0;
  bool all = false;           // a moderator who sees everybody's
  bool slaves = false;        // wants to know of slaves
  std::int64_t job = 0;       // that it watches, with its frames; 0: none
  bool by_role = false;       // may only see what it asked for because its user moderates
  std::string secret_hash{};  // of the session or API token; the stream ends with it
  bool by_token = false;
};

struct StreamLimits {
  std::size_t per_person = 24;
  std::size_t altogether = 4000;
  std::size_t kept_events = 4096;
  std::size_t kept_bytes = 4 << 20;
};

class EventBroker {
public:
  using Clock = std::function<std::int64_t()>;

  // epoch: letters and digits that no other life of the server had.
  EventBroker(StreamLimits limits, std::string epoch, Clock now_ms);
  EventBroker(EventBroker const&) = delete;
  EventBroker& operator=(EventBroker const&) = delete;

  // Is anybody there who would read it? Else it is not worth being made; miss() it instead.
  [[nodiscard]] bool wanted() const;
  void miss();
  void publish(std::vector<News> news);

  // The number of the latest event: with it as `since` a stream begins with what came after. Asking keeps the hub
  // awake.
  std::string position();

  // The reply that stays open. since: the number of the last event that the reader knows; empty: none. A number that is
  // not in the ring any more, or of another life of the server, gets the event "reset": everything may have changed.
  // conflict: this person has too many streams; unavailable: all have, or the server is stopping.
  Result<Feed> open(Subscriber reader, std::string since);

  struct Session {
    std::string secret_hash;
    bool by_token = false;
    bool by_role = false;
  };
  [[nodiscard]] std::vector<Session> sessions() const;  // of open streams, each once
  void end_session(std::string_view secret_hash);       // says so, and ends its streams
  void beat();                                          // a sign of life for every stream
  void close();                                         // ends all, and lets in nobody
  [[nodiscard]] std::size_t streams() const;

private:
  struct Event {
    std::uint64_t number = 0;
    News::Kind kind = News::Kind::job;
    std::int64_t user = 0;
    std::int64_t job = 0;
    std::shared_ptr<std::string const> text;
  };
  struct Place {
    Subscriber reader;
    std::string since;
    std::shared_ptr<Outlet> outlet{};  // empty: the reply is not on its way yet
  };
  class Seat;

  [[nodiscard]] static bool reads(Subscriber const& reader, Event const& event);
  [[nodiscard]] std::optional<std::uint64_t> number_of(std::string_view since) const;
  void forget_all();  // what was kept; positions before now are too old
  void catch_up();    // with what was missed
  void begin(std::uint64_t place, std::shared_ptr<Outlet> outlet);
  void leave(std::uint64_t place);

  StreamLimits limits_;
  std::string epoch_;
  Clock now_ms_;
  std::atomic<std::size_t> open_{0};
  std::atomic<std::int64_t> asked_ms_{INT64_MIN / 2};
  std::atomic<bool> missed_{false};
  mutable std::mutex mutex_;  // guards everything below
  std::deque<Event> ring_;
  std::size_t ring_bytes_ = 0;
  std::uint64_t last_ = 0;
  std::uint64_t oldest_known_ = 0;  // a reader who knows this one or a later one misses nothing
  std::unordered_map<std::uint64_t, Place> places_;
  std::unordered_map<std::int64_t, std::size_t> of_person_;
  std::uint64_t next_place_ = 1;
  bool closed_ = false;
};

}  // namespace distren
