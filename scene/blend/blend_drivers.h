// Counts the drivers of a .blend, and those that need Python: scripted ones whose expression is none of Blender's
// simple ones (driver_expression.h). Fed by BlendCollector with structs in file order: a driver, then its variables.
// One thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "scene/blend/blend_dna.h"

namespace distren {

class BlendDrivers {
public:
  explicit BlendDrivers(BlendDna const& dna);

  [[nodiscard]] bool wants(std::uint64_t struct_index) const;
  void take(Record const& record);

  [[nodiscard]] int all() const { return all_; }
  [[nodiscard]] int scripted();

private:
  void judge();

  std::optional<std::size_t> driver_, variable_;
  std::string expression_;  // of the scripted driver at hand, or empty
  std::vector<std::string> names_;
  bool open_ = false;
  int all_ = 0, scripted_ = 0;
};

}  // namespace distren
