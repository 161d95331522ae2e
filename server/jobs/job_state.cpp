#include "server/jobs/job_state.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace distren {

namespace {

// In the order of store::JobState.
constexpr std::array<std::string_view, 5> names{"active", "paused", "finished", "failed", "cancelled"};

}  // namespace

std::string_view job_state_name(store::JobState state) {
  return names.at(static_cast<std::size_t>(state));
}

std::string job_state_names() {
  return fmt::format("{}", fmt::join(names, " "));
}

bool is_job_state(std::string_view name) {
  return std::ranges::find(names, name) != names.end();
}

}  // namespace distren
