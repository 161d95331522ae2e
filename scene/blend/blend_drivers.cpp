#include "scene/blend/blend_drivers.h"

#include "scene/blend/driver_expression.h"

namespace distren {
namespace {

constexpr int driver_of_expression = 1;  // of Blender's DNA_anim_types.h
constexpr std::size_t max_variables = 1000;

}  // namespace

BlendDrivers::BlendDrivers(BlendDna const& dna)
    : driver_(dna.struct_index("ChannelDriver")), variable_(dna.struct_index("DriverVar")) {}

bool BlendDrivers::wants(std::uint64_t struct_index) const {
  return struct_index == driver_ || struct_index == variable_;
}

void BlendDrivers::take(Record const& record) {
  if (record.type() == "DriverVar") {
    if (open_ && names_.size() < max_variables) names_.push_back(record.text("name").value_or(""));
    return;
  }
  judge();
  ++all_;
  if (record.integer("type") != driver_of_expression) return;
  expression_ = record.text("expression").value_or("");
  open_ = true;
}

void BlendDrivers::judge() {
  if (open_ && !is_simple_expression(expression_, names_)) ++scripted_;
  open_ = false;
  names_.clear();
}

int BlendDrivers::scripted() {
  judge();
  return scripted_;
}

}  // namespace distren
