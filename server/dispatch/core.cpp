#include "server/dispatch/core.h"

#include <set>
#include <utility>

namespace distren {

namespace {

Benchmarks benchmarks_of(DispatchSettings const& settings) {
  std::set<std::string> methods;
  for (BenchmarkPlan const& plan : settings.benchmarks) methods.insert(plan.method.name);
  return Benchmarks(std::move(methods));
}

}  // namespace

DispatchCore::DispatchCore(DispatchSettings its_settings, OrderLinks its_links, Policy& its_policy,
                           DispatchEffects& its_effects)
    : settings(std::move(its_settings)),
      links(std::move(its_links)),
      policy(its_policy),
      effects(its_effects),
      benchmarks(benchmarks_of(settings)) {}

}  // namespace distren
