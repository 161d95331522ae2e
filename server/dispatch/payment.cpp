#include "server/dispatch/payment.h"

#include <utility>
#include <vector>

#include "server/dispatch/eligibility.h"

namespace distren {

AttemptTerms terms_of(DispatchCore const& core, SlaveCapabilities const& slave, store::Method const& method) {
  Power const power = core.benchmarks.of(slave.id, method);
  return {.user = slave.user,
          .cores = slave.cores,
          .slots = slave.slots,
          .power = power.power,
          .benchmark = power.benchmark};
}

void assess(DispatchCore& core, JobQueue& job, Attempt const& attempt, AttemptReport const& report,
            store::OutcomeEntry& outcome, std::int64_t now) {
  AttemptTerms const& terms = attempt.terms;
  std::int64_t const took = core.paid_time.take(attempt.slave, terms, report.given_ms, report.wall_ms, now);
  economy::Claim const run{.power = terms.power,
                           .benchmark = terms.benchmark,
                           .cores = terms.threads(),
                           .cpu_ms = report.cpu_ms,
                           .wall_ms = report.given_ms > 0 ? took : 0};
  std::int64_t const work = economy::claim(run);
  core.policy.completed(report.attempt, {.work = work,
                                         .cpu_ms = report.cpu_ms,
                                         .wall_ms = run.wall_ms,
                                         .accepted = report.outcome == store::Outcome::accepted});
  if (report.outcome == store::Outcome::accepted) job.rendered(attempt.slave, report.memory_mib);
  if (report.outcome != store::Outcome::accepted || work == 0 || terms.user == 0) return;
  outcome.claim = work;
  outcome.grant_limit = economy::demonstrated(run);
  outcome.boost = static_cast<int>(terms.boost);
  if (terms.user == job.info().user) return;
  if (auto const fair = core.grants.fair_value(attempt.job, attempt.frame, terms.user)) {
    outcome.fair_value = *fair;
    outcome.grant = economy::grant(work, *fair);
    ConnectedSlave* const slave = core.slaves.find(attempt.slave);
    store::Method const* method = &attempt.method;
    if (method->name.empty() && slave != nullptr) method = method_for(job, slave->state);  // given before a restart
    if (method != nullptr) core.benchmarks.correct(attempt.slave, *method, *fair, work);
  }
}

// After the commit: the claim is a sample for the frames near it, and may be what held grants waited for.
void remember_claim(DispatchCore& core, store::OutcomeEntry const& outcome, Attempt const& attempt, JobQueue const& job,
                    bool held) {
  std::int64_t const user = attempt.terms.user;
  if (outcome.claim == 0 || user == job.info().user) return;
  auto const settled = core.grants.accepted(attempt.job,
                                            {.attempt = attempt.id,
                                             .task = attempt.task,
                                             .frame = attempt.frame,
                                             .user = user,
                                             .claim = outcome.claim,
                                             .slave = attempt.slave},
                                            held);
  if (settled.empty()) return;
  std::vector<store::Settlement> grants;
  for (SettledClaim const& each : settled) {
    grants.push_back({each.held.attempt, each.held.task, each.grant, each.fair});
    ConnectedSlave* const renderer = core.slaves.find(each.held.slave);
    if (renderer == nullptr) continue;
    if (auto const* method = method_for(job, renderer->state))
      core.benchmarks.correct(each.held.slave, *method, each.fair, each.held.claim);
  }
  core.effects.settle_grants(std::move(grants));
}

}  // namespace distren
