#include "tests/load/slave.h"

#include <fmt/format.h>

#include <algorithm>

#include "common/http/http_client.h"
#include "common/protocol/announce.h"
#include "common/protocol/codec.h"
#include "common/protocol/order.h"
#include "config.h"
#include "tests/load/crowd.h"
#include "tests/load/members.h"

namespace distren::load {

namespace {

constexpr std::size_t works_limit = 1000;
constexpr std::int64_t longest_retry_ms = 60'000;

}  // namespace

void Slave::connect() {
  spent_.clear();
  auto socket = crowd_.socket_for(number_);
  if (!socket) return crowd_.not_signed_on(number_, socket.error().message, -1);
  connection_ = std::make_unique<LineConnection>(crowd_.base(), std::move(*socket), crowd_.new_tls(),
                                                 protocol::max_line_bytes, static_cast<LineConnectionHandler&>(*this));
  stage_ = Stage::connecting;
  if (!connection_->open()) lost("no memory for a connection");
}

void Slave::close() {
  stage_ = Stage::away;
  if (connection_) connection_->end();
}

void Slave::on_open() {
  stage_ = Stage::signing_on;
  connection_->write(protocol::write(protocol::SignOn{.protocols = {protocol::version},
                                                      .slavekey = pair_.key,
                                                      .slavepassword = pair_.password,
                                                      .instance = fmt::format("load{}", number_),
                                                      .software = {"distren-load", PACKAGE_VERSION}}));
}

void Slave::lost(std::string_view why) {
  Stage const was = std::exchange(stage_, Stage::away);
  unordered_.clear();
  if (connection_) {
    connection_->end();
    spent_.push_back(std::move(connection_));
  }
  if (was == Stage::ready)
    crowd_.lost(number_, why);
  else if (was != Stage::away)
    crowd_.not_signed_on(number_, std::string(why), 1000);
}

void Slave::on_line(std::string_view line) {
  MemberIndex const message(line);
  std::string const type = text_in(message.find("type").value_or("")).value_or("");
  if (type == protocol::Order::type) {
    order(message, line);
  } else if (type == protocol::Verdict::type) {
    answered(read_message<protocol::Verdict>(message));
  } else if (type == protocol::Ping::type) {
    connection_->write(protocol::write(protocol::Pong{}));
  } else if (type == protocol::Welcome::type) {
    welcome(read_message<protocol::Welcome>(message));
  } else if (type == protocol::Cancel::type) {
    crowd_.cancelled();
    for (std::int64_t const attempt : read_message<protocol::Cancel>(message).attempts) forget(attempt);
  } else if (type == protocol::Refused::type) {
    // `retry_ms` says that it may be tried again: the server is busy, or the last connection not forgotten yet.
    auto const refused = read_message<protocol::Refused>(message);
    auto const again = static_cast<int>(std::min(refused.retry_ms.value_or(0), longest_retry_ms));
    stage_ = Stage::away;
    connection_->end();
    spent_.push_back(std::move(connection_));
    crowd_.not_signed_on(number_, refused.message, again > 0 ? again : -1);
  } else if (type == protocol::ErrorMessage::type) {
    crowd_.trouble("error", read_message<protocol::ErrorMessage>(message).message);
  } else if (type != protocol::Pong::type && type != protocol::Goodbye::type) {
    crowd_.trouble("not understood", std::string(line));
  }
}

void Slave::welcome(protocol::Welcome const& welcome) {
  if (stage_ != Stage::signing_on) return crowd_.trouble("not understood", "a second welcome");
  stage_ = Stage::ready;
  Plan const& plan = crowd_.plan();
  base_url_ = welcome.base_url.empty() ? fmt::format("https://{}:8443", plan.host) : welcome.base_url;
  protocol::Announce announce;
  announce.os = "none";
  announce.cpu = "simulated";
  announce.cores = plan.cores;
  announce.memory_mib = 8000;
  announce.slots = plan.idle ? 0 : plan.slots;
  announce.renderers = {{plan.method, plan.version}};
  for (Work const& work : works_) announce.holding.push_back({work.attempt, work.lease});
  connection_->add(protocol::write(announce));
  for (Work const& work : works_) {
    if (!work.result.empty()) connection_->add(work.result);
  }
  connection_->flush();
  crowd_.signed_on(static_cast<int>(welcome.heartbeat_ms));
}

void Slave::order(MemberIndex const& message, std::string_view line) {
  TextReader reader(message);
  protocol::Order order;
  frame_members(reader, order);  // what is rendered does not matter
  bool const good =
      std::ranges::all_of(order.attempts, [](auto const& each) { return each.attempt > 0 && !each.lease.empty(); });
  if (order.attempts.empty() || !good || works_.size() + order.attempts.size() > works_limit)
    return crowd_.trouble("not understood", std::string(line));
  for (protocol::OrderAttempt const& each : order.attempts) {
    Work work;
    work.attempt = each.attempt;
    work.lease = each.lease;
    if (!each.outputs.empty() && each.upload) {
      work.upload = each.upload->url;
      work.image = {each.outputs.front().name, each.outputs.front().width, each.outputs.front().height};
    }
    std::optional<Clock::time_point> said;
    if (!unordered_.empty()) {
      said = unordered_.front();
      unordered_.pop_front();
    }
    works_.push_back(std::move(work));
    crowd_.ordered(number_, each.attempt, said);
  }
}

void Slave::finish(std::int64_t attempt) {
  Work* const work = find(attempt);
  if (work == nullptr || !work->result.empty()) return;  // cancelled
  if (work->upload.empty()) return say(*work, nullptr);
  auto const url = resolve_url(base_url_, work->upload);
  if (!url || crowd_.plan().result_bytes == 0) {
    return give_back(*work, url ? "the job wants an image: give --result-bytes" : url.error().message);
  }
  crowd_.upload(*url, work->image, [this, attempt](Result<Uploaded> uploaded) {
    Work* const done = find(attempt);
    if (done == nullptr) return;
    if (uploaded) return say(*done, &*uploaded);
    give_back(*done, uploaded.error().message);
  });
}

void Slave::say(Work& work, Uploaded const* uploaded) {
  Plan const& plan = crowd_.plan();
  protocol::ResultReport result;
  result.attempt = work.attempt;
  result.lease = work.lease;
  result.outcome = protocol::Outcome::done;
  result.cpu_ms = plan.cpu > 0 ? plan.cpu : std::max(1, plan.render);
  result.wall_ms = plan.render;
  result.peak_memory_mib = 100;
  if (uploaded != nullptr) result.outputs = {{work.image.name, uploaded->size, uploaded->sha256, uploaded->id}};
  work.result = protocol::write(result);
  send_result(work);
}

void Slave::give_back(Work& work, std::string const& why) {
  crowd_.trouble("given back", why);
  work.done = false;
  protocol::ResultReport result;
  result.attempt = work.attempt;
  result.lease = work.lease;
  result.outcome = protocol::Outcome::returned;
  work.result = protocol::write(result);
  send_result(work);
}

void Slave::send_result(Work& work) {
  work.said = Clock::now();
  if (!ready()) return;  // it is said after the next welcome
  unordered_.push_back(work.said);
  connection_->write(work.result);
}

void Slave::say_again(std::int64_t attempt) {
  Work const* const work = find(attempt);
  if (work != nullptr && !work->result.empty() && ready()) connection_->write(work->result);
}

void Slave::answered(protocol::Verdict const& verdict) {
  using enum protocol::VerdictKind;
  Work* const work = find(verdict.attempt);
  if (work == nullptr) return;  // cancelled, or answered twice because it was said twice
  if (verdict.verdict == retry) {
    crowd_.trouble("retry", verdict.message);
    if (verdict.upload_again) work->result.clear();  // finish() uploads it again
    return crowd_.later(number_, verdict.attempt,
                        static_cast<int>(std::clamp<std::int64_t>(verdict.retry_ms, 1, longest_retry_ms)));
  }
  if (verdict.verdict == rejected)
    crowd_.trouble("rejected", verdict.message);
  else if (work->done)
    crowd_.accepted(work->said);
  forget(verdict.attempt);
}

void Slave::ping() {
  if (ready()) connection_->write(protocol::write(protocol::Ping{}));
}

std::size_t Slave::unanswered() const {
  return static_cast<std::size_t>(std::ranges::count_if(works_, [](Work const& work) { return !work.result.empty(); }));
}

Slave::Work* Slave::find(std::int64_t attempt) {
  auto const found = std::ranges::find(works_, attempt, &Work::attempt);
  return found == works_.end() ? nullptr : &*found;
}

void Slave::forget(std::int64_t attempt) {
  std::erase_if(works_, [attempt](Work const& work) { return work.attempt == attempt; });
}

}  // namespace distren::load
