#include "server/live/event_broker.h"

#include <fmt/format.h>

#include <charconv>
#include <set>

namespace distren {

namespace {

constexpr std::int64_t interest_ms = 300'000;  // after the last request or stream
constexpr int reconnect_ms = 2000;

std::shared_ptr<std::string const> shared(std::string text) {
  return std::make_shared<std::string const>(std::move(text));
}

}  // namespace

// Owned by the reply; its destruction removes the subscription.
class EventBroker::SubscriptionHandle {
public:
  SubscriptionHandle(EventBroker& broker, std::uint64_t subscription) : broker_(broker), subscription_(subscription) {}
  SubscriptionHandle(SubscriptionHandle const&) = delete;
  SubscriptionHandle& operator=(SubscriptionHandle const&) = delete;
  ~SubscriptionHandle() { broker_.remove(subscription_); }
  void begin(std::shared_ptr<StreamWriter> writer) { broker_.begin(subscription_, std::move(writer)); }

private:
  EventBroker& broker_;
  std::uint64_t subscription_;
};

EventBroker::EventBroker(StreamLimits limits, std::string epoch, Clock now_ms)
    : limits_(limits), epoch_(std::move(epoch)), now_ms_(std::move(now_ms)) {}

bool EventBroker::has_subscribers() const {
  return open_ > 0 || now_ms_() - last_interest_ms_ < interest_ms;
}

void EventBroker::mark_missed() {
  missed_ = true;
}

void EventBroker::clear() {
  ring_.clear();
  ring_bytes_ = 0;
  oldest_resumable_ = ++last_;
}

void EventBroker::apply_missed() {
  if (missed_.exchange(false)) clear();
}

bool EventBroker::receives(Subscriber const& subscriber, StoredEvent const& event) {
  bool const watched = event.job != 0 && event.job == subscriber.job;
  if (!subscriber.topics.contains(event.kind)) return false;
  if (event.kind == Event::Kind::points_changed || event.kind == Event::Kind::notification_created)
    return event.user == subscriber.user;
  if (event.kind == Event::Kind::tasks_updated) return watched;
  auto const owner = subscriber.owner != 0 ? subscriber.owner : subscriber.user;
  return event.user == 0 || event.user == owner || subscriber.all || watched;
}

void EventBroker::publish(std::vector<Event> events) {
  if (events.empty()) return;
  if (!has_subscribers()) return mark_missed();
  std::lock_guard const lock(mutex_);
  apply_missed();
  for (auto& each : events) {
    auto const number = ++last_;
    StoredEvent const event{
        number, each.kind, each.user, each.job,
        shared(fmt::format("id: {}-{}\nevent: {}\ndata: {}\n\n", epoch_, number, event_name(each.kind), each.data))};
    for (auto const& [place, subscription] : subscriptions_) {
      if (subscription.writer && receives(subscription.subscriber, event)) subscription.writer->send(event.text);
    }
    ring_bytes_ += event.text->size();
    ring_.push_back(event);
  }
  while (ring_.size() > limits_.kept_events || ring_bytes_ > limits_.kept_bytes) {
    oldest_resumable_ = ring_.front().number;
    ring_bytes_ -= ring_.front().text->size();
    ring_.pop_front();
  }
}

std::string EventBroker::last_event_id() {
  if (missed_) {
    std::lock_guard const lock(mutex_);
    apply_missed();
  }
  return fmt::format("{}-{}", epoch_, last_.load());
}

void EventBroker::note_interest() {
  last_interest_ms_ = now_ms_();
}

std::optional<std::uint64_t> EventBroker::number_of(std::string_view since) const {
  if (!since.starts_with(epoch_) || since.size() < epoch_.size() + 2 || since[epoch_.size()] != '-')
    return std::nullopt;
  since.remove_prefix(epoch_.size() + 1);
  std::uint64_t number = 0;
  auto const [end, error] = std::from_chars(since.data(), since.data() + since.size(), number);
  if (error != std::errc{} || end != since.data() + since.size() || number > last_ || number < oldest_resumable_)
    return std::nullopt;
  return number;
}

Result<StreamingReply> EventBroker::open(Subscriber subscriber, std::string since) {
  std::lock_guard const lock(mutex_);
  if (closed_) return fail(Errc::unavailable, "the server is stopping; try again");
  if (subscriptions_.size() >= limits_.total)
    return fail(Errc::unavailable, fmt::format("{} pages follow this grid, more than that it cannot serve; ask again "
                                               "every now and then instead",
                                               subscriptions_.size()));
  auto& user_streams = streams_by_user_[subscriber.user];
  if (user_streams >= limits_.per_user)
    return fail(Errc::conflict, fmt::format("you follow this grid from {} pages already; close some", user_streams));
  ++user_streams;
  auto const number = next_subscription_++;
  subscriptions_.emplace(number, Subscription{std::move(subscriber), std::move(since)});
  open_ = subscriptions_.size();
  auto const handle = std::make_shared<SubscriptionHandle>(*this, number);
  return StreamingReply{[handle](std::shared_ptr<StreamWriter> writer) { handle->begin(std::move(writer)); }};
}

void EventBroker::begin(std::uint64_t number, std::shared_ptr<StreamWriter> writer) {
  std::lock_guard const lock(mutex_);
  auto const found = subscriptions_.find(number);
  if (found == subscriptions_.end()) return;
  auto& subscription = found->second;
  subscription.writer = std::move(writer);
  if (closed_) return subscription.writer->end();
  apply_missed();
  auto const known = number_of(subscription.since);
  bool const reset = !subscription.since.empty() && !known;
  std::string text = fmt::format("retry: {}\nid: {}-{}\nevent: {}\ndata: {{}}\n\n", reconnect_ms, epoch_,
                                 known ? *known : last_.load(), reset ? "stream.reset" : "stream.open");
  if (known) {
    for (auto const& event : ring_) {
      if (event.number > *known && receives(subscription.subscriber, event)) text += *event.text;
    }
  }
  subscription.writer->send(shared(std::move(text)));
}

void EventBroker::remove(std::uint64_t number) {
  Subscription removed;  // destroyed after the lock is released
  std::lock_guard const lock(mutex_);
  auto const found = subscriptions_.find(number);
  if (found == subscriptions_.end()) return;
  removed = std::move(found->second);
  subscriptions_.erase(found);
  open_ = subscriptions_.size();
  last_interest_ms_ = now_ms_();  // it may reconnect
  if (auto const entry = streams_by_user_.find(removed.subscriber.user); --entry->second == 0)
    streams_by_user_.erase(entry);
}

std::vector<EventBroker::Session> EventBroker::sessions() const {
  std::vector<Session> all;
  std::set<std::pair<std::string_view, bool>> seen;
  std::lock_guard const lock(mutex_);
  for (auto const& [number, subscription] : subscriptions_) {
    auto const& subscriber = subscription.subscriber;
    if (seen.emplace(subscriber.secret_hash, subscriber.by_role).second)
      all.push_back({subscriber.secret_hash, subscriber.by_token, subscriber.by_role});
  }
  return all;
}

void EventBroker::end_session(std::string_view secret_hash) {
  static auto const farewell = shared("event: stream.end\ndata: {}\n\n");
  std::lock_guard const lock(mutex_);
  for (auto const& [number, subscription] : subscriptions_) {
    if (subscription.subscriber.secret_hash != secret_hash || !subscription.writer) continue;
    subscription.writer->send(farewell);
    subscription.writer->end();
  }
}

void EventBroker::heartbeat() {
  static auto const sign = shared("event: heartbeat\ndata: {}\n\n");
  std::lock_guard const lock(mutex_);
  for (auto const& [number, subscription] : subscriptions_) {
    if (subscription.writer) subscription.writer->send(sign);
  }
}

void EventBroker::close() {
  std::lock_guard const lock(mutex_);
  closed_ = true;
  for (auto const& [number, subscription] : subscriptions_) {
    if (subscription.writer) subscription.writer->end();
  }
}

std::size_t EventBroker::streams() const {
  return open_;
}

}  // namespace distren
