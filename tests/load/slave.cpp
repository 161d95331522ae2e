#include "tests/load/slave.h"

#include <fmt/format.h>

#include <algorithm>

#include "common/http/http_client.h"
#include "common/protocol/codec.h"
#include "common/protocol/hello.h"
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
  connection_ =
      std::make_unique<LineConnection>(crowd_.base(), std::move(*socket), crowd_.new_tls(),
                                       protocol::max_server_line_bytes, static_cast<LineConnectionHandler&>(*this));
  stage_ = Stage::connecting;
  if (!connection_->open()) lost("no memory for a connection");
}

void Slave::close() {
  stage_ = Stage::away;
  if (connection_) connection_->end();
}

void Slave::on_open() {
  stage_ = Stage::signing_on;
  connection_->write(protocol::write(protocol::SignOn{.protocol = protocol::version,
                                                      .slavekey = pair_.key,
                                                      .slavepassword = pair_.password,
                                                      .instance = fmt::format("load{}", number_),
                                                      .software = "distren-load " PACKAGE_VERSION}));
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
  } else if (type == protocol::Accepted::type) {
    answered(read_message<protocol::Accepted>(message));
  } else if (type == protocol::Rejected::type) {
    answered(read_message<protocol::Rejected>(message));
  } else if (type == protocol::Retry::type) {
    answered(read_message<protocol::Retry>(message));
  } else if (type == protocol::Ping::type) {
    connection_->write(protocol::write(protocol::Pong{}));
  } else if (type == protocol::Welcome::type) {
    welcome(read_message<protocol::Welcome>(message));
  } else if (type == protocol::Cancel::type) {
    crowd_.cancelled();
    forget(read_message<protocol::Cancel>(message).attempt);
  } else if (type == protocol::Refused::type) {
    // `retry` says that it may be tried again: the server is busy, or the last connection not forgotten yet.
    auto const refused = read_message<protocol::Refused>(message);
    auto const again = static_cast<int>(std::min(refused.retry_after_ms, longest_retry_ms));
    stage_ = Stage::away;
    connection_->end();
    spent_.push_back(std::move(connection_));
    crowd_.not_signed_on(number_, refused.message, again > 0 ? again : -1);
  } else if (type != protocol::Pong::type) {
    crowd_.trouble("not understood", std::string(line));
  }
}

void Slave::welcome(protocol::Welcome const& welcome) {
  if (stage_ != Stage::signing_on) return crowd_.trouble("not understood", "a second welcome");
  stage_ = Stage::ready;
  Plan const& plan = crowd_.plan();
  base_url_ = welcome.files_url.empty() ? fmt::format("https://{}:8443", plan.host) : welcome.files_url;
  protocol::Hello hello;
  hello.os = "none";
  hello.cpu = "simulated";
  hello.cores = plan.cores;
  hello.memory_mib = 8000;
  hello.slots = plan.idle ? 0 : plan.slots;
  hello.methods = {{plan.method, plan.version}};
  for (Work const& work : works_) hello.attempts.push_back({work.attempt, work.lease});
  connection_->add(protocol::write(hello));
  for (Work const& work : works_) {
    if (!work.result.empty()) connection_->add(work.result);
  }
  connection_->flush();
  crowd_.signed_on(static_cast<int>(welcome.heartbeat_ms));
}

void Slave::order(MemberIndex const& message, std::string_view line) {
  TextReader reader(message);
  protocol::Order order;
  attempt_members(reader, order);
  frame_members(reader, order);  // what is rendered does not matter
  if (order.attempt <= 0 || order.lease.empty() || works_.size() >= works_limit)
    return crowd_.trouble("not understood", std::string(line));
  Work work;
  work.attempt = order.attempt;
  work.lease = order.lease;
  if (order.output) {
    work.upload = order.upload_url;
    work.image = {order.output->name, order.output->width, order.output->height};
  }
  std::optional<Clock::time_point> said;
  if (!unordered_.empty()) {
    said = unordered_.front();
    unordered_.pop_front();
  }
  works_.push_back(std::move(work));
  crowd_.ordered(number_, order.attempt, said);
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
  if (uploaded != nullptr) result.output = {work.image.name, uploaded->size, uploaded->sha256, uploaded->id};
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

void Slave::answered(protocol::ResultAnswer const& answer) {
  std::int64_t const attempt = std::visit([](auto const& any) { return any.attempt; }, answer);
  Work* const work = find(attempt);
  if (work == nullptr) return;  // cancelled, or answered twice because it was said twice
  if (auto const* const retry = std::get_if<protocol::Retry>(&answer)) {
    crowd_.trouble("retry", retry->reason);
    if (retry->upload_again) work->result.clear();  // finish() uploads it again
    return crowd_.later(number_, attempt,
                        static_cast<int>(std::clamp<std::int64_t>(retry->retry_after_ms, 1, longest_retry_ms)));
  }
  if (auto const* const rejected = std::get_if<protocol::Rejected>(&answer))
    crowd_.trouble("rejected", rejected->reason);
  else if (work->done)
    crowd_.accepted(work->said);
  forget(attempt);
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
