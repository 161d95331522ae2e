#include "server/dispatch/eligibility.h"

#include <fmt/format.h>

#include <algorithm>

#include "server/dispatch/renderer_choice.h"

namespace distren {

store::Method const* method_for(JobQueue const& job, SlaveCapabilities const& slave) {
  return suitable(slave.methods, need_of(job.info()));
}

bool can_render(JobQueue const& job, SlaveCapabilities const& slave) {
  return method_for(job, slave) != nullptr;
}

bool kind_suits(DispatchCore const& core, std::int64_t kind, SlaveCapabilities const& slave) {
  store::Method const* const method = suitable(slave.methods, core.jobs.kind(kind));
  return method != nullptr && (!method->fetched || core.benchmarks.ready(slave.id, *method));
}

bool another_can_render(DispatchCore const& core, JobQueue const& job, std::int64_t task, std::int64_t not_slave) {
  return std::ranges::any_of(core.slaves, [&](auto const& slave) {
    return slave.first != not_slave && slave.second.state.slots > 0 && can_render(job, slave.second.state) &&
           job.memory_suffices(slave.first, slave.second.state.memory_mib) && !job.failed_on(task, slave.first) &&
           may_take(core, job, slave.second.state);
  });
}

bool may_take(DispatchCore const& core, JobQueue const& job, SlaveCapabilities const& slave) {
  if (job.too_long_for(slave.id, slave.max_frame_ms)) return false;
  if (!slave.blocks.empty() && !slave.blocks.of(job.info()).empty()) return false;
  if (core.slaves.owner_blocks.empty()) return true;
  auto const owners = core.slaves.owner_blocks.find(slave.id);
  return owners == core.slaves.owner_blocks.end() || owners->second.of(job.info()).empty();
}

std::optional<Explanation> refusal(DispatchCore const& core, JobQueue const& job, SlaveCapabilities const& slave) {
  std::int64_t const id = job.info().id;
  std::string blocked = slave.blocks.of(job.info());
  std::string who = "this slave's volunteer";
  if (auto const owners = core.slaves.owner_blocks.find(slave.id);
      blocked.empty() && owners != core.slaves.owner_blocks.end()) {
    blocked = owners->second.of(job.info());
    who = "its owner";
  }
  if (!blocked.empty())
    return Explanation{.rule = "blocked",
                       .number = id,
                       .sentence = fmt::format("it is not offered job {}: {} blocked {} here", id, who, blocked)};
  if (job.too_long_for(slave.id, slave.max_frame_ms))
    return Explanation{
        .rule = "took_too_long",
        .number = id,
        .sentence = fmt::format("it is not offered job {}: a frame of it took longer than the {} minutes "
                                "that this slave lends",
                                id, (slave.max_frame_ms + 59'999) / 60'000)};
  return std::nullopt;
}

}  // namespace distren
