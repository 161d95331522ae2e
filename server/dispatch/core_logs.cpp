// DispatchCore: what a renderer prints, asked of the slave that is at the frame. Nobody waits for a slave that is
// silent.
#include <algorithm>
#include <iterator>

#include "common/protocol/codec.h"
#include "common/protocol/result.h"
#include "server/dispatch/core.h"

namespace distren {

namespace {

constexpr std::size_t logs_wanted_at_once = 100;
constexpr std::int64_t patience_ms = 3000;

}  // namespace

void DispatchCore::want_log(std::int64_t task, Dispatcher::LogAnswer const& answer, std::int64_t now) {
  JobQueue const* const job = owner_of(task);
  if (job == nullptr || wanted_logs_.size() >= logs_wanted_at_once) return answer(std::nullopt);
  auto const [first, last] = job->leases.equal_range(task);
  for (auto lease = first; lease != last; ++lease) {
    Attempt const& attempt = attempts_.at(lease->second);
    auto const slave = slaves_.find(attempt.slave);
    if (attempt.committing() || slave == slaves_.end() || !slave->second.sink) continue;
    wanted_logs_.push_back({attempt.id, now + patience_ms, answer});
    slave->second.sink->send(protocol::write(protocol::LogRequest{attempt.id}));
    return;
  }
  answer(std::nullopt);
}

void DispatchCore::answer_logs(std::function<bool(std::int64_t attempt, std::int64_t until)> const& which,
                               std::optional<std::string> const& text) {
  auto const over = std::stable_partition(wanted_logs_.begin(), wanted_logs_.end(), [&](WantedLog const& wanted) {
    return !which(wanted.attempt, wanted.until_ms);
  });
  std::vector<WantedLog> const answered(std::make_move_iterator(over), std::make_move_iterator(wanted_logs_.end()));
  wanted_logs_.erase(over, wanted_logs_.end());
  for (WantedLog const& wanted : answered) wanted.answer(text);
}

void DispatchCore::told_log(std::int64_t slave, std::int64_t id, std::string const& text) {
  Attempt const* const attempt = attempts_.find(id);
  if (attempt == nullptr || attempt->slave != slave) return;
  answer_logs([id](std::int64_t wanted, std::int64_t) { return wanted == id; }, text);
}

}  // namespace distren
