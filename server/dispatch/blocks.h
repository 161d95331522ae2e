// Work that a slave is not to be offered, since it or its owner said so: of certain people, projects or jobs. Values;
// any thread. What is asked of it per job offered is four look-ups, and nothing where there are no blocks.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "server/store/journal.h"
#include "server/store/slaves.h"

namespace distren {

namespace protocol {
struct Blocks;
}

struct Blocks {
  std::unordered_set<std::int64_t> users{};
  std::unordered_set<std::string> user_names{};  // in lower case, as names compare
  std::unordered_set<std::int64_t> projects{};
  std::unordered_set<std::int64_t> jobs{};

  [[nodiscard]] bool empty() const { return users.empty() && user_names.empty() && projects.empty() && jobs.empty(); }
  // What of this job is blocked, for people: "user mallory", "project 3", "job 5"; empty: nothing.
  [[nodiscard]] std::string of(store::RunnableJob const& job) const;
};

Blocks blocks_of(protocol::Blocks const& said);  // of an announce
// As the database has them, of many slaves.
std::unordered_map<std::int64_t, Blocks> blocks_by_slave(std::vector<store::SlaveBlock> const& rows);

}  // namespace distren
