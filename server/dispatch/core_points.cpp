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
  attempt.terms = terms_of(slave.state, method);
  attempt.benchmark = variant;
  attempts_.add(attempt);
  slave.attempts.insert(id);
  Lease const token{0, id, slave.state.id, attempt.expires_ms, attempt.terms};
  return order_text(make_order_template(order, output, links_), token, sign_lease(token, settings_.lease_key), 0,
                    {variant.frame}, links_, settings_.times);
}

void DispatchCore::benchmark_ended(AttemptReport const& report, std::function<void(std::string answer)> const& answer,
                                   std::int64_t now) {
  Attempt const attempt = attempts_.at(report.attempt);
  auto const slave = slaves_.find(attempt.slave);
  std::string reason;
  if (report.ending == store::Ending::accepted) {
    auto const power = powers_.measured(attempt.slave, attempt.method,
                                        {.work_ms = attempt.benchmark->work_ms,
                                         .cpu_ms = report.cpu_ms,
                                         .wall_ms = now - report.given_ms,
                                         .cores = attempt.terms.threads()},
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
  if (answer) answer(answer_text(report.attempt, !refused, reason));
  if (slave == slaves_.end()) return;
  tell_policy(slave->second.state, true);
  feed(slave->second, now);
}

// What a result is worth -------------------------------------------------------------------------------------------

AttemptTerms DispatchCore::terms_of(SlaveCapabilities const& slave, store::Method const& method) const {
  Power const power = powers_.of(slave.id, method);
  return {.user = slave.user,
          .cores = slave.cores,
          .slots = slave.slots,
          .power = power.power,
          .benchmark = power.benchmark};
}

void DispatchCore::value(JobQueue& job, Attempt const& attempt, AttemptReport const& report, store::EndingEntry& ending,
                         std::int64_t now) {
  AttemptTerms const& terms = attempt.terms;
  std::int64_t const took = paid_time_.take(attempt.slave, terms, report.given_ms, report.wall_ms, now);
  economy::Claim const run{.power = terms.power,
                           .benchmark = terms.benchmark,
                           .cores = terms.threads(),
                           .cpu_ms = report.cpu_ms,
                           .wall_ms = report.given_ms > 0 ? took : 0};
  std::int64_t const work = economy::claim(run);
  policy_.completed(report.attempt, {.work = work,
                                     .cpu_ms = report.cpu_ms,
                                     .wall_ms = run.wall_ms,
                                     .accepted = report.ending == store::Ending::accepted});
  if (report.ending == store::Ending::accepted) job.rendered(attempt.slave, report.memory_mib);
  if (report.ending != store::Ending::accepted || work == 0 || terms.user == 0) return;
  ending.claim = work;
  ending.bound = economy::demonstrated(run);
  ending.boost = static_cast<int>(terms.boost);
  if (terms.user == job.info().user) return;
  if (auto const fair = grants_.fair_value(attempt.job, attempt.frame, terms.user)) {
    ending.fair = *fair;
    ending.grant = economy::grant(work, *fair);
    auto const slave = slaves_.find(attempt.slave);
    store::Method const* method = &attempt.method;
    if (method->name.empty() && slave != slaves_.end())  // given before a restart
      method = suitable(slave->second.state, job.info().method, job.info().version);
    if (method != nullptr) powers_.correct(attempt.slave, *method, *fair, work);
  }
}

// After the commit: the claim is a sample for the frames near it, and may be what held grants waited for.
void DispatchCore::remember_claim(store::EndingEntry const& ending, Attempt const& attempt, JobQueue const& job,
                                  bool held) {
  std::int64_t const user = attempt.terms.user;
  if (ending.claim == 0 || user == job.info().user) return;
  auto const settled = grants_.accepted(attempt.job,
                                        {.attempt = attempt.id,
                                         .task = attempt.task,
                                         .frame = attempt.frame,
                                         .user = user,
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
