// distren-sim: months of a grid in seconds, with the server's own dispatcher and formulas. Prints tables for people,
// then one line of JSON; exit status 1 when an invariant of the economy broke or a figure left its limits.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <chrono>
#include <nlohmann/json.hpp>

#include "common/base/command_line.h"
#include "tests/sim/scenarios.h"

using namespace distren::sim;

namespace {

// Returns how much is wrong.
int print(Outcome const& outcome, nlohmann::json& all) {
  int wrong = 0;
  fmt::print("\n{}\n", outcome.title);
  for (Figure const& figure : outcome.figures) {
    bool const limited = figure.low <= figure.high;
    bool const good = !limited || (figure.value >= figure.low && figure.value <= figure.high);
    bool const whole = figure.value == static_cast<double>(static_cast<std::int64_t>(figure.value));
    fmt::print("  {:<72} {:>12} {:<6}", figure.label,
               whole ? fmt::format("{:.0f}", figure.value) : fmt::format("{:.3f}", figure.value), figure.unit);
    if (limited) fmt::print(" {} {:.4g} to {:.4g}", good ? "in" : "NOT IN", figure.low, figure.high);
    fmt::print("\n");
    all[figure.name] = figure.value;
    wrong += good ? 0 : 1;
  }
  for (auto const& sentence : outcome.broken) fmt::print("  BROKEN: {}\n", sentence);
  return wrong + static_cast<int>(outcome.broken.size());
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app("Simulate a grid: users and PCs, honest and not, around the server's own dispatcher.", "distren-sim");
  Size size;
  bool compare = false;
  app.add_option("--seed", size.seed, "the same seed, the same figures")->capture_default_str();
  app.add_option("--users", size.users)->check(CLI::Range(20, 100000))->capture_default_str();
  app.add_option("--pcs", size.pcs)->check(CLI::Range(20, 100000))->capture_default_str();
  app.add_option("--days", size.days)->check(CLI::Range(1.0, 3660.0))->capture_default_str();
  app.add_flag("--compare", compare, "run the alternatives to our formulas too");
  if (auto const ended = distren::parse_command_line(app, argc, argv)) return *ended;

  auto const start = std::chrono::steady_clock::now();
  nlohmann::json figures = nlohmann::json::object();
  int wrong = 0;
  for (auto* const scenario : {shares_follow_weights, newcomers_and_fakes, nobody_starves, months_of_life}) {
    wrong += print(scenario(size), figures);
    std::fflush(stdout);
  }
  if (compare) {
    for (Outcome const& outcome : compare_formulas(size)) {
      nlohmann::json own = nlohmann::json::object();
      wrong += print(outcome, own);
      figures["compared"][outcome.title] = own;
    }
  }
  std::chrono::duration<double> const took = std::chrono::steady_clock::now() - start;
  figures["bench"] = "sim";
  figures["seed"] = size.seed;
  figures["seconds"] = took.count();
  figures["wrong"] = wrong;
  fmt::print("\n{}\n", figures.dump());
  return wrong == 0 ? 0 : 1;
}
