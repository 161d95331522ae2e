#include "server/slaves/line_session.h"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "common/base/json_depth.h"
#include "common/base/log.h"
#include "common/base/text.h"
#include "config.h"
#include "server/slaves/remote_settings.h"
#include "server/storage/job_folder.h"

namespace distren {

using nlohmann::json;

namespace {

constexpr std::size_t line_limit = 64U << 10;   // bytes of one message
constexpr std::size_t unread_limit = 4U << 20;  // bytes a slave may leave unread before it is cut off
constexpr auto sign_on_limit = std::chrono::seconds(15);
constexpr int complaints_allowed = 10;
constexpr int protocol = 1;

std::string text_of(json const& message, char const* key, std::size_t limit = 200) {
  auto const found = message.find(key);
  return found != message.end() && found->is_string() ? whole_characters(found->get_ref<std::string const&>(), limit)
                                                      : std::string();
}

std::int64_t number_of(json const& message, char const* key, std::int64_t low, std::int64_t high) {
  auto const found = message.find(key);
  if (found == message.end() || !found->is_number()) return low;
  double const value = found->get<double>();
  return value >= static_cast<double>(low) && value <= static_cast<double>(high) ? static_cast<std::int64_t>(value)
                                                                                 : low;
}

std::int64_t unix_ms() {
  using namespace std::chrono;
  return duration_cast<milliseconds>(system_clock::now().time_since_epoch()).count();
}

std::string_view code_name(Errc code) {
  switch (code) {
    case Errc::invalid:
      return "invalid";
    case Errc::denied:
      return "denied";
    case Errc::not_found:
      return "not_found";
    case Errc::conflict:
      return "conflict";
    case Errc::unavailable:
      return "unavailable";
  }
  return "invalid";
}

}  // namespace

LineSession::LineSession(LineLoop& home, FileDescriptor socket, ssl_st* tls, std::string address, bool counted)
    : home_(home),
      address_(std::move(address)),
      counted_(counted),
      opened_(Clock::now()),
      heard_(opened_),
      wire_(home.loop().base(), std::move(socket), tls, line_limit, *this) {}

bool LineSession::open() {
  return wire_.open();
}

void LineSession::send(std::string line) {
  home_.send(shared_from_this(), std::move(line), false);
}

void LineSession::close(std::string_view reason) {
  home_.send(shared_from_this(),
             json{{"type", "error"}, {"code", "conflict"}, {"message", reason}}.dump(-1, ' ', false,
                                                                                     json::error_handler_t::replace),
             true);
}

void LineSession::add(std::string_view line) {
  if (!ended_ && stage_ != Stage::ending) wire_.add(line);
}

void LineSession::flush() {
  if (ended_) return;
  wire_.flush();
  if (wire_.unsent() > unread_limit) end("it does not read what is sent");
}

void LineSession::write(std::string_view line) {
  add(line);
  flush();
}

void LineSession::finish_writing_then_end() {
  if (ended_) return;
  stage_ = Stage::ending;
  wire_.hold();
  wire_.flush();
  if (wire_.unsent() == 0) end("closed");
}

void LineSession::on_drained() {
  if (stage_ == Stage::ending) end("closed");
}

void LineSession::end(std::string_view why) {
  if (std::exchange(ended_, true)) return;
  auto const self = shared_from_this();  // alive until this function returns
  if (slave_ != 0) {
    spdlog::info("line: slave={} address={} left: {}", slave_, address_, why);
    home_.services().dispatcher.gone(slave_, self);
  } else {
    spdlog::debug("line: address={} left: {}", address_, why);
  }
  wire_.end();
  home_.forget(this);
}

bool LineSession::overdue(Clock::time_point now) const {
  switch (stage_) {
    case Stage::sign_on:
      return now - opened_ > sign_on_limit;
    case Stage::checking:
      return now - opened_ > 4 * sign_on_limit;
    case Stage::ready:
      return now - heard_ > std::chrono::milliseconds(3 * home_.services().heartbeat_ms);
    case Stage::ending:
      return now - heard_ > 2 * sign_on_limit;
  }
  return true;
}

void LineSession::on_too_long() {
  complain("invalid", fmt::format("a line is longer than {} bytes", line_limit));
  finish_writing_then_end();
}

void LineSession::complain(std::string_view code, std::string_view message) {
  write(json{{"type", "error"}, {"code", code}, {"message", message}}.dump(-1, ' ', false,
                                                                           json::error_handler_t::replace));
  if (++complaints_ >= complaints_allowed) finish_writing_then_end();
}

void LineSession::refuse(Error const& error) {
  spdlog::warn("line: address={} refused: {}", address_, error.message);
  json answer{{"type", "refused"}, {"code", code_name(error.code)}, {"message", error.message}};
  if (error.code == Errc::conflict || error.code == Errc::unavailable) answer["retry"] = 5000;
  write(answer.dump(-1, ' ', false, json::error_handler_t::replace));
  finish_writing_then_end();
}

void LineSession::on_line(std::string_view line) {
  json const message = parse_shallow_json(line);
  if (!message.is_object() || !message.contains("type") || !message["type"].is_string())
    return complain("invalid", R"(a message is one JSON object with a "type", on one line)");
  std::string const& type = message["type"].get_ref<std::string const&>();
  if (stage_ == Stage::sign_on) {
    if (type == "sign_on") return sign_on(message);
    return complain("denied", R"(say {"type":"sign_on","protocol":1,"slavekey":"...","slavepassword":"..."} first)");
  }
  if (stage_ != Stage::ready) return;
  heard_ = Clock::now();
  LineServices& services = home_.services();
  if (type == "progress") {
    auto const fraction = message.find("fraction");
    services.dispatcher.progress(slave_, number_of(message, "attempt", 0, INT64_MAX / 2),
                                 fraction != message.end() && fraction->is_number() ? fraction->get<double>() : 0.0);
  } else if (type == "result") {
    auto answer = [weak = weak_from_this()](std::string text) {
      if (auto const session = weak.lock()) session->send(std::move(text));
    };
    auto const taken = services.desk.take(slave_, message, services.workers, std::move(answer));
    if (!taken && taken.error().code == Errc::denied) {
      // Settled as far as the slave is concerned: this result will never be wanted.
      write(json{{"type", "rejected"},
                 {"attempt", number_of(message, "attempt", 0, INT64_MAX / 2)},
                 {"reason", taken.error().message}}
                .dump());
    } else if (!taken) {
      complain(code_name(taken.error().code), taken.error().message);
    }
  } else if (type == "log") {
    services.dispatcher.told_log(slave_, number_of(message, "attempt", 0, INT64_MAX / 2),
                                 cleaned_log(text_of(message, "text", log_limit)));
  } else if (type == "ping") {
    home_.pinged(slave_);
    write(R"({"type":"pong"})");
  } else if (type == "pong") {
    services.dispatcher.heard(slave_);
  } else if (type == "telemetry") {
    services.telemetry.take(slave_, message, unix_ms());
  } else if (type == "hello") {
    hello(message);
  } else {
    complain("invalid", fmt::format("there is no message type {}", quote(type)));
  }
}

void LineSession::sign_on(json const& message) {
  if (number_of(message, "protocol", 0, 1000000) != protocol)
    return refuse(
        fail(Errc::invalid, fmt::format("this server speaks protocol {}, you asked for {}; update the older one",
                                        protocol, message.value("protocol", json(nullptr)).dump().substr(0, 40))));
  stage_ = Stage::checking;
  wire_.hold();  // what it says next waits for the answer
  auto const self = shared_from_this();
  auto const work = [self, key = text_of(message, "slavekey"), password = text_of(message, "slavepassword"),
                     instance = text_of(message, "instance")](Worker& worker) {
    LineServices& services = self->home_.services();
    auto identity = services.gate.enter(worker.database, self->address_, key, password);
    if (identity) {
      if (auto admitted = services.dispatcher.admit(identity->id, instance, self); !admitted)
        identity = admitted.error();
    }
    self->home_.loop().post([self, identity] { self->signed_on(identity); });
  };
  if (!home_.services().workers.submit(work))
    refuse(fail(Errc::unavailable, "the server is busy; try again in a moment"));
}

void LineSession::signed_on(Result<store::SlaveIdentity> identity) {
  if (ended_) {  // it hung up while we looked
    if (identity) home_.services().dispatcher.gone(identity->id, shared_from_this());
    return;
  }
  if (!identity) return refuse(identity.error());
  stage_ = Stage::ready;
  heard_ = Clock::now();
  slave_ = identity->id;
  user_ = identity->user;
  name_ = identity->name;
  spdlog::info("line: slave={} name={} address={} signed on", slave_, quote(name_), address_);
  json welcome{{"type", "welcome"},
               {"protocol", protocol},
               {"slave", slave_},
               {"name", name_},
               {"server", "distrend " PACKAGE_VERSION},
               {"time", unix_ms()},
               {"heartbeat", home_.services().heartbeat_ms}};
  if (!home_.services().url.empty()) welcome["url"] = home_.services().url;
  if (home_.services().telemetry_ms > 0) welcome["telemetry"] = home_.services().telemetry_ms;
  welcome["settings"] = settings_object(identity->settings);
  write(welcome.dump());
  wire_.release();
}

bool LineLoop::may_say_hello(std::int64_t slave) {
  using namespace std::chrono;
  auto const now = duration_cast<milliseconds>(LineSession::Clock::now().time_since_epoch()).count();
  return hellos_.take(std::to_string(slave), now) == 0;
}

void LineSession::hello(json const& message) {
  if (!home_.may_say_hello(slave_)) return complain("invalid", "more hellos than one a second; say what changes, once");
  SlaveCapabilities state = parse_hello(message);
  state.id = slave_;
  state.user = user_;
  state.name = name_;
  unrecorded_ = store::SlaveHello{.os = text_of(message, "os"),
                                  .cpu = text_of(message, "cpu"),
                                  .cores = state.cores,
                                  .memory_mib = state.memory_mib,
                                  .methods = state.methods,
                                  .gpus = state.gpus,
                                  .address = address_};
  home_.services().dispatcher.hello(std::move(state));
  if (!recording_) record_hello();
}

// For the pages only; when the database is away the next hello writes it.
void LineSession::record_hello() {
  auto const work = [self = shared_from_this(), slave = slave_, row = *std::exchange(unrecorded_, {})](Worker& worker) {
    if (auto done = store::record_hello(worker.database, slave, row); !done)
      spdlog::warn("line: slave={} hello not recorded: {}", slave, done.error().message);
    self->home_.loop().post([self] {
      self->recording_ = false;
      if (self->unrecorded_) self->record_hello();
    });
  };
  recording_ = home_.services().workers.submit(work);
  if (!recording_) spdlog::warn("line: slave={} hello not recorded: the server is busy", slave_);
}

}  // namespace distren
