// DispatchCore: what frames are worth. Benchmarks before the first order, claims and fair values after each result.
#include <spdlog/spdlog.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <set>
#include <utility>

#include "common/base/log.h"
#include "server/dispatch/core.h"

namespace distren {

namespace {

std::string const code_pattern = "benchmark-%04d.png";

}  // namespace

Benchmarks DispatchCore::power_book(DispatchSettings const& settings) {
  std::set<std::string> methods;
  for (BenchmarkPlan const& plan : settings.benchmarks) methods.insert(plan.method.name);
  return Benchmarks(std::move(methods));
}

// Benchmarks: orders like any other, of no job ---------------------------------------------------------------------

BenchmarkPlan const* DispatchCore::plan_of(std::string const& method) const {
  auto const plan =
      std::ranges::find(settings_.benchmarks, method, [](BenchmarkPlan const& each) { return each.method.name; });
  return plan == settings_.benchmarks.end() ? nullptr : &*plan;
}

std::optional<std::string> DispatchCore::give_benchmark(Slave& slave, store::Method const& method, std::int64_t now) {
  BenchmarkPlan const* const plan = plan_of(method.name);
  if (plan == nullptr) return std::nullopt;
  std::int64_t const id = effects_.next_attempt();
  if (id == 0) return std::nullopt;
  BenchmarkVariant const variant =
      choose_benchmark(*plan->method.benchmark, settings_.benchmark_ms, slave.state.threads(), settings_.random);
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
  Attempt attempt{.id = id, .slave = slave.state.id, .frame = variant.frame};
  attempt.expires_ms = attempt.journaled_ms = now + settings_.lease_ms;
  attempt.method = method;
  attempt.benchmark = variant;
  attempts_[id] = attempt;
  held_.emplace(slave.state.id, id);
  slave.attempts.insert(id);
  Lease const token{0, id, slave.state.id, attempt.expires_ms};
  return order_text(make_order_template(order, output, links_), token, sign_lease(token, settings_.lease_key), 0,
                    {variant.frame}, links_, settings_.times);
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
                                         .wall_ms = now - report.given_ms,
                                         .cores = slave->second.state.threads()},
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

// How long what is handed in now took: what its slave says, and no longer than since its order was signed and since the
// time that one of the slave's slots was paid for last. What a frame did not claim stays for the next, so that results
// which come together, after frames that were held ahead, are each worth their own time.
std::int64_t DispatchCore::time_of(SlaveCapabilities const& slave, AttemptReport const& report, std::int64_t now) {
  std::vector<std::int64_t>& paid = paid_until_[slave.id];
  auto const slots = static_cast<std::size_t>(std::max(1, slave.slots));
  if (paid.size() != slots) paid.resize(slots, paid.empty() ? 0 : *std::ranges::max_element(paid));
  auto const slot = std::ranges::min_element(paid);
  std::int64_t const start = std::max(report.given_ms, *slot);
  std::int64_t const most = std::max<std::int64_t>(0, now - start);
  std::int64_t const took = report.wall_ms > 0 ? std::min(report.wall_ms, most) : most;
  *slot = start + took;
  return took;
}

void DispatchCore::value(JobQueue& job, Attempt const& attempt, AttemptReport const& report, store::EndingEntry& ending,
                         std::int64_t now) {
  auto const found = slaves_.find(attempt.slave);
  if (found == slaves_.end()) return;  // it can only have been disabled while its result was on the way
  SlaveCapabilities const& slave = found->second.state;
  store::Method const* const method = suitable(slave, job.info().method, job.info().version);
  Power const power = method == nullptr ? Power{} : powers_.of(slave.id, *method);
  std::int64_t const took = time_of(slave, report, now);
  economy::Claim const run{.power = power.power,
                           .benchmark = power.benchmark,
                           .cores = slave.threads(),
                           .cpu_ms = report.cpu_ms,
                           .wall_ms = report.given_ms > 0 ? took : 0};
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
  if (slave.user == job.info().user) return;
  if (auto const fair = grants_.fair_value(attempt.job, attempt.frame, slave.user)) {
    ending.fair = *fair;
    ending.grant = economy::grant(work, *fair);
    if (method != nullptr) powers_.correct(slave.id, *method, *fair, work);
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
    auto const renderer = slaves_.find(each.held.slave);
    if (renderer == slaves_.end()) continue;
    if (auto const* method = suitable(renderer->second.state, job.info().method, job.info().version))
      powers_.correct(each.held.slave, *method, each.fair, each.held.claim);
  }
  effects_.settle_grants(std::move(grants));
}

}  // namespace distren
