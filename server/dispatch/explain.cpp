#include "server/dispatch/explain.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <utility>
#include <vector>

#include "server/dispatch/core.h"
#include "server/dispatch/eligibility.h"
#include "server/dispatch/next_order.h"

namespace distren {

namespace {

constexpr std::size_t most_listed = 10;

// Which renderers of this method the slaves here have: "blender 3.4.1, blender 4.3.2 (build 0123456789ab)".
std::string renderers_here(DispatchCore const& core, std::string const& method) {
  std::set<std::string> all;
  for (auto const& [id, slave] : core.slaves)
    for (store::Method const& each : slave.state.methods)
      if (each.name == method) all.insert(renderer_text(each.name, each.version, each.build));
  std::vector<std::string> some(all.begin(), all.end());
  if (some.size() > most_listed) {
    some.resize(most_listed);
    some.emplace_back("...");
  }
  return some.empty() ? "none of this program" : fmt::format("{}", fmt::join(some, ", "));
}

// No slave here can: of its version, or with its engine.
Explanation lacking(DispatchCore const& core, JobQueue const& job) {
  auto const slaves = static_cast<std::int64_t>(core.slaves.size());
  RendererNeed need = need_of(job.info());
  std::string const engine = std::exchange(need.renderer.engine, {});
  bool const lacks_engine = !engine.empty() && std::ranges::any_of(core.slaves, [&need](auto const& slave) {
    return suitable(slave.second.state.methods, need) != nullptr;
  });
  if (lacks_engine)
    return {.rule = "no_slave_has_engine",
            .number = slaves,
            .sentence =
                fmt::format("none of the {} slaves online can render with {} in {}", slaves, engine, need_text(need))};
  auto const& build = need.renderer.build;
  if (!build.empty() && core.renderers.find(build) == nullptr)
    return {.rule = "no_slave_fits",
            .number = slaves,
            .sentence = fmt::format("{} was removed from this grid and none of the {} slaves online has it; they have "
                                    "{}: choose another version for it",
                                    need_text(need), slaves, renderers_here(core, need.method))};
  return {.rule = "no_slave_fits",
          .number = slaves,
          .sentence = fmt::format("none of the {} slaves online has or may fetch {}; they have {}", slaves,
                                  need_text(need), renderers_here(core, need.method))};
}

}  // namespace

bool any_can_render(DispatchCore const& core, JobQueue const& job, MethodsHere& methods) {
  auto const [known, first] = methods.try_emplace(need_of(job.info()), false);
  if (first)
    known->second =
        std::ranges::any_of(core.slaves, [&](auto const& slave) { return can_render(job, slave.second.state); });
  return known->second;
}

Explanation explain_job(DispatchCore const& core, std::int64_t id) {
  MethodsHere methods;
  return explain_job(core, id, methods);
}

Explanation explain_job(DispatchCore const& core, std::int64_t id, MethodsHere& methods) {
  JobQueue const* const job = core.jobs.find(id);
  if (job == nullptr) return {.rule = "ended", .sentence = "none of its frames is left to render"};
  auto const& info = job->info();
  if (job->waits())
    return {.rule = "waits_for_job",
            .number = info.after,
            .sentence = fmt::format("it is made of the output of job {}, which is not finished", info.after)};
  if (!job->active()) return {.rule = "paused", .sentence = "it is paused"};
  if (core.slaves.empty() && job->leases.empty()) return {.rule = "no_slave", .sentence = "no slave is online"};
  if (job->leases.empty() && !any_can_render(core, *job, methods)) return lacking(core, *job);
  if (job->leases.empty() && std::ranges::none_of(core.slaves, [&](auto const& slave) {
        return job->memory_suffices(slave.first, slave.second.state.memory_mib);
      }))
    return {.rule = "no_slave_has_the_memory",
            .number = job->memory_mib(),
            .sentence = fmt::format("its frames need about {} MiB, and no slave online has a fifth more than that",
                                    job->memory_mib())};
  if (job->leases.empty() && std::ranges::none_of(core.slaves, [&](auto const& slave) {
        return can_render(*job, slave.second.state) && may_take(core, *job, slave.second.state);
      }))
    return {.rule = "refused_by_slaves",
            .number = static_cast<std::int64_t>(core.slaves.size()),
            .sentence =
                "every slave online that could render it has blocked it, or its frames take longer than that "
                "slave lends itself for"};
  if (job->pinning())
    return {.rule = "renderer_recorded", .sentence = "the renderer of all its frames is being recorded"};
  if (job->needs_approval() && job->ready() == 0 && job->leases.empty())
    return {.rule = "waits_for_approval",
            .number = job->unfinished(),
            .sentence = fmt::format("its test frames were rendered; approve it to have the other {} rendered, too",
                                    job->unfinished())};
  if (job->ready() == 0) {
    if (job->leases.empty())
      return {.rule = "failed_before",
              .number = job->unfinished(),
              .sentence = "the frames left failed before and wait to be tried again"};
    return {.rule = "nothing_ready",
            .number = static_cast<std::int64_t>(job->leases.size()),
            .sentence = fmt::format("all that is left is being rendered: {} {}", job->leases.size(),
                                    job->leases.size() == 1 ? "frame" : "frames")};
  }
  PolicyReason const reason = core.policy.explain_job(id);
  return {.rule = std::string(rule_name(reason.rule)), .number = reason.number, .sentence = sentence(reason)};
}

Explanation explain_slave(DispatchCore const& core, std::int64_t id) {
  ConnectedSlave const* const found = core.slaves.find(id);
  if (found == nullptr) return {.rule = "offline", .sentence = "it is not connected"};
  ConnectedSlave const& slave = *found;
  if (!slave.greeted) return {.rule = "no_hello", .sentence = "it has not said yet what it has"};
  if (slave.state.slots < 1) return {.rule = "no_slots", .sentence = "it takes no work at the moment"};
  if (slave.state.methods.empty())
    return {.rule = "no_method", .sentence = "it found none of the programs that this grid renders with"};
  if (benchmarking(core, slave))
    return {.rule = "benchmark",
            .number = *slave.attempts.begin(),
            .sentence = "it renders the benchmark that says how fast it is"};
  // Without its first benchmark a method gets no orders; the next try says when.
  if (auto const failed = core.benchmarks.waiting(id, slave.state.methods); failed && slave.attempts.empty())
    return {
        .rule = "benchmark_failed",
        .number = std::max<std::int64_t>(0, failed->next_try_ms - slave.seen_ms) / 1000,
        .sentence = fmt::format("its benchmark failed and is tried again in {} s: {}",
                                std::max<std::int64_t>(0, failed->next_try_ms - slave.seen_ms) / 1000, failed->reason)};
  if (auto const rest = core.faults.resting(id, slave.seen_ms)) {
    std::int64_t const seconds = (rest->until_ms - slave.seen_ms + 999) / 1000;
    return {
        .rule = "machine_faults",
        .number = seconds,
        .sentence = fmt::format("frames of several users failed by a fault of this machine; it is offered others in "
                                "{} s: {}",
                                seconds, rest->reason)};
  }
  if (JobQueue const* const refused = core.jobs.find(slave.refused); refused != nullptr && slave.attempts.empty()) {
    if (auto const why = refusal(core, *refused, slave.state)) return *why;
  }
  PolicyReason const reason = core.policy.explain_slave(id);
  if (slave.attempts.empty() && reason.rule == PolicyReason::Rule::unknown)
    return {.rule = "nothing_to_do", .sentence = "no job has a frame waiting"};
  return {.rule = std::string(rule_name(reason.rule)), .number = reason.number, .sentence = sentence(reason)};
}

}  // namespace distren
