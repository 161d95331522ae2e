#include "tests/sim/scenarios.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "tests/sim/world.h"

namespace distren::sim {

namespace {

double quantile(std::vector<double> values, double q) {
  if (values.empty()) return 0;
  std::ranges::sort(values);
  return values[static_cast<std::size_t>(q * static_cast<double>(values.size() - 1))];
}

struct Crowd {
  double saboteurs = 0.05;
  double inflators = 0.05;
  double boasters = 0.05;
  int colluders = 0;
};

void populate(World& world, Size const& size, Crowd const& crowd, double load) {
  Random random(size.seed + 7);
  std::vector<std::int64_t> ids;
  double cores_on = 0;
  struct Plan {
    Pc pc;
  };
  std::vector<Plan> pcs;
  for (int i = 0; i < size.pcs; ++i) {
    auto const anybody = 1 + static_cast<std::int64_t>(random.uniform() * size.users);
    Pc pc{.user = crowd.colluders > 0 && i % 2 == 0 ? 1 + i / 2 % crowd.colluders : anybody,
          .cores = 4 << static_cast<int>(random.between(0, 3)),
          .true_power = static_cast<std::int64_t>(random.between(300, 2200)),
          .on_hours = random.chance(0.3) ? 0.0 : random.between(2, 10),
          .vanishes = 0.1};
    double const on = pc.on_hours > 0 ? pc.on_hours / (pc.on_hours + pc.off_hours) : 1;
    cores_on += on * pc.cores * static_cast<double>(pc.true_power) / 1000;
    pcs.push_back({pc});
  }
  // Submitted work as a share of what the PCs can do: mean of a log-normal is its median times exp(sigma^2 / 2).
  JobShape const shape{.frames = 60, .work = 150'000};
  double const job_points = 60 * std::exp(0.32) * 150 * std::exp(0.5);
  double const jobs_per_day = cores_on * 0.79 * 1440 * load / job_points / size.users;
  for (int i = 0; i < size.users; ++i) {
    double const draw = random.uniform();
    Nature nature = Nature::honest;
    if (i < crowd.colluders)
      nature = Nature::colluder;
    else if (draw < crowd.saboteurs)
      nature = Nature::saboteur;
    else if (draw < crowd.saboteurs + crowd.inflators)
      nature = Nature::inflator;
    else if (draw < crowd.saboteurs + crowd.inflators + crowd.boasters)
      nature = Nature::boaster;
    world.add(User{.nature = nature,
                   .jobs_per_day = jobs_per_day,
                   .shape = shape,
                   .boosts = nature == Nature::honest && random.chance(0.2)});
  }
  for (Plan const& plan : pcs) world.add(plan.pc);
}

// Vested points per point of real work, over all users of one nature.
double pay(World& world, Nature nature) {
  double earned = 0;
  double worked = 0;
  for (std::size_t id = 1; id < world.users().size(); ++id) {
    if (world.users()[id].nature != nature) continue;
    earned += static_cast<double>(world.ledger().total(static_cast<std::int64_t>(id)));
    worked += static_cast<double>(world.payroll().purse(static_cast<std::int64_t>(id)).real_work);
  }
  return worked > 0 ? earned / worked : 0;
}

}  // namespace

Outcome months_of_life(Size const& size) {
  World world({.seed = size.seed, .rules = {}, .bursts = 0.1});
  populate(world, size, {}, 0.85);
  world.run(size.days);
  std::vector<double> first_contributors;
  std::vector<double> first_newcomers;
  std::vector<double> whole;
  std::int64_t unfinished = 0;
  for (Job const& job : world.jobs()) {
    if (job.user == 0) continue;
    if (job.first_start != 0)
      (job.contributor ? first_contributors : first_newcomers)
          .push_back(static_cast<double>(job.first_start - job.submitted) / 60000);
    if (job.finished != 0)
      whole.push_back(static_cast<double>(job.finished - job.submitted) / static_cast<double>(hour_ms));
    else
      ++unfinished;
  }
  std::int64_t caught = 0;
  for (std::size_t id = 1; id < world.users().size(); ++id)
    caught += world.payroll().purse(static_cast<std::int64_t>(id)).caught;
  double const honest = pay(world, Nature::honest);
  double const saboteur = pay(world, Nature::saboteur);
  double const inflator = pay(world, Nature::inflator);
  Outcome outcome{.title = fmt::format("{} people, {} PCs, {:.0f} days", size.users, size.pcs, size.days),
                  .figures = {},
                  .broken = {}};
  outcome.figures = {
      {.name = "frames", .label = "frames rendered", .value = static_cast<double>(world.frames_done), .unit = ""},
      {.name = "jobs_unfinished",
       .label = "jobs not finished at the end",
       .value = static_cast<double>(unfinished),
       .unit = ""},
      {.name = "tail_copies",
       .label = "attempts ended since another was first",
       .value = static_cast<double>(world.copies),
       .unit = ""},
      {.name = "first_frame_p50_contributors",
       .label = "wait for the first frame, contributors, median",
       .value = quantile(first_contributors, 0.5),
       .unit = "min"},
      {.name = "first_frame_p99_contributors",
       .label = "the same, 99th percentile",
       .value = quantile(first_contributors, 0.99),
       .unit = "min"},
      {.name = "first_frame_p50_newcomers",
       .label = "wait for the first frame, newcomers, median",
       .value = quantile(first_newcomers, 0.5),
       .unit = "min"},
      {.name = "first_frame_p99_newcomers",
       .label = "the same, 99th percentile",
       .value = quantile(first_newcomers, 0.99),
       .unit = "min"},
      {.name = "job_p50",
       .label = "from submission to the last frame, median",
       .value = quantile(whole, 0.5),
       .unit = "h"},
      {.name = "job_p99", .label = "the same, 99th percentile", .value = quantile(whole, 0.99), .unit = "h"},
      {.name = "pay_honest",
       .label = "vested pay per real work: honest",
       .value = honest,
       .low = 0.9,
       .high = 1.05,
       .unit = ""},
      {.name = "pay_saboteur",
       .label = "vested pay per real work: fakes one frame in five",
       .value = saboteur,
       .low = 0,
       .high = honest * 1.05,
       .unit = ""},
      {.name = "pay_inflator",
       .label = "vested pay per real work: inflates CPU time in one frame of five",
       .value = inflator,
       .low = 0,
       .high = honest * 1.05,
       .unit = ""},
      {.name = "audits_per_frame",
       .label = "audits per frame",
       .value = static_cast<double>(world.payroll().audits) / static_cast<double>(world.frames_done),
       .unit = ""},
      {.name = "audits_failed", .label = "audits failed", .value = static_cast<double>(caught), .unit = ""},
      {.name = "power_mean",
       .label = "mean of an honest PC's power, of the truth",
       .value = world.payroll().power_mean() * 100,
       .unit = "%"},
      {.name = "power_error",
       .label = "mean error of an honest PC's power",
       .value = world.payroll().power_error() * 100,
       .unit = "%"},
      {.name = "transactions",
       .label = "transactions in the ledger",
       .value = static_cast<double>(world.ledger().transactions()),
       .unit = ""}};
  world.settle();
  outcome.broken = world.ledger().broken();
  return outcome;
}

std::vector<Outcome> compare_formulas(Size const& size) {
  std::vector<Outcome> outcomes;
  Size const small{.seed = size.seed, .users = 200, .pcs = 200, .days = std::min(size.days, 30.0)};
  auto const run = [&](std::string title, PayRules const& rules, Crowd const& crowd) {
    World world({.seed = small.seed, .rules = rules});
    populate(world, small, crowd, 0.9);
    world.run(small.days);
    Outcome outcome{.title = std::move(title), .figures = {}, .broken = {}};
    outcome.figures = {
        {.name = "pay_honest", .label = "pay of the honest", .value = pay(world, Nature::honest), .unit = ""},
        {.name = "pay_saboteur", .label = "pay of saboteurs", .value = pay(world, Nature::saboteur), .unit = ""},
        {.name = "pay_inflator", .label = "pay of inflators", .value = pay(world, Nature::inflator), .unit = ""},
        {.name = "pay_boaster", .label = "pay of boasters", .value = pay(world, Nature::boaster), .unit = ""},
        {.name = "pay_colluder", .label = "pay of colluders", .value = pay(world, Nature::colluder), .unit = ""},
        {.name = "power_mean", .label = "mean power", .value = world.payroll().power_mean() * 100, .unit = "%"},
        {.name = "power_error", .label = "error of power", .value = world.payroll().power_error() * 100, .unit = "%"}};
    world.settle();
    outcome.broken = world.ledger().broken();
    outcomes.push_back(std::move(outcome));
  };
  struct Correction {
    int exponent;
    int anchor;
    bool at_end;
  };
  for (auto const& [exponent, anchor, at_end] : {Correction{0, 0, false},
                                                 {100, 0, false},
                                                 {100, 20, false},
                                                 {100, 50, false},
                                                 {100, 100, false},
                                                 {100, 0, true},
                                                 {100, 20, true}})
    run(fmt::format("P <- P (V/c)^{:.2f} (P_b/P)^{:.2f} {}", exponent / 1000.0, anchor / 1000.0,
                    at_end ? "at the end of a job" : "with each result"),
        {.power_exponent = exponent, .power_anchor = anchor, .power_at_job_end = at_end}, {});
  for (int const cap : {15, 5, 3})
    run(fmt::format("Fair value from at most {} results of one user, two farms that collude have half of the PCs", cap),
        {.value_cap = cap}, {.saboteurs = 0.05, .inflators = 0.05, .boasters = 0.05, .colluders = 2});
  run("Without vesting: what is not audited is paid at once", {.vests_after_audit = false}, {});
  return outcomes;
}

}  // namespace distren::sim
