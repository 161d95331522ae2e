#include "server/dispatch/blocks.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "common/base/text.h"

namespace distren {

namespace {

using nlohmann::json;

constexpr std::size_t longest_name = 200;  // bytes

template <typename Take>
void each_in(json const& message, char const* key, Take const& take) {
  auto const found = message.find(key);
  if (found == message.end() || !found->is_array()) return;
  std::size_t left = Blocks::most;
  for (auto const& one : *found) {
    if (left-- == 0) return;
    take(one);
  }
}

}  // namespace

std::string Blocks::of(store::RunnableJob const& job) const {
  if (users.contains(job.user) || (!user_names.empty() && user_names.contains(lower_case(job.user_name))))
    return "user " + job.user_name;
  if (job.project != 0 && projects.contains(job.project)) return fmt::format("project {}", job.project);
  return jobs.contains(job.id) ? fmt::format("job {}", job.id) : std::string();
}

std::unordered_map<std::int64_t, Blocks> blocks_by_slave(std::vector<store::SlaveBlock> const& rows) {
  std::unordered_map<std::int64_t, Blocks> all;
  for (auto const& row : rows) {
    Blocks& of = all[row.slave];
    (row.kind == "user" ? of.users : row.kind == "project" ? of.projects : of.jobs).insert(row.target);
  }
  return all;
}

Blocks parse_blocks(json const& message) {
  Blocks blocks;
  if (!message.is_object()) return blocks;
  each_in(message, "users", [&blocks](json const& name) {
    if (name.is_string() && name.get_ref<std::string const&>().size() <= longest_name)
      blocks.user_names.insert(lower_case(name.get_ref<std::string const&>()));
  });
  auto const number = [](std::unordered_set<std::int64_t>& into) {
    return [&into](json const& one) {
      if (one.is_number_integer()) into.insert(one.get<std::int64_t>());
    };
  };
  each_in(message, "projects", number(blocks.projects));
  each_in(message, "jobs", number(blocks.jobs));
  return blocks;
}

}  // namespace distren
