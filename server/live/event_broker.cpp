#include "server/live/event_broker.h"

#include <fmt/format.h>

#include <charconv>
#include <set>

namespace distren {

namespace {

constexpr std::int64_t interest_ms = 300'000;  // after the last question or stream
constexpr int reconnect_ms = 2000;

std::string_view name_of(News::Kind kind) {
  switch (kind) {
    case News::Kind::job:
      return "job";
    case News::Kind::frames:
      return "frames";
    case News::Kind::slave:
      return "slave";
    case News::Kind::grid:
      return "grid";
    case News::Kind::points:
      return "points";
    case News::Kind::notification:
      return "notification";
    case News::Kind::project:
      break;
  }
  return "project";
}

std::shared_ptr<std::string const> shared(std::string text) {
  return std::make_shared<std::string const>(std::move(text));
}

}  // namespace

// The right to one stream, held by the reply; whatever ends that gives the place free.
class EventBroker::Seat {
public:
  Seat(EventBroker& hub, std::uint64_t place) : hub_(hub), place_(place) {}
  Seat(Seat const&) = delete;
  Seat& operator=(Seat const&) = delete;
  ~Seat() { hub_.leave(place_); }
  void begin(std::shared_ptr<Outlet> outlet) { hub_.begin(place_, std::move(outlet)); }

private:
  EventBroker& hub_;
  std::uint64_t place_;
};

EventBroker::EventBroker(StreamLimits limits, std::string epoch, Clock now_ms)
    : limits_(limits), epoch_(std::move(epoch)), now_ms_(std::move(now_ms)) {}

bool EventBroker::wanted() const {
  return open_ > 0 || now_ms_() - asked_ms_ < interest_ms;
}

void EventBroker::miss() {
  missed_ = true;
}

void EventBroker::forget_all() {
  ring_.clear();
  ring_bytes_ = 0;
  oldest_known_ = ++last_;
}

void EventBroker::catch_up() {
  if (missed_.exchange(false)) forget_all();
}

bool EventBroker::reads(Subscriber const& reader, Event const& event) {
  bool const watched = event.job != 0 && event.job == reader.job;
  if (event.user != 0 && event.user != reader.user && !reader.all && !watched) return false;
  if (event.kind == News::Kind::points || event.kind == News::Kind::notification) return event.user == reader.user;
  if (event.kind == News::Kind::slave) return reader.slaves;
  if (event.kind == News::Kind::frames) return watched;
  return true;
}

void EventBroker::publish(std::vector<News> news) {
  if (news.empty()) return;
  if (!wanted()) return miss();
  std::lock_guard const lock(mutex_);
  catch_up();
  for (auto& each : news) {
    ++last_;
    Event const event{
        last_, each.kind, each.user, each.job,
        shared(fmt::format("id: {}-{}\nevent: {}\ndata: {}\n\n", epoch_, last_, name_of(each.kind), each.data))};
    for (auto const& [number, place] : places_) {
      if (place.outlet && reads(place.reader, event)) place.outlet->send(event.text);
    }
    ring_bytes_ += event.text->size();
    ring_.push_back(event);
  }
  while (ring_.size() > limits_.kept_events || ring_bytes_ > limits_.kept_bytes) {
    oldest_known_ = ring_.front().number;
    ring_bytes_ -= ring_.front().text->size();
    ring_.pop_front();
  }
}

std::string EventBroker::position() {
  asked_ms_ = now_ms_();
  std::lock_guard const lock(mutex_);
  catch_up();
  return fmt::format("{}-{}", epoch_, last_);
}

std::optional<std::uint64_t> EventBroker::number_of(std::string_view since) const {
  if (!since.starts_with(epoch_) || since.size() < epoch_.size() + 2 || since[epoch_.size()] != '-')
    return std::nullopt;
  since.remove_prefix(epoch_.size() + 1);
  std::uint64_t number = 0;
  auto const [end, error] = std::from_chars(since.data(), since.data() + since.size(), number);
  if (error != std::errc{} || end != since.data() + since.size() || number > last_ || number < oldest_known_)
    return std::nullopt;
  return number;
}

Result<Feed> EventBroker::open(Subscriber reader, std::string since) {
  std::lock_guard const lock(mutex_);
  if (closed_) return fail(Errc::unavailable, "the server is stopping; try again");
  if (places_.size() >= limits_.altogether)
    return fail(Errc::unavailable, fmt::format("{} pages follow this grid, more than that it cannot serve; ask again "
                                               "every now and then instead",
                                               places_.size()));
  auto& of_person = of_person_[reader.user];
  if (of_person >= limits_.per_person)
    return fail(Errc::conflict, fmt::format("you follow this grid from {} pages already; close some", of_person));
  ++of_person;
  auto const number = next_place_++;
  places_.emplace(number, Place{std::move(reader), std::move(since)});
  open_ = places_.size();
  auto const seat = std::make_shared<Seat>(*this, number);
  return Feed{[seat](std::shared_ptr<Outlet> outlet) { seat->begin(std::move(outlet)); }};
}

void EventBroker::begin(std::uint64_t number, std::shared_ptr<Outlet> outlet) {
  std::lock_guard const lock(mutex_);
  auto const found = places_.find(number);
  if (found == places_.end()) return;
  auto& place = found->second;
  place.outlet = std::move(outlet);
  if (closed_) return place.outlet->end();
  catch_up();
  auto const known = number_of(place.since);
  bool const reset = !place.since.empty() && !known;
  std::string text = fmt::format("retry: {}\nid: {}-{}\nevent: {}\ndata: {{}}\n\n", reconnect_ms, epoch_,
                                 known ? *known : last_, reset ? "reset" : "hello");
  if (known) {
    for (auto const& event : ring_) {
      if (event.number > *known && reads(place.reader, event)) text += *event.text;
    }
  }
  place.outlet->send(shared(std::move(text)));
}

void EventBroker::leave(std::uint64_t number) {
  Place gone;  // its outlet goes when the lock is free
  std::lock_guard const lock(mutex_);
  auto const found = places_.find(number);
  if (found == places_.end()) return;
  gone = std::move(found->second);
  places_.erase(found);
  open_ = places_.size();
  asked_ms_ = now_ms_();  // it may come back
  if (auto const person = of_person_.find(gone.reader.user); --person->second == 0) of_person_.erase(person);
}

std::vector<EventBroker::Session> EventBroker::sessions() const {
  std::vector<Session> all;
  std::set<std::pair<std::string_view, bool>> seen;
  std::lock_guard const lock(mutex_);
  for (auto const& [number, place] : places_) {
    auto const& reader = place.reader;
    if (seen.emplace(reader.secret_hash, reader.by_role).second)
      all.push_back({reader.secret_hash, reader.by_token, reader.by_role});
  }
  return all;
}

void EventBroker::end_session(std::string_view secret_hash) {
  static auto const farewell = shared("event: end\ndata: {}\n\n");
  std::lock_guard const lock(mutex_);
  for (auto const& [number, place] : places_) {
    if (place.reader.secret_hash != secret_hash || !place.outlet) continue;
    place.outlet->send(farewell);
    place.outlet->end();
  }
}

void EventBroker::beat() {
  static auto const sign = shared("event: beat\ndata: {}\n\n");
  std::lock_guard const lock(mutex_);
  for (auto const& [number, place] : places_) {
    if (place.outlet) place.outlet->send(sign);
  }
}

void EventBroker::close() {
  std::lock_guard const lock(mutex_);
  closed_ = true;
  for (auto const& [number, place] : places_) {
    if (place.outlet) place.outlet->end();
  }
}

std::size_t EventBroker::streams() const {
  return open_;
}

}  // namespace distren
