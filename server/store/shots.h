// Sequences and shots of projects. Worker threads; see users.h for the rules of this folder, its errors among them.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/result.h"
#include "server/database/connection.h"

namespace distren::store {

struct Shot {
  std::int64_t id = 0;
  std::int64_t project = 0;
  std::string project_name;
  std::int64_t user = 0;  // whose project it is
  std::string sequence;
  std::string name;
  std::string state;    // waiting work review done
  bool manual = false;  // the state; false: derived from its jobs
  int jobs = 0;
  std::int64_t latest_job = 0;  // newest that renders frames to look at; 0: none
  std::string latest_state;
  int latest_tasks = 0;
  int latest_accepted = 0;
  std::int64_t thumbnail_job = 0;  // newest of these that has a frame; 0: none
  int thumbnail_accepted = 0;
  std::string thumbnail_output;  // JSON object, see NewJob
  std::string created_at;        // UTC, ISO 8601
  std::int64_t revision = 0;     // raised by each change
};

// Found by its names, or made, with its sequence.
Result<std::int64_t> ensure_shot(Database&, std::int64_t project, std::string_view sequence, std::string_view name);
// Ids above `after` (0: from the start).
Result<std::vector<Shot>> list_shots(Database&, std::int64_t project, std::int64_t after, int limit);
Result<Shot> show_shot(Database&, std::int64_t shot);
// Absent values stay; state "" is what its jobs say.
Result<void> change_shot(Database&, std::int64_t shot, std::optional<std::string_view> sequence,
                         std::optional<std::string_view> name, std::optional<std::string_view> state);
// Its jobs stay.
Result<void> delete_shot(Database&, std::int64_t shot);
// A job of the shot's project; shot 0: takes it out.
Result<void> add_job_to_shot(Database&, std::int64_t shot, std::int64_t job);
// Newest first.
Result<std::vector<std::int64_t>> list_shot_jobs(Database&, std::int64_t shot);

}  // namespace distren::store
