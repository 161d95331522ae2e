// DispatchCore: what frames are worth. Benchmarks before the first order, claims and fair values after each result.
#include <spdlog/spdlog.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <set>

#include "common/log.h"
#include "server/dispatch/core.h"

namespace distren {

namespace {

std::string const code_pattern = "benchmark-%04d.png";

int threads_of(SlaveState const& slave) {
  return std::max(1, slave.cores / std::max(1, slave.slots));
}

}  // namespace

PowerBook DispatchCore::power_book(DispatchSettings const& settings) {
  std::set<std::string> methods;
  for (BenchmarkPlan const& plan : settings.benchmarks) methods.insert(plan.method.name);
  return PowerBook(std::move(methods));
}

// Benchmarks: orders like any other, of no job
// --------------------------------------------------------------------------

std::optional<std::string> DispatchCore::give_benchmark(Slave& slave, store::Method const& method, std::int64_t now) {
  auto const plan =
      std::ranges::find(settings_.benchmarks, method.name, [](BenchmarkPlan const& each) { return each.method.name; });
  if (plan == settings_.benchmarks.end()) return std::nullopt;
  std::int64_t const id = effects_.next_attempt();
  if (id == 0) return std::nullopt;
  BenchmarkVariant const variant =
      choose_benchmark(*plan->method.benchmark, settings_.benchmark_ms, threads_of(slave.state), settings_.random);
  auto parameters = benchmark_parameters(plan->method, variant);
  parameters.erase("frame");  // an order says it by itself
  OutputSpec const output{plan->method.benchmark->format, code_pattern, variant.width, variant.height};
  store::RunnableJob const order{.method = method.name,
                                 .source = plan->scene.path,
                                 .parameters = parameters.dump(),
                                 .output = {},
                                 .version = method.version,
                                 .state = {},
                                 .files = {plan->scene}};
  Attempt attempt{.id = id, .slave = slave.state.id, .frame = variant.frame, .started_ms = now};
  attempt.expires_ms = attempt.journaled_ms = now + settings_.lease_ms;
  attempt.method = method;
  attempt.benchmark = variant;
  attempts_[id] = attempt;
  held_.emplace(slave.state.id, id);
  slave.attempts.insert(id);
  Lease const token{0, id, slave.state.id, attempt.expires_ms};
  return order_text(make_order_template(order, output, links_), token, sign_lease(token, settings_.lease_key), 0,
                    variant.frame, links_, settings_.times);
}

void DispatchCore::benchmark_ended(AttemptReport const& report, std::function<void(std::string answer)> const& answer,
                                   std::int64_t now) {
  Attempt const attempt = attempts_.at(report.attempt);
  auto const slave = slaves_.find(attempt.slave);
  std::string reason;
  if (report.ending == store::Ending::accepted && slave != slaves_.end()) {
    auto const power = powers_.measured(attempt.slave, attempt.method,
                                        {.work_ms = attempt.benchmark->work_ms,
                                         .cpu_ms = report.cpu_ms,
                                         .wall_ms = now - attempt.started_ms,
                                         .cores = threads_of(slave->second.state)},
                                        report.output_sha256, now);
    if (power) {
      spdlog::info("dispatcher: slave={} benchmarked method={} version={} power={}", attempt.slave, attempt.method.name,
                   quote(attempt.method.version), *power);
      effects_.record_power(attempt.slave, attempt.method, *power);
    } else {
      reason = power.error().message;
    }
  } else if (report.ending != store::Ending::returned) {
    reason = report.reason;
  }
  if (!reason.empty()) {
    spdlog::warn("dispatcher: slave={} benchmark of {} failed: {}", attempt.slave, attempt.method.name, quote(reason));
    powers_.failed(attempt.slave, attempt.method, reason, now);
  }
  drop_attempt(report.attempt);
  bool const refused = !reason.empty() && report.ending != store::Ending::failed;
  if (answer) answer(answer_text(refused ? "rejected" : "accepted", report.attempt, refused ? reason : ""));
  if (slave == slaves_.end()) return;
  tell_policy(slave->second.state, true);
  feed(slave->second, now);
}

// What a result is worth -------------------------------------------------------------------------------------------

// The time that counts ran on the server's clock, and where a slave has one slot it began when the one before ended.
void DispatchCore::value(JobQueue& job, Attempt const& attempt, AttemptReport const& report, store::EndingEntry& ending,
                         std::int64_t now) {
  auto const slave = slaves_.find(attempt.slave);
  std::int64_t started = attempt.started_ms;
  if (started == 0) started = report.given_ms;
  if (slave != slaves_.end() && slave->second.state.slots <= 1 && !attempt.late)
    started = std::max(started, slave->second.freed_ms);
  if (slave != slaves_.end()) slave->second.freed_ms = now;
  bool const known = slave != slaves_.end() && started > 0 && started <= now;
  // A lease from before a restart does not say how fast its slave was: as fast as it is now.
  store::Method const method = attempt.method.name.empty() && slave != slaves_.end()
                                   ? method_for(slave->second.state, job.info().method)
                                   : attempt.method;
  Power const power = attempt.method.name.empty() ? powers_.of(attempt.slave, method) : attempt.power;
  economy::Claim const run{.power = power.power,
                           .benchmark = power.benchmark,
                           .cores = known ? threads_of(slave->second.state) : 1,
                           .cpu_ms = report.cpu_ms,
                           .wall_ms = known ? now - started : 0};
  std::int64_t const work = economy::claim(run);
  policy_.completed(report.attempt, {.work = work,
                                     .cpu_ms = report.cpu_ms,
                                     .wall_ms = run.wall_ms,
                                     .accepted = report.ending == store::Ending::accepted});
  if (report.ending == store::Ending::accepted) job.rendered(attempt.slave, report.memory_mib);
  if (report.ending != store::Ending::accepted || work == 0) return;
  ending.claim = work;
  ending.bound = economy::demonstrated(run);
  ending.boost = static_cast<int>(policy_.boost_of(attempt.job));
  std::int64_t const user = slave->second.state.user;
  if (user == job.info().user) return;
  if (auto const fair = grants_.fair_value(attempt.job, attempt.frame, user)) {
    ending.fair = *fair;
    ending.grant = economy::grant(work, *fair);
    powers_.correct(attempt.slave, method, *fair, work);
  }
}

// After the commit: the claim is a sample for the frames near it, and may be what held grants waited for.
void DispatchCore::remember_claim(store::EndingEntry const& ending, Attempt const& attempt, JobQueue const& job,
                                  bool held) {
  auto const slave = slaves_.find(attempt.slave);
  if (ending.claim == 0 || slave == slaves_.end() || slave->second.state.user == job.info().user) return;
  auto const settled = grants_.accepted(attempt.job,
                                        {.attempt = attempt.id,
                                         .task = attempt.task,
                                         .frame = attempt.frame,
                                         .user = slave->second.state.user,
                                         .claim = ending.claim,
                                         .slave = attempt.slave},
                                        held);
  if (settled.empty()) return;
  std::vector<store::Settlement> grants;
  for (SettledClaim const& each : settled) {
    grants.push_back({each.held.attempt, each.held.task, each.grant, each.fair});
    if (auto const renderer = slaves_.find(each.held.slave); renderer != slaves_.end())
      powers_.correct(each.held.slave, method_for(renderer->second.state, job.info().method), each.fair,
                      each.held.claim);
  }
  effects_.settle_grants(std::move(grants));
}

}  // namespace distren
