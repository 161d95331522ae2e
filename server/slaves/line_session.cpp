#include "server/slaves/line_session.h"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>

#include "common/base/clock.h"
#include "common/base/log.h"
#include "common/protocol/telemetry.h"
#include "server/dispatch/attempt_events.h"
#include "server/dispatch/log_requests.h"
#include "server/dispatch/slave_events.h"
#include "server/slaves/sign_on.h"
#include "server/storage/job_folder.h"

namespace distren {

namespace {

constexpr std::size_t unread_limit = 4U << 20;  // bytes a slave may leave unread before it is cut off
constexpr auto sign_on_limit = std::chrono::seconds(15);
constexpr int errors_allowed = 10;
constexpr int refused_retry_ms = 5000;

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

void LineSession::close(std::string_view reason) {
  home_.send(shared_from_this(), protocol::write(protocol::ErrorMessage{Errc::conflict, std::string(reason)}), true);
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

void LineSession::tell_disconnected(std::int64_t slave) {
  home_.services().dispatcher.tell([slave, self = shared_from_this()](DispatchCore& core, std::int64_t) {
    slave_disconnected(core, slave, self.get());
  });
}

void LineSession::end(std::string_view why) {
  if (std::exchange(ended_, true)) return;
  auto const self = shared_from_this();  // alive until this function returns
  if (slave_.id != 0) {
    spdlog::info("line: slave={} address={} left: {}", slave_.id, address_, why);
    tell_disconnected(slave_.id);
  } else {
    spdlog::debug("line: address={} left: {}", address_, why);
  }
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

void LineSession::on_too_long() {
  send_error(Errc::invalid, fmt::format("a line is longer than {} bytes", protocol::max_line_bytes));
  finish_writing_then_end();
}

void LineSession::send_error(Errc code, std::string_view message) {
  write(protocol::write(protocol::ErrorMessage{code, std::string(message)}));
  if (++errors_ >= errors_allowed) finish_writing_then_end();
}

void LineSession::refuse(Error const& error) {
  spdlog::warn("line: address={} refused: {}", address_, error.message);
  bool const passes = error.code == Errc::conflict || error.code == Errc::unavailable;
  write(protocol::write(protocol::Refused{error.code, error.message, passes ? refused_retry_ms : 0}));
  finish_writing_then_end();
}

void LineSession::on_line(std::string_view line) {
  auto const incoming = protocol::parse_line(line);
  if (!incoming) return send_error(incoming.error().code, incoming.error().message);
  if (stage_ == Stage::sign_on) {
    if (incoming->type == protocol::SignOn::type)
      return sign_on(protocol::read<protocol::SignOn>(incoming->message).message);
    return send_error(Errc::denied,
                      R"(say {"type":"sign_on","protocol":1,"slavekey":"...","slavepassword":"..."} first)");
  }
  if (stage_ != Stage::ready) return;
  heard_ = Clock::now();
  receive(*incoming);
}

void LineSession::receive(protocol::Incoming const& incoming) {
  LineServices& services = home_.services();
  auto const& [type, message] = incoming;
  auto const parsed = [this](auto const& result) {
    if (!result) send_error(result.error().code, result.error().message);
    return result.has_value();
  };
  if (type == protocol::Progress::type) {
    if (auto const progress = protocol::parse<protocol::Progress>(message); parsed(progress))
      services.dispatcher.tell([slave = slave_.id, said = *progress](DispatchCore& core, std::int64_t now) {
        report_progress(core, slave, said.attempt, said.fraction, now);
      });
  } else if (type == protocol::ResultReport::type) {
    if (auto report = protocol::parse<protocol::ResultReport>(message); parsed(report)) result(std::move(*report));
  } else if (type == protocol::LogText::type) {
    if (auto const log = protocol::parse<protocol::LogText>(message); parsed(log))
      services.dispatcher.tell([slave = slave_.id, attempt = log->attempt, text = cleaned_log(log->text)](
                                   DispatchCore& core, std::int64_t) { receive_log(core, slave, attempt, text); });
  } else if (type == protocol::Ping::type) {
    home_.pinged(slave_.id);
    write(protocol::write(protocol::Pong{}));
  } else if (type == protocol::Pong::type) {
    services.dispatcher.tell(
        [slave = slave_.id](DispatchCore& core, std::int64_t now) { slave_seen(core, slave, now); });
  } else if (type == protocol::Telemetry::type) {
    services.telemetry.take(slave_.id, protocol::read<protocol::Telemetry>(message).message, unix_ms());
  } else if (type == protocol::Hello::type) {
    hello(protocol::read<protocol::Hello>(message).message);
  } else {
    send_error(Errc::invalid, fmt::format("there is no message type {}", quote(type)));
  }
}

void LineSession::result(protocol::ResultReport message) {
  std::int64_t const attempt = message.attempt;
  auto answer = [weak = weak_from_this()](std::string text) {
    if (auto const session = weak.lock()) session->send(std::move(text));
  };
  LineServices& services = home_.services();
  auto const taken = services.results.receive(slave_.id, std::move(message), services.workers, std::move(answer));
  // Settled as far as the slave is concerned: this result will never be wanted.
  if (!taken) write(protocol::write(protocol::Rejected{attempt, taken.error().message}));
}

void LineSession::sign_on(protocol::SignOn const& message) {
  if (auto const good = check_protocol_version(message.protocol); !good) return refuse(good.error());
  stage_ = Stage::checking;
  connection_.pause_reading();  // its next message waits for the answer
  auto const work = [self = shared_from_this(), message](Worker& worker) {
    LineServices& services = self->home_.services();
    auto identity =
        services.slave_authenticator.enter(worker.database, self->address_, message.slavekey, message.slavepassword);
    if (identity) {
      auto const admitted = services.dispatcher.ask([&](DispatchCore& core, std::int64_t now) {
        return admit_slave(core, identity->id, message.instance, self, now);
      });
      if (!admitted) identity = admitted.error();
    }
    self->home_.loop().post([self, identity] { self->signed_on(identity); });
  };
  if (!home_.services().workers.submit(work))
    refuse(fail(Errc::unavailable, "the server is busy; try again in a moment"));
}

void LineSession::signed_on(Result<store::SlaveIdentity> identity) {
  if (ended_) {  // it hung up while we looked
    if (identity) tell_disconnected(identity->id);
    return;
  }
  if (!identity) return refuse(identity.error());
  stage_ = Stage::ready;
  heard_ = Clock::now();
  slave_ = std::move(*identity);
  spdlog::info("line: slave={} name={} address={} signed on", slave_.id, quote(slave_.name), address_);
  write(protocol::write(welcome_for(slave_, home_.services().welcome, unix_ms())));
  connection_.resume_reading();
}

bool LineLoop::may_say_hello(std::int64_t slave) {
  using namespace std::chrono;
  auto const now = duration_cast<milliseconds>(LineSession::Clock::now().time_since_epoch()).count();
  return hellos_.take(std::to_string(slave), now) == 0;
}

void LineSession::hello(protocol::Hello const& message) {
  if (!home_.may_say_hello(slave_.id))
    return send_error(Errc::invalid, "more hellos than one a second; say what changes, once");
  unrecorded_ = recorded_hello(message, address_);
  home_.services().dispatcher.tell([capabilities = capabilities_of(slave_, message)](
                                       DispatchCore& core, std::int64_t now) { slave_hello(core, capabilities, now); });
  if (!recording_) record_hello();
}

// For the pages only; while the database is unavailable, the next hello writes it.
void LineSession::record_hello() {
  auto const work = [self = shared_from_this(), slave = slave_.id,
                     row = *std::exchange(unrecorded_, {})](Worker& worker) {
    if (auto done = store::record_hello(worker.database, slave, row); !done)
      spdlog::warn("line: slave={} hello not recorded: {}", slave, done.error().message);
    self->home_.loop().post([self] {
      self->recording_ = false;
      if (self->unrecorded_) self->record_hello();
    });
  };
  recording_ = home_.services().workers.submit(work);
  if (!recording_) spdlog::warn("line: slave={} hello not recorded: the server is busy", slave_.id);
}

}  // namespace distren
