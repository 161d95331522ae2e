// What is simulated, and what must come out. Each scenario builds a world, runs it and returns its figures; a figure
// outside its limits is a failure with a sentence.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "tests/sim/payroll.h"

namespace distren::sim {

struct Size {
  std::uint64_t seed = 1;
  int users = 1000;
  int pcs = 1000;
  double days = 60;
};

struct Figure {
  std::string name;   // of the JSON member
  std::string label;  // for people
  double value = 0;
  double low = 0;  // limits; low > high: none
  double high = -1;
  std::string unit;
};

struct Outcome {
  std::string title;
  std::vector<Figure> figures;
  std::vector<std::string> broken;  // invariants of the ledger
};

Outcome shares_follow_weights(Size const& size);
Outcome newcomers_and_fakes(Size const& size);
Outcome nobody_starves(Size const& size);
Outcome months_of_life(Size const& size);

// The same world by two or more formulas.
std::vector<Outcome> compare_formulas(Size const& size);

}  // namespace distren::sim
