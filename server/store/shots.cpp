#include "server/store/shots.h"

#include "server/store/values.h"

namespace distren::store {

namespace {

Shot read_shot(SqlRow const& row) {
  Shot shot;
  shot.id = row.integer(0);
  shot.project = row.integer(1);
  shot.project_name = row.text(2);
  shot.user = row.integer(3);
  shot.sequence = row.text(4);
  shot.name = row.text(5);
  shot.state = row.text(6);
  shot.manual = row.integer(7) != 0;
  shot.jobs = static_cast<int>(row.integer(8));
  shot.latest_job = row.integer(9);
  shot.latest_state = row.text(10);
  shot.latest_tasks = static_cast<int>(row.integer(11));
  shot.latest_accepted = static_cast<int>(row.integer(12));
  shot.thumbnail_job = row.integer(13);
  shot.thumbnail_accepted = static_cast<int>(row.integer(14));
  shot.thumbnail_output = row.text(15);
  shot.created_at = row.text(16);
  shot.revision = row.integer(17);
  return shot;
}

}  // namespace

Result<std::int64_t> ensure_shot(Database& database, std::int64_t project, std::string_view sequence,
                                 std::string_view name) {
  std::int64_t id = 0;
  auto const made =
      database.call("shot_ensure", {project, sequence, name}, [&](SqlRow const& row) { id = row.integer(0); });
  if (!made) return made.error();
  return id;
}

Result<std::vector<Shot>> list_shots(Database& database, std::int64_t project, std::int64_t after, int limit) {
  std::vector<Shot> shots;
  auto const listed = database.call("shot_list", {project, std::int64_t{0}, after, std::int64_t{limit}},
                                    [&](SqlRow const& row) { shots.push_back(read_shot(row)); });
  if (!listed) return listed.error();
  return shots;
}

Result<Shot> show_shot(Database& database, std::int64_t shot) {
  Shot found;
  auto const shown = database.call("shot_list", {std::int64_t{0}, shot, std::int64_t{0}, std::int64_t{1}},
                                   [&](SqlRow const& row) { found = read_shot(row); });
  if (!shown) return shown.error();
  return found;
}

Result<void> change_shot(Database& database, std::int64_t shot, std::optional<std::string_view> sequence,
                         std::optional<std::string_view> name, std::optional<std::string_view> state) {
  return database.call("shot_change", {shot, or_null(sequence), or_null(name), or_null(state)});
}

Result<void> delete_shot(Database& database, std::int64_t shot) {
  return database.call("shot_delete", {shot});
}

Result<void> add_job_to_shot(Database& database, std::int64_t shot, std::int64_t job) {
  return database.call("shot_add_job", {shot, job});
}

Result<std::vector<std::int64_t>> list_shot_jobs(Database& database, std::int64_t shot) {
  std::vector<std::int64_t> jobs;
  auto const listed =
      database.call("shot_job_list", {shot}, [&](SqlRow const& row) { jobs.push_back(row.integer(0)); });
  if (!listed) return listed.error();
  return jobs;
}

}  // namespace distren::store
