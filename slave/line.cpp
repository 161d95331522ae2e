#include "slave/line.h"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <random>

#include "common/base/digest.h"
#include "common/base/log.h"
#include "common/base/text.h"
#include "common/protocol/renderers.h"
#include "slave/backoff.h"

namespace distren {

namespace {

using std::chrono::milliseconds;

constexpr milliseconds tick_interval{250};
constexpr milliseconds connect_timeout{15000};

double system_random() {
  static thread_local std::mt19937_64 engine{std::random_device{}()};
  return std::uniform_real_distribution<double>(0, 1)(engine);
}

}  // namespace

LineOptions line_options(SlaveConfig const& config, bool once) {
  LineOptions options;
  options.target.host = config.server;
  options.target.port = config.port;
  options.target.ca_file = config.ca_file;
  options.target.plain = config.plain;
  options.slavekey = config.slavekey;
  options.slavepassword = config.slavepassword;
  options.once = once;
  if (config.takes_delivered()) options.offers = {std::string(protocol::renderers_offer)};
  return options;
}

Line::Line(LineOptions options, LineHandler& handler) : options_(std::move(options)), handler_(handler) {
  if (!options_.random) options_.random = system_random;
  instance_ = to_hex(random_bytes(16).data(), 16);
}

std::shared_ptr<LineStream> Line::current() {
  std::lock_guard const lock(mutex_);
  return stream_;
}

void Line::become(std::shared_ptr<LineStream> stream) {
  std::lock_guard const lock(mutex_);
  stream_ = std::move(stream);
  if (stream_ && stopping_) stream_->shut_down();
}

void Line::stop() {
  std::lock_guard const lock(mutex_);
  stopping_ = true;
  if (stream_) stream_->shut_down();
  changed_.notify_all();
}

void Line::pause(milliseconds time) {
  std::unique_lock lock(mutex_);
  changed_.wait_for(lock, time, [this] { return stopping_.load(); });
}

bool Line::send(std::string const& message) {
  auto const stream = current();
  return stream && stream->write_line(message).has_value();
}

Result<protocol::Reading<protocol::Welcome>> Line::sign_on(LineStream& stream, milliseconds& retry) {
  protocol::SignOn const message{.protocols = {protocol::version},
                                 .slavekey = options_.slavekey,
                                 .slavepassword = options_.slavepassword,
                                 .instance = instance_,
                                 .software = {"distren-slave", DISTREN_VERSION},
                                 .offers = options_.offers};
  if (auto const sent = stream.write_line(protocol::write(message)); !sent) return sent.error();
  auto const until = Clock::now() + milliseconds(20000);
  while (Clock::now() < until && !stopping_) {
    auto const line = stream.read_line(tick_interval, protocol::max_line_bytes);
    if (!line) return line.error();
    if (!*line) continue;
    auto const answer = protocol::parse_line(**line);
    if (!answer) continue;
    if (answer->type == protocol::Welcome::type) return protocol::read<protocol::Welcome>(answer->message);
    if (answer->type == protocol::Ping::type) static_cast<void>(stream.write_line(protocol::write(protocol::Pong{})));
    if (answer->type == protocol::ErrorMessage::type)
      return fail(Errc::invalid,
                  "the server cannot use the sign-on: " +
                      printable(protocol::read<protocol::ErrorMessage>(answer->message).message.message, 500));
    if (answer->type != protocol::Refused::type) continue;
    auto const refused = protocol::read<protocol::Refused>(answer->message).message;
    retry = milliseconds(refused.retry_ms.value_or(0));
    return fail(refused.retry_ms ? Errc::unavailable : Errc::denied,
                "the server rejects this slave: " + printable(refused.message, 500));
  }
  return fail(Errc::unavailable, "the server does not answer the sign-on");
}

void Line::take(LineStream& stream, protocol::Incoming const& incoming) {
  if (incoming.type == protocol::Ping::type) {
    static_cast<void>(stream.write_line(protocol::with_reply_to(protocol::write(protocol::Pong{}), incoming.id)));
  } else if (incoming.type == protocol::ErrorMessage::type) {
    spdlog::warn("the server could not use a message message={}",
                 quote(protocol::read<protocol::ErrorMessage>(incoming.message).message.message));
  } else if (incoming.type != protocol::Pong::type) {
    handler_.received(incoming);
  }
}

Result<void> Line::serve(LineStream& stream, milliseconds heartbeat, milliseconds& retry) {
  auto received_at = Clock::now();
  auto pinged_at = received_at;
  while (!stopping_) {
    auto const line = stream.read_line(tick_interval, protocol::max_line_bytes);
    if (!line) return line.error();
    auto const now = Clock::now();
    if (*line) {
      received_at = now;
      auto const incoming = protocol::parse_line(**line);
      if (!incoming) {
        static_cast<void>(stream.write_line(protocol::write(protocol::ErrorMessage{
            protocol::ErrorCode::invalid_message, "not an object with a type, or nested too deep"})));
      } else if (incoming->type == protocol::Goodbye::type) {
        auto const goodbye = protocol::read<protocol::Goodbye>(incoming->message).message;
        retry = goodbye.retry_ms ? milliseconds(*goodbye.retry_ms) : options_.longest_retry;
        return fail(Errc::unavailable, "the server says goodbye: " + printable(goodbye.message, 500));
      } else {
        take(stream, *incoming);
      }
    } else if (now - received_at > 3 * heartbeat) {
      return fail(Errc::unavailable, fmt::format("the server was silent for {} s", 3 * heartbeat.count() / 1000));
    }
    if (now - received_at > heartbeat && now - pinged_at > heartbeat) {
      pinged_at = now;
      if (auto const sent = stream.write_line(protocol::write(protocol::Ping{})); !sent) return sent.error();
    }
    handler_.tick();
  }
  return {};
}

Result<void> Line::one_connection(milliseconds& retry) {
  auto connected = LineStream::connect(options_.target, connect_timeout);
  if (!connected) return connected.error();
  std::shared_ptr<LineStream> const stream = std::move(*connected);
  auto const welcome = sign_on(*stream, retry);
  if (!welcome) return welcome.error();
  was_signed_on_ = true;
  milliseconds const heartbeat(welcome->message.heartbeat_ms);
  Result<void> served = stream->write_line(protocol::write_line(handler_.signed_on(*welcome)));
  if (served) {
    become(stream);
    handler_.ready();
    served = serve(*stream, heartbeat, retry);
    become(nullptr);
  }
  handler_.lost(served ? "stopped" : served.error().message);
  return served;
}

Result<void> Line::run() {
  Backoff backoff(options_.first_retry, options_.longest_retry);
  while (!stopping_) {
    milliseconds retry{0};
    was_signed_on_ = false;
    auto const ended = one_connection(retry);
    if (stopping_) break;
    if (!ended && options_.once && !was_signed_on_) return ended.error();
    if (was_signed_on_) backoff.reset();
    auto const wait = std::max(retry, backoff.wait(options_.random()));
    if (!was_signed_on_)
      spdlog::warn("no connection server={}:{} reason={} retry_in_ms={}", options_.target.host, options_.target.port,
                   quote(ended ? "" : ended.error().message), wait.count());
    pause(wait);
  }
  return {};
}

}  // namespace distren
