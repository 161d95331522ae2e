#include "tests/sim/scenarios.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "tests/sim/world.h"

namespace distren::sim {

namespace {

// The PCs belong to people who are not among the competitors, so that nobody's rank changes while shares are measured.
void add_pcs(World& world, int count, Random& random) {
  constexpr int hosts = 10;
  std::int64_t const first = world.add(User{});
  for (int i = 1; i < hosts; ++i) world.add(User{});
  for (int i = 0; i < count; ++i)
    world.add(Pc{.user = first + i % hosts,
                 .cores = 4 << static_cast<int>(random.between(0, 3)),
                 .true_power = static_cast<std::int64_t>(random.between(400, 2200))});
}

double share(World const& world, std::int64_t user) {
  return static_cast<double>(world.users()[static_cast<std::size_t>(user)].given) /
         static_cast<double>(world.total_given);
}

void measure(World& world, double warm_days, double days) {
  world.run(warm_days);
  world.total_given = 0;
  world.longest_frame = 0;
  world.forget_measures();
  world.run(days);
}

}  // namespace

// Eighty people with always something to render, in four ranks, and twenty newcomers.
Outcome shares_follow_weights(Size const& size) {
  World world({.seed = size.seed});
  Random random(size.seed + 7);
  std::vector<std::int64_t> const ranks{0, 60'000, 600'000, 3'000'000, 40'000'000};
  std::vector<std::vector<std::int64_t>> of_rank(ranks.size());
  double weights = 0;
  for (std::size_t rank = 0; rank < ranks.size(); ++rank) {
    for (int i = 0; i < 20; ++i) {
      of_rank[rank].push_back(world.add(
          User{.points = ranks[rank], .backlogged = true, .shape = {.frames = 500, .work = 100'000 << (i % 4)}}));
      weights += static_cast<double>(economy::user_weight(ranks[rank]));
    }
  }
  add_pcs(world, 100, random);
  measure(world, 1, std::min(size.days, 10.0));
  Outcome outcome{.title = "Shares of 100 people with always something to render", .figures = {}, .broken = {}};
  for (std::size_t rank = 0; rank < ranks.size(); ++rank) {
    double got = 0;
    for (std::int64_t const user : of_rank[rank]) got += share(world, user);
    auto const weight = static_cast<double>(economy::user_weight(ranks[rank]));
    double const due = 0.8 * 20 * weight / weights + 0.2 * 20 / 100;
    outcome.figures.push_back({.name = fmt::format("share_rank_{}", rank),
                               .label = fmt::format("20 people with {} points, weight {:.2f}: due {:.2f} %",
                                                    ranks[rank] / 1000, weight / 1000, due * 100),
                               .value = got * 100,
                               .low = due * 97,
                               .high = due * 103,
                               .unit = "%"});
  }
  outcome.figures.push_back({.name = "same_job_orders",
                             .label = "orders for the job that the PC rendered before",
                             .value = 100.0 * static_cast<double>(world.same_job) / static_cast<double>(world.orders),
                             .unit = "%"});
  world.settle();
  outcome.broken = world.ledger().broken();
  return outcome;
}

// Eleven contributors; then one newcomer, or a hundred accounts of one person, with and without a little work each.
Outcome newcomers_and_fakes(Size const& size) {
  Outcome outcome{.title = "Eleven contributors, and who comes new", .figures = {}, .broken = {}};
  auto const run = [&](int newcomers, std::int64_t points_each) {
    World world({.seed = size.seed});
    Random random(size.seed + 7);
    for (int i = 0; i < 11; ++i)
      world.add(User{.points = 6'000'000, .backlogged = true, .shape = {.frames = 500, .work = 100'000}});
    std::vector<std::int64_t> fresh;
    for (int i = 0; i < newcomers; ++i)
      fresh.push_back(
          world.add(User{.points = points_each, .backlogged = true, .shape = {.frames = 500, .work = 100'000}}));
    add_pcs(world, 50, random);
    measure(world, 1, std::min(size.days, 5.0));
    double got = 0;
    for (std::int64_t const user : fresh) got += share(world, user);
    world.settle();
    outcome.broken.insert(outcome.broken.end(), world.ledger().broken().begin(), world.ledger().broken().end());
    return got * 100;
  };
  outcome.figures = {
      {.name = "newcomer_share", .label = "one newcomer", .value = run(1, 0), .low = 1.55, .high = 1.8, .unit = "%"},
      {.name = "fakes_share",
       .label = "100 fake newcomers together",
       .value = run(100, 0),
       .low = 17,
       .high = 19,
       .unit = "%"},
      {.name = "fakes_with_a_frame_share",
       .label = "100 fakes with a frame of one point each",
       .value = run(100, 1000),
       .low = 17,
       .high = 19,
       .unit = "%"},
      // 430 points weigh 1.0 here: as much as a single point would, did weight begin at one.
      {.name = "fakes_with_a_frame_share_if_weight_began_at_one",
       .label = "the same, if weight began at 1 with the first point",
       .value = run(100, 428'000),
       .unit = "%"}};
  return outcome;
}

// Frames from a second to hours, ranks and newcomers: how much work is begun between two turns of one who waits.
Outcome nobody_starves(Size const& size) {
  World world({.seed = size.seed});
  Random random(size.seed + 7);
  constexpr int people = 120;
  for (int i = 0; i < people; ++i)
    world.add(User{.points = i % 3 == 0 ? 0 : static_cast<std::int64_t>(random.log_normal(2e6, 2)),
                   .backlogged = true,
                   .shape = {.frames = 300, .work = std::int64_t{2000} << (i % 10)}});
  add_pcs(world, 40, random);
  measure(world, 1, std::min(size.days, 5.0));
  std::int64_t worst = 0;
  for (User const& user : world.users()) {
    if (!user.backlogged) continue;
    worst = std::max({worst, user.longest_gap, world.total_given - user.total_at_turn});
  }
  double const bound =
      static_cast<double>(2 * people * world.longest_frame) / 0.2 + static_cast<double>(world.longest_frame);
  Outcome outcome{.title = "Starvation: work begun between two turns of one who waits", .figures = {}, .broken = {}};
  outcome.figures = {{.name = "starvation_bound",
                      .label = fmt::format("bound 2 N q / 0.2 + q for {} people, frames to {} points", people,
                                           world.longest_frame / 1000),
                      .value = bound / 1000,
                      .unit = "points"},
                     {.name = "starvation_worst",
                      .label = "longest seen",
                      .value = static_cast<double>(worst) / 1000,
                      .low = 0,
                      .high = bound / 1000,
                      .unit = "points"}};
  world.settle();
  outcome.broken = world.ledger().broken();
  return outcome;
}

}  // namespace distren::sim
