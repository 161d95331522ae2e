#include "slave/line.h"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <random>

#include "common/base/digest.h"
#include "common/base/json_depth.h"
#include "common/base/log.h"
#include "common/base/text.h"
#include "slave/backoff.h"
#include "slave/order.h"

namespace distren {

namespace {

using nlohmann::json;
using std::chrono::milliseconds;

constexpr std::size_t kLineLimit = 64U << 10;
constexpr std::size_t kLineLimitIn = 16U << 20;  // an order names every file of its job
constexpr milliseconds kTick{250};
constexpr milliseconds kConnectTimeout{15000};

double system_random() {
  static thread_local std::mt19937_64 engine{std::random_device{}()};
  return std::uniform_real_distribution<double>(0, 1)(engine);
}

}  // namespace

std::string to_line(json const& message) {
  auto const dump = [](json const& what) { return what.dump(-1, ' ', false, json::error_handler_t::replace); };
  std::string line = dump(message);
  if (line.size() < kLineLimit) return line;
  json shorter = message;  // only free text can be that long
  shorter.erase("log");
  shorter.erase("warnings");
  if (auto const reason = shorter.find("reason"); reason != shorter.end() && reason->is_string())
    *reason = printable(reason->get<std::string>(), 2000);
  return dump(shorter);
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

bool Line::send(json const& message) {
  auto const stream = current();
  return stream && stream->write_line(to_line(message)).has_value();
}

Result<json> Line::sign_on(LineStream& stream, milliseconds& retry) {
  json const message{{"type", "sign_on"},
                     {"protocol", 1},
                     {"slavekey", options_.slavekey},
                     {"slavepassword", options_.slavepassword},
                     {"instance", instance_},
                     {"software", options_.software}};
  if (auto const sent = stream.write_line(message.dump()); !sent) return sent.error();
  auto const until = Clock::now() + milliseconds(20000);
  while (Clock::now() < until && !stopping_) {
    auto const line = stream.read_line(kTick, kLineLimit);
    if (!line) return line.error();
    if (!*line) continue;
    auto answer = parse_shallow_json(**line);
    std::string const type = text_member(answer, "type");
    if (type == "welcome") return answer;
    if (type == "ping") static_cast<void>(stream.write_line(R"({"type":"pong"})"));
    if (type != "refused" && type != "error") continue;
    retry = milliseconds(std::clamp<std::int64_t>(number_member(answer, "retry", 0), 0, 3600000));
    std::string const code = text_member(answer, "code");
    return fail(code == "unavailable" ? Errc::unavailable
                : code == "conflict"  ? Errc::conflict
                : code == "denied"    ? Errc::denied
                                      : Errc::invalid,
                "the server refuses this slave: " + printable(text_member(answer, "message", code), 500));
  }
  return fail(Errc::unavailable, "the server does not answer the sign-on");
}

void Line::take(LineStream& stream, std::string const& line) {
  auto const message = parse_shallow_json(line);
  std::string const type = text_member(message, "type");
  if (type == "ping") {
    static_cast<void>(stream.write_line(R"({"type":"pong"})"));
  } else if (type == "error") {
    spdlog::warn("the server could not use a message message={}", quote(text_member(message, "message")));
  } else if (type.empty()) {
    static_cast<void>(stream.write_line(
        R"({"type":"error","code":"invalid","message":"not an object with a type, or nested too deep"})"));
  } else if (type != "pong") {
    handler_.received(message);
  }
}

Result<void> Line::serve(LineStream& stream, milliseconds heartbeat) {
  auto heard = Clock::now();
  auto asked = heard;
  while (!stopping_) {
    auto const line = stream.read_line(kTick, kLineLimitIn);
    if (!line) return line.error();
    auto const now = Clock::now();
    if (*line) {
      heard = now;
      take(stream, **line);
    } else if (now - heard > 3 * heartbeat) {
      return fail(Errc::unavailable, fmt::format("the server was silent for {} s", 3 * heartbeat.count() / 1000));
    }
    if (now - heard > heartbeat && now - asked > heartbeat) {
      asked = now;
      if (auto const sent = stream.write_line(R"({"type":"ping"})"); !sent) return sent.error();
    }
    handler_.tick();
  }
  return {};
}

Result<void> Line::one_connection(milliseconds& retry) {
  auto connected = LineStream::connect(options_.target, kConnectTimeout);
  if (!connected) return connected.error();
  std::shared_ptr<LineStream> const stream = std::move(*connected);
  auto const welcome = sign_on(*stream, retry);
  if (!welcome) return welcome.error();
  was_signed_on_ = true;
  auto const heartbeat =
      milliseconds(std::clamp<std::int64_t>(number_member(*welcome, "heartbeat", 30000), 1000, 300000));
  json const hello = handler_.signed_on(*welcome);
  Result<void> served = stream->write_line(to_line(hello));
  if (served) {
    become(stream);
    handler_.ready();
    served = serve(*stream, heartbeat);
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
