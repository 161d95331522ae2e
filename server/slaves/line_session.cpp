#include "server/slaves/line_session.h"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>

#include "common/base/log.h"
#include "server/dispatch/slave_events.h"

namespace distren {

namespace {

constexpr std::size_t unread_limit = 4U << 20;  // bytes a slave may leave unread before it is cut off
constexpr auto sign_on_limit = std::chrono::seconds(15);
constexpr int unknown_errors_allowed = 10;  // before the sign-on

}  // namespace

LineSession::LineSession(LineLoop& home, FileDescriptor socket, ssl_st* tls, std::string address, bool counted)
    : home_(home),
      address_(std::move(address)),
      counted_(counted),
      opened_(Clock::now()),
      heard_(opened_),
      connection_(home.loop().base(), std::move(socket), tls, protocol::max_line_bytes, *this) {}

bool LineSession::open() {
  return connection_.open();
}

void LineSession::send(std::string line) {
  home_.send(shared_from_this(), std::move(line), false);
}

void LineSession::close(protocol::Goodbye const& goodbye) {
  home_.send(shared_from_this(), protocol::write(goodbye), true);
}

void LineSession::say_goodbye() {
  if (session_) write(protocol::write(stop_goodbye()));
  end("the server stops");
}

void LineSession::add(std::string_view line) {
  if (!ended_ && stage_ != Stage::ending) connection_.add(line);
}

void LineSession::flush() {
  if (ended_) return;
  connection_.flush();
  if (connection_.unsent() > unread_limit) end("it does not read what is sent");
}

void LineSession::write(std::string_view line) {
  add(line);
  flush();
}

void LineSession::finish_writing_then_end() {
  if (ended_) return;
  stage_ = Stage::ending;
  connection_.pause_reading();
  connection_.flush();
  if (connection_.unsent() == 0) end("closed");
}

void LineSession::on_drained() {
  if (stage_ == Stage::ending) end("closed");
}

void LineSession::end(std::string_view why) {
  if (std::exchange(ended_, true)) return;
  auto const self = shared_from_this();  // alive until this function returns
  if (session_)
    session_->end(why);
  else
    spdlog::debug("line: address={} left: {}", address_, why);
  connection_.end();
  home_.forget(this);
}

bool LineSession::overdue(Clock::time_point now) const {
  switch (stage_) {
    case Stage::sign_on:
      return now - opened_ > sign_on_limit;
    case Stage::checking:
      return now - opened_ > 4 * sign_on_limit;
    case Stage::ready:
      return now - heard_ > std::chrono::milliseconds(3 * home_.services().welcome.heartbeat_ms);
    case Stage::ending:
      return now - heard_ > 2 * sign_on_limit;
  }
  return true;
}

void LineSession::resume_if_due(Clock::time_point now) {
  if (ended_ || !paused_until_ || now < *paused_until_ || stage_ != Stage::ready) return;
  paused_until_.reset();
  heard_ = now;
  connection_.resume_reading();
}

void LineSession::on_too_long() {
  write(protocol::write(protocol::ErrorMessage{
      protocol::ErrorCode::line_too_long, fmt::format("a line is longer than {} bytes", protocol::max_line_bytes)}));
  finish_writing_then_end();
}

void LineSession::send_error(protocol::ErrorCode code, std::string message, std::string const& id) {
  write(protocol::with_reply_to(protocol::write(protocol::ErrorMessage{code, std::move(message)}), id));
  if (++errors_ >= unknown_errors_allowed) finish_writing_then_end();
}

void LineSession::refuse(Error const& error, std::string const& id) {
  spdlog::warn("line: address={} refused: {}", address_, error.message);
  write(protocol::with_reply_to(protocol::write(refused_for(error)), id));
  finish_writing_then_end();
}

void LineSession::on_line(std::string_view line) {
  using enum protocol::ErrorCode;
  if (stage_ == Stage::ready) heard_ = Clock::now();
  auto const incoming = protocol::parse_line(line);
  if (!incoming && session_) return session_->send_error(invalid_message, incoming.error().message, "");
  if (!incoming) return send_error(invalid_message, incoming.error().message, "");
  if (stage_ == Stage::sign_on) {
    if (incoming->type == protocol::SignOn::type)
      return sign_on(protocol::read<protocol::SignOn>(incoming->message).message, incoming->id);
    return send_error(sign_on_first,
                      R"(say {"type":"sign_on","protocols":[1],"slavekey":"...","slavepassword":"..."} first)",
                      incoming->id);
  }
  if (stage_ != Stage::ready) return;
  if (incoming->type == protocol::Goodbye::type) return end("the slave said goodbye");
  if (incoming->type == protocol::Ping::type) home_.pinged(session_->slave().id);
  auto const wait = session_->take_turn(1);
  session_->receive(*incoming);  // also one too many: it has been read
  if (wait > 0 && !ended_) {
    paused_until_ = heard_ + std::chrono::milliseconds(wait);
    connection_.pause_reading();
  }
}

void LineSession::sign_on(protocol::SignOn const& message, std::string const& id) {
  stage_ = Stage::checking;
  connection_.pause_reading();  // its next message waits for the answer
  auto const work = [self = shared_from_this(), message, id](Worker& worker) {
    auto identity = distren::sign_on(self->home_.services(), worker.database, self->address_, message, self);
    self->home_.loop().post(
        [self, identity, software = message.software, id] { self->signed_on(identity, software, id); });
  };
  if (!home_.services().workers.submit(work))
    refuse(fail(Errc::unavailable, "the server is busy; try again in a moment", "busy"), id);
}

void LineSession::signed_on(Result<store::SlaveIdentity> identity, protocol::Software const& software,
                            std::string const& id) {
  if (identity)
    session_ =
        std::make_shared<SlaveSession>(home_.services(), std::move(*identity), software, address_, weak_from_this());
  if (ended_ || stage_ == Stage::ending) {  // it hung up while we looked, or was sent away
    if (session_) session_->end("it ended while it signed on");
    return;
  }
  if (!session_) return refuse(identity.error(), id);
  stage_ = Stage::ready;
  heard_ = Clock::now();
  spdlog::info("line: slave={} name={} address={} signed on", session_->slave().id, quote(session_->slave().name),
               address_);
  write(protocol::with_reply_to(
      protocol::write(welcome_for(session_->slave(), home_.services().welcome, "", home_.services().now_ms())), id));
  connection_.resume_reading();
}

}  // namespace distren
