#include "server/slaves/https_sessions.h"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <future>
#include <optional>
#include <utility>

#include "common/base/digest.h"
#include "common/base/log.h"
#include "common/protocol/order.h"
#include "server/dispatch/attempt_events.h"
#include "server/dispatch/slave_events.h"
#include "server/slaves/sign_on.h"

namespace distren {

namespace {

using std::chrono::milliseconds;

constexpr std::size_t max_answer_bytes = 1U << 20;
constexpr std::size_t max_unread_bytes = 4U << 20;  // of a slave that does not ask for them
constexpr int sweep_ms = 500;
constexpr std::chrono::seconds closed_kept{5};  // so that it hears why
constexpr std::string_view session_prefix = "dl_";

std::string key_of(std::string_view token) {
  return to_hex(sha256(token));
}

Reply messages_reply(std::string_view joined) {
  return text_reply(200, "application/json", fmt::format("{{\"messages\":[{}]}}\n", joined));
}

}  // namespace

void HttpsSession::send(std::string message) {
  std::shared_ptr<Responder> responder;
  std::optional<Reply> reply;
  {
    std::lock_guard const lock(mutex_);
    if (closed_) return;
    bytes_ += message.size();
    messages_.push_back(std::move(message));
    if (bytes_ > max_unread_bytes) closed_ = true;  // and swept away
    if (!waiting_) return;
    responder = std::exchange(waiting_, {});
    reply = take_all();
  }
  responder->send(std::move(*reply));
}

void HttpsSession::close(protocol::Goodbye const& goodbye) {
  send(protocol::write(goodbye));
  std::lock_guard const lock(mutex_);
  closed_ = true;
  closed_at_ = Clock::now();
}

std::vector<protocol::HeldAttempt> HttpsSession::undelivered() const {
  std::vector<protocol::HeldAttempt> out;
  std::lock_guard const lock(mutex_);
  for (auto const& message : messages_) {
    auto const incoming = protocol::parse_line(message);
    if (!incoming || incoming->type != protocol::Order::type) continue;
    for (auto const& each : protocol::read<protocol::Order>(incoming->message).message.attempts)
      out.push_back({each.attempt, each.lease});
  }
  return out;
}

Reply HttpsSession::take_all() {
  std::string joined;
  std::size_t taken = 0;
  while (taken < messages_.size() && taken < HttpsSessions::max_messages &&
         (taken == 0 || joined.size() + messages_[taken].size() < max_answer_bytes)) {
    if (taken > 0) joined += ',';
    bytes_ -= messages_[taken].size();
    joined += messages_[taken++];
  }
  messages_.erase(messages_.begin(), messages_.begin() + static_cast<std::ptrdiff_t>(taken));
  return messages_reply(joined);
}

void HttpsSession::answer(std::shared_ptr<Responder> responder, milliseconds wait) {
  std::shared_ptr<Responder> earlier;
  std::optional<Reply> reply;
  {
    std::lock_guard const lock(mutex_);
    earlier = std::exchange(waiting_, {});
    heard_ = Clock::now();
    if (!messages_.empty() || closed_ || wait == milliseconds(0)) {
      reply = take_all();
    } else {
      waiting_ = responder;
      waiting_until_ = heard_ + wait;
    }
  }
  if (earlier) earlier->send(messages_reply(""));
  if (reply) responder->send(std::move(*reply));
}

bool HttpsSession::sweep(Clock::time_point now, milliseconds silence) {
  std::shared_ptr<Responder> responder;
  {
    std::lock_guard const lock(mutex_);
    if (waiting_ && now >= waiting_until_) responder = std::exchange(waiting_, {});
    if (waiting_) heard_ = now;
  }
  if (responder) responder->send(messages_reply(""));
  std::lock_guard const lock(mutex_);
  if (closed_) return now - closed_at_ <= closed_kept;
  return now - heard_ <= silence;
}

void HttpsSession::touch() {
  std::lock_guard const lock(mutex_);
  heard_ = Clock::now();
}

bool HttpsSession::closed() const {
  std::lock_guard const lock(mutex_);
  return closed_;
}

HttpsSessions::HttpsSessions(Loop& loop, SlaveServices& services) : loop_(loop), services_(services) {
  sweeper_ = loop_.every(sweep_ms, [this] { sweep(); });
}

void HttpsSessions::stop() {
  std::promise<void> done;
  loop_.post([&] {
    sweeper_.reset();
    done.set_value();
  });
  done.get_future().wait();
  std::unordered_map<std::string, Entry> ending;
  {
    std::lock_guard const lock(mutex_);
    ending.swap(sessions_);
  }
  for (auto const& [key, entry] : ending) entry.carrier->close(stop_goodbye());
}

void HttpsSessions::sweep() {
  auto const now = HttpsSession::Clock::now();
  milliseconds const silence(3 * services_.welcome.heartbeat_ms);
  std::vector<std::string> silent;
  {
    std::lock_guard const lock(mutex_);
    for (auto const& [key, entry] : sessions_)
      if (!entry.carrier->sweep(now, silence)) silent.push_back(key);
  }
  for (auto const& key : silent) forget(key, "silent for too long");
}

void HttpsSessions::forget(std::string const& key, std::string_view why) {
  Entry entry;
  {
    std::lock_guard const lock(mutex_);
    auto const found = sessions_.find(key);
    if (found == sessions_.end()) return;
    entry = std::move(found->second);
    sessions_.erase(found);
  }
  // What it never fetched need not wait for the end of its lease.
  auto const lost = entry.carrier->undelivered();
  services_.dispatcher.tell([lost, slave = entry.session->slave().id](DispatchCore& core, std::int64_t now) {
    for (auto const& each : lost) return_attempt(core, slave, each.attempt, "the slave did not fetch it", now);
  });
  entry.session->end(why);
}

Result<HttpsSessions::Entry> HttpsSessions::sign_on(Database& database, std::string const& address,
                                                    protocol::Incoming const& message, Reply& refused) {
  auto const said = protocol::read<protocol::SignOn>(message.message).message;
  Entry entry{.carrier = std::make_shared<HttpsSession>(), .session = {}};
  auto identity = distren::sign_on(services_, database, address, said, entry.carrier);
  if (!identity) {
    spdlog::warn("https: address={} refused: {}", address, identity.error().message);
    refused = messages_reply(protocol::with_reply_to(protocol::write(refused_for(identity.error())), message.id));
    return identity.error();
  }
  std::string const token = std::string(session_prefix) + random_secret();
  entry.session =
      std::make_shared<SlaveSession>(services_, std::move(*identity), said.software, address, entry.carrier);
  auto const& slave = entry.session->slave();
  spdlog::info("https: slave={} name={} address={} signed on", slave.id, quote(slave.name), address);
  entry.carrier->send(protocol::with_reply_to(
      protocol::write(welcome_for(slave, services_.welcome, token, services_.now_ms())), message.id));
  entry.key = key_of(token);
  std::lock_guard const lock(mutex_);
  sessions_.emplace(entry.key, entry);
  return entry;
}

Result<Reply> HttpsSessions::exchange(Database& database, std::string const& address, std::string const& token,
                                      std::vector<protocol::Incoming> const& messages, milliseconds wait) {
  Entry entry;
  std::size_t next = 0;
  if (token.empty()) {
    if (messages.empty() || messages.front().type != protocol::SignOn::type)
      return fail(Errc::invalid, "without a session the first message is a sign_on");
    Reply refused;
    auto signed_on = sign_on(database, address, messages[next++], refused);
    if (!signed_on) return refused;
    entry = std::move(*signed_on);
  } else {
    std::lock_guard const lock(mutex_);
    auto const found = sessions_.find(key_of(token));
    if (found == sessions_.end()) return fail(Errc::denied, "this session is over; sign on again");
    entry = found->second;
  }
  entry.carrier->touch();
  services_.dispatcher.tell(
      [slave = entry.session->slave().id, sink = entry.carrier](DispatchCore& core, std::int64_t now) {
        if (is_connected(core, slave, sink.get())) slave_seen(core, slave, now);
      });
  auto const slow = entry.session->take_turn(messages.size());
  if (slow > 0 && !token.empty())
    return busy_reply("rate_limited", "more messages than this slave may say; slow down", slow);
  for (; next < messages.size() && !entry.carrier->closed(); ++next) {
    if (messages[next].type == protocol::Goodbye::type) {
      forget(entry.key, "the slave said goodbye");
      return messages_reply("");
    }
    entry.session->receive(messages[next]);
  }
  if (entry.carrier->closed()) forget(entry.key, "the session was closed");
  Reply reply;
  reply.body = DeferredReply{[carrier = entry.carrier, wait](std::shared_ptr<Responder> responder) {
    carrier->answer(std::move(responder), wait);
  }};
  return reply;
}

}  // namespace distren
