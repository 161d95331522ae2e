#include "server/dispatch/blocks.h"

#include <fmt/format.h>

#include "common/base/text.h"
#include "common/protocol/announce.h"

namespace distren {

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

Blocks blocks_of(protocol::Blocks const& said) {
  Blocks blocks;
  for (auto const& name : said.user_names) blocks.user_names.insert(lower_case(name));
  blocks.projects.insert(said.project_ids.begin(), said.project_ids.end());
  blocks.jobs.insert(said.job_ids.begin(), said.job_ids.end());
  return blocks;
}

}  // namespace distren
