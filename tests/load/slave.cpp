#include "tests/load/slave.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "common/http/http_client.h"
#include "config.h"
#include "tests/load/crowd.h"
#include "tests/load/members.h"

namespace distren::load {

namespace {

constexpr std::size_t line_limit = 1U << 20;  // an order of the server is far below
constexpr std::size_t works_limit = 1000;

std::string json_string(std::string const& text) {
  return nlohmann::json(text).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

}  // namespace

void Slave::connect() {
  spent_.clear();
  auto socket = crowd_.socket_for(number_);
  if (!socket) return crowd_.not_signed_on(number_, socket.error().message, -1);
  wire_ = std::make_unique<LineConnection>(crowd_.base(), std::move(*socket), crowd_.new_tls(), line_limit,
                                           static_cast<LineConnectionHandler&>(*this));
  stage_ = Stage::connecting;
  if (!wire_->open()) lost("no memory for a connection");
}

void Slave::close() {
  stage_ = Stage::away;
  if (wire_) wire_->end();
}

void Slave::on_open() {
  stage_ = Stage::signing_on;
  wire_->write(fmt::format(
      R"({{"type":"sign_on","protocol":1,"slavekey":{},"slavepassword":{},"instance":"load{}","software":"distren-load {}"}})",
      json_string(pair_.key), json_string(pair_.password), number_, PACKAGE_VERSION));
}

void Slave::lost(std::string_view why) {
  Stage const was = std::exchange(stage_, Stage::away);
  unordered_.clear();
  if (wire_) {
    wire_->end();
    spent_.push_back(std::move(wire_));
  }
  if (was == Stage::ready)
    crowd_.lost(number_, why);
  else if (was != Stage::away)
    crowd_.not_signed_on(number_, std::string(why), 1000);
}

void Slave::on_line(std::string_view line) {
  std::string const type = text_member(line, "type");
  if (type == "order") {
    order(line);
  } else if (type == "accepted" || type == "rejected" || type == "retry") {
    answered(line, type);
  } else if (type == "ping") {
    wire_->write(R"({"type":"pong"})");
  } else if (type == "welcome") {
    welcome(line);
  } else if (type == "cancel") {
    crowd_.cancelled();
    forget(number_member(line, "attempt"));
  } else if (type == "refused") {
    // `retry` says that it may be tried again: the server is busy, or the last connection not forgotten yet.
    std::string const why = text_member(line, "message");
    auto const again = static_cast<int>(std::clamp<std::int64_t>(number_member(line, "retry", -1), -1, 60000));
    stage_ = Stage::away;
    wire_->end();
    spent_.push_back(std::move(wire_));
    crowd_.not_signed_on(number_, why, again);
  } else if (type != "pong") {
    crowd_.trouble("not understood", std::string(line));
  }
}

void Slave::welcome(std::string_view line) {
  if (stage_ != Stage::signing_on) return crowd_.trouble("not understood", "a second welcome");
  stage_ = Stage::ready;
  Plan const& plan = crowd_.plan();
  base_url_ = text_member(line, "url");
  if (base_url_.empty()) base_url_ = fmt::format("https://{}:8443", plan.host);
  std::string holding;
  for (Work const& work : works_)
    holding += fmt::format(R"({}{{"attempt":{},"lease":"{}"}})", holding.empty() ? "" : ",", work.attempt, work.lease);
  wire_->add(fmt::format(
      R"({{"type":"hello","os":"none","cpu":"simulated","cores":{},"memory":8000,"slots":{},"methods":[{{"name":{},"version":{}}}],"holding":[{}]}})",
      plan.cores, plan.idle ? 0 : plan.slots, json_string(plan.method), json_string(plan.version), holding));
  for (Work const& work : works_) {
    if (!work.result.empty()) wire_->add(work.result);
  }
  wire_->flush();
  crowd_.signed_on(static_cast<int>(std::clamp<std::int64_t>(number_member(line, "heartbeat", 30000), 1000, 3600000)));
}

void Slave::order(std::string_view line) {
  Work work;
  work.attempt = number_member(line, "attempt");
  work.lease = text_member(line, "lease");
  if (work.attempt <= 0 || work.lease.empty() || works_.size() >= works_limit)
    return crowd_.trouble("not understood", std::string(line));
  if (auto const output = raw_member(line, "output")) {
    work.upload = text_member(line, "upload");
    work.image = {text_member(*output, "name"), static_cast<int>(number_member(*output, "width")),
                  static_cast<int>(number_member(*output, "height"))};
  }
  std::optional<Clock::time_point> said;
  if (!unordered_.empty()) {
    said = unordered_.front();
    unordered_.pop_front();
  }
  std::int64_t const attempt = work.attempt;
  works_.push_back(std::move(work));
  crowd_.ordered(number_, attempt, said);
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
  std::string output;
  if (uploaded != nullptr)
    output = fmt::format(R"(,"output":{{"name":{},"size":{},"sha256":"{}","upload":{}}})", json_string(work.image.name),
                         uploaded->size, uploaded->sha256, json_string(uploaded->id));
  work.result =
      fmt::format(R"({{"type":"result","attempt":{},"lease":"{}","state":"done","cpu":{},"wall":{},"memory":100{}}})",
                  work.attempt, work.lease, plan.cpu > 0 ? plan.cpu : std::max(1, plan.render), plan.render, output);
  send_result(work);
}

void Slave::give_back(Work& work, std::string const& why) {
  crowd_.trouble("given back", why);
  work.done = false;
  work.result =
      fmt::format(R"({{"type":"result","attempt":{},"lease":"{}","state":"returned"}})", work.attempt, work.lease);
  send_result(work);
}

void Slave::send_result(Work& work) {
  work.said = Clock::now();
  if (!ready()) return;  // it is said after the next welcome
  unordered_.push_back(work.said);
  wire_->write(work.result);
}

void Slave::say_again(std::int64_t attempt) {
  Work const* const work = find(attempt);
  if (work != nullptr && !work->result.empty() && ready()) wire_->write(work->result);
}

void Slave::answered(std::string_view line, std::string_view type) {
  std::int64_t const attempt = number_member(line, "attempt");
  Work* const work = find(attempt);
  if (work == nullptr) return;  // cancelled, or answered twice because it was said twice
  if (type == "retry") {
    crowd_.trouble("retry", text_member(line, "reason"));
    auto const after = static_cast<int>(std::clamp<std::int64_t>(number_member(line, "after", 1000), 1, 60000));
    if (raw_member(line, "upload") == "true") work->result.clear();  // finish() uploads it again
    return crowd_.later(number_, attempt, after);
  }
  if (type == "accepted" && work->done)
    crowd_.accepted(work->said);
  else if (type == "rejected")
    crowd_.trouble("rejected", text_member(line, "reason"));
  forget(attempt);
}

void Slave::ping() {
  if (ready()) wire_->write(R"({"type":"ping"})");
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
