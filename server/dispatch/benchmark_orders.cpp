#include "server/dispatch/benchmark_orders.h"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <utility>

#include "common/base/log.h"
#include "common/protocol/result.h"
#include "server/dispatch/attempt_events.h"
#include "server/dispatch/next_order.h"
#include "server/dispatch/payment.h"
#include "server/dispatch/result_events.h"
#include "server/dispatch/slave_events.h"

namespace distren {

namespace {

std::string const code_pattern = "benchmark-%04d.png";

}  // namespace

BenchmarkPlan const* plan_of(DispatchCore const& core, std::string const& method) {
  auto const plan =
      std::ranges::find(core.settings.benchmarks, method, [](BenchmarkPlan const& each) { return each.method.name; });
  return plan == core.settings.benchmarks.end() ? nullptr : &*plan;
}

std::string benchmark_text(DispatchCore const& core, Attempt const& attempt, Lease const& lease,
                           std::string_view lease_text, OrderUse use, std::int64_t now) {
  BenchmarkPlan const& plan = *plan_of(core, attempt.method.name);
  BenchmarkVariant const& variant = *attempt.benchmark;
  auto parameters = benchmark_parameters(plan.method, variant);
  parameters.erase("frame");  // an order says it by itself
  OutputSpec const output{plan.method.benchmark->format, code_pattern, variant.width, variant.height};
  store::RunnableJob const order{.method = attempt.method.name,
                                 .source = plan.scene.path,
                                 .parameters = parameters.dump(),
                                 .output = {},
                                 .version = attempt.method.version,
                                 .state = {},
                                 .renderer = {.version = attempt.method.version, .build = attempt.method.build},
                                 .files = {plan.scene}};
  return order_text(make_order_template(order, output, core.links, now + core.settings.link_life_ms,
                                        core.renderers.find(attempt.method.build)),
                    lease, lease_text, {variant.frame}, core.links, core.settings.times, use);
}

std::optional<std::string> benchmark_order(DispatchCore& core, ConnectedSlave& slave, store::Method const& method,
                                           std::int64_t now) {
  BenchmarkPlan const* const plan = plan_of(core, method.name);
  if (plan == nullptr) return std::nullopt;
  std::int64_t const id = core.effects.next_attempt();
  if (id == 0) return std::nullopt;
  BenchmarkVariant const variant = choose_benchmark(*plan->method.benchmark, core.settings.benchmark_ms,
                                                    slave.state.threads(), core.settings.random);
  Attempt attempt{.id = id, .slave = slave.state.id, .frame = variant.frame, .sent_ms = now, .session = slave.session};
  attempt.expires_ms = attempt.journaled_ms = now + core.settings.lease_ms;
  attempt.method = method;
  attempt.terms = terms_of(core, slave.state, method);
  attempt.benchmark = variant;
  core.attempts.add(attempt);
  slave.attempts.insert(id);
  Lease const token{0, id, slave.state.id, attempt.expires_ms, attempt.terms};
  return benchmark_text(core, attempt, token, sign_lease(token, core.settings.lease_key), OrderUse::first, now);
}

void benchmark_ended(DispatchCore& core, AttemptReport const& report,
                     std::function<void(std::string answer)> const& answer, std::int64_t now) {
  Attempt const attempt = core.attempts.at(report.attempt);
  ConnectedSlave* const slave = core.slaves.find(attempt.slave);
  std::string reason;
  if (report.outcome == store::Outcome::accepted && !attempt.method.fetched) {
    // Its time is that of fetching and unpacking as well: it is here now, and measured with the next one.
    if (slave != nullptr)
      for (store::Method& each : slave->state.methods)
        if (each.same_renderer(attempt.method)) each.fetched = true;
  } else if (report.outcome == store::Outcome::accepted) {
    auto const power = core.benchmarks.measured(attempt.slave, attempt.method,
                                                {.work_ms = attempt.benchmark->work_ms,
                                                 .cpu_ms = report.cpu_ms,
                                                 .wall_ms = now - report.given_ms,
                                                 .cores = attempt.terms.threads()},
                                                report.output_sha256, now);
    if (power) {
      spdlog::info("dispatcher: slave={} benchmarked method={} version={} power={}", attempt.slave, attempt.method.name,
                   quote(attempt.method.version), *power);
      core.effects.record_power(attempt.slave, attempt.method, *power);
    } else {
      reason = power.error().message;
    }
  } else if (report.outcome != store::Outcome::returned ||
             protocol::fault_of(report.result_code) == protocol::Fault::machine) {  // it cannot be fetched, for one
    reason = report.reason;
  }
  if (!reason.empty()) {
    spdlog::warn("dispatcher: slave={} benchmark of {} failed: {}", attempt.slave, attempt.method.name, quote(reason));
    core.benchmarks.failed(attempt.slave, attempt.method, reason, now);
  }
  remove_attempt(core, report.attempt);
  bool const refused =
      !reason.empty() && report.outcome != store::Outcome::failed && report.outcome != store::Outcome::returned;
  if (answer) answer(verdict_text(report.attempt, !refused, report.code, reason));
  if (slave == nullptr) return;
  sync_capacity(core, slave->state, true);
  dispatch(core, *slave, now);
}

}  // namespace distren
