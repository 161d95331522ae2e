#include "server/dispatch/log_requests.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "common/protocol/codec.h"
#include "common/protocol/result.h"
#include "server/dispatch/core.h"

namespace distren {

namespace {

constexpr std::size_t requests_at_once = 100;
constexpr std::int64_t patience_ms = 3000;

}  // namespace

bool LogRequests::full() const {
  return requests_.size() >= requests_at_once;
}

void LogRequests::add(std::int64_t attempt, LogAnswer answer, std::int64_t now) {
  requests_.push_back({attempt, now + patience_ms, std::move(answer)});
}

void LogRequests::answer(std::int64_t attempt, std::string const& text) {
  answer_those([attempt](Request const& request) { return request.attempt == attempt; }, text);
}

void LogRequests::expire(std::int64_t now) {
  answer_those([now](Request const& request) { return request.until_ms <= now; }, std::nullopt);
}

void LogRequests::answer_those(std::function<bool(Request const&)> const& which,
                               std::optional<std::string> const& text) {
  auto const over =
      std::stable_partition(requests_.begin(), requests_.end(), [&](Request const& each) { return !which(each); });
  std::vector<Request> const answered(std::make_move_iterator(over), std::make_move_iterator(requests_.end()));
  requests_.erase(over, requests_.end());
  for (Request const& request : answered) request.answer(text);
}

void request_log(DispatchCore& core, std::int64_t task, LogAnswer const& answer, std::int64_t now) {
  JobQueue const* const job = core.jobs.of_task(task);
  if (job == nullptr || core.logs.full()) return answer(std::nullopt);
  auto const [first, last] = job->leases.equal_range(task);
  for (auto lease = first; lease != last; ++lease) {
    Attempt const& attempt = core.attempts.at(lease->second);
    ConnectedSlave const* const slave = core.slaves.find(attempt.slave);
    if (attempt.committing() || slave == nullptr) continue;
    core.logs.add(attempt.id, answer, now);
    slave->sink->send(protocol::write(protocol::LogRequest{attempt.id}));
    return;
  }
  answer(std::nullopt);
}

void receive_log(DispatchCore& core, std::int64_t slave, std::int64_t id, std::string const& text) {
  Attempt const* const attempt = core.attempts.find(id);
  if (attempt != nullptr && attempt->slave == slave) core.logs.answer(id, text);
}

}  // namespace distren
