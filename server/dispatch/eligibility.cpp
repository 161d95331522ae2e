// DispatchCore: jobs that a slave is not offered although it could render them: its owner blocked them, or their frames
// take longer than it lends itself for.
#include <fmt/format.h>

#include <algorithm>

#include "server/dispatch/core.h"

namespace distren {

bool DispatchCore::may_have(JobQueue const& job, SlaveCapabilities const& slave) const {
  if (job.too_long_for(slave.id, slave.limit_ms())) return false;
  if (!slave.blocks.empty() && !slave.blocks.of(job.info()).empty()) return false;
  if (owner_blocks_.empty()) return true;
  auto const owners = owner_blocks_.find(slave.id);
  return owners == owner_blocks_.end() || owners->second.of(job.info()).empty();
}

std::optional<Explanation> DispatchCore::refusal(JobQueue const& job, SlaveCapabilities const& slave) const {
  std::int64_t const id = job.info().id;
  std::string blocked = slave.blocks.of(job.info());
  std::string who = "this slave's volunteer";
  if (auto const owners = owner_blocks_.find(slave.id); blocked.empty() && owners != owner_blocks_.end()) {
    blocked = owners->second.of(job.info());
    who = "its owner";
  }
  if (!blocked.empty())
    return Explanation{.rule = "blocked",
                       .number = id,
                       .sentence = fmt::format("it is not offered job {}: {} blocked {} here", id, who, blocked)};
  if (job.too_long_for(slave.id, slave.limit_ms()))
    return Explanation{
        .rule = "took_too_long",
        .number = id,
        .sentence = fmt::format("it is not offered job {}: a frame of it took longer than the {} minutes "
                                "that this slave lends",
                                id, slave.minutes_per_frame)};
  return std::nullopt;
}

void DispatchCore::change_blocks(std::int64_t slave, Blocks blocks, std::int64_t now) {
  if (blocks.empty())
    owner_blocks_.erase(slave);
  else
    owner_blocks_[slave] = std::move(blocks);
  if (auto const found = slaves_.find(slave); found != slaves_.end() && found->second.sink) feed(found->second, now);
}

void DispatchCore::tell(std::int64_t slave, std::string line) {
  if (auto const found = slaves_.find(slave); found != slaves_.end() && found->second.sink && found->second.greeted)
    found->second.sink->send(std::move(line));
}

std::string DispatchCore::settings_of(std::int64_t slave) const {
  auto const found = slaves_.find(slave);
  return found == slaves_.end() ? std::string() : found->second.state.settings;
}

}  // namespace distren
