#include "server/store/jobs.h"

#include <nlohmann/json.hpp>

#include "common/base/json_text.h"

namespace distren::store {

JobState parse_job_state(std::string_view name) {
  if (name == "active") return JobState::active;
  if (name == "paused") return JobState::paused;
  if (name == "finished") return JobState::finished;
  return name == "failed" ? JobState::failed : JobState::cancelled;
}

JobRenderer read_job_renderer(SqlRow const& row, unsigned first) {
  return {.version = row.text(first),
          .build = row.text(first + 1),
          .wanted = row.text(first + 2),
          .saved = row.text(first + 3),
          .engine = row.text(first + 4)};
}

namespace {

Job read_job(SqlRow const& row) {
  Job job;
  job.id = row.integer(0);
  job.user = row.integer(1);
  job.user_name = row.text(2);
  job.project = row.integer(3);
  job.name = row.text(4);
  job.method = row.text(5);
  job.state = parse_job_state(row.text(6));
  job.reason = row.text(7);
  job.source = row.text(8);
  job.parameters = row.text(9);
  job.output = row.text(10);
  job.version = row.text(11);
  job.warnings = row.text(12);
  job.priority = static_cast<int>(row.integer(13));
  job.first_task = row.integer(14);
  job.tasks = static_cast<int>(row.integer(15));
  job.accepted = static_cast<int>(row.integer(16));
  job.failed = static_cast<int>(row.integer(17));
  job.created_at = row.text(18);
  job.finished_at = row.text(19);
  job.escrow = row.integer(20);
  job.tiles = static_cast<int>(row.integer(21));
  job.after = row.integer(22);
  job.submission = row.integer(23);
  job.shot = row.integer(24);
  job.shot_name = row.text(25);
  job.needs_approval = row.integer(26) != 0;
  job.revision = row.integer(27);
  job.project_name = row.text(28);
  job.render_warnings = row.text(29);
  job.paused_by = row.text(30);
  job.renderer = read_job_renderer(row, 31);
  return job;
}

std::vector<FurtherOutput> read_outputs(std::string const& text) {
  std::vector<FurtherOutput> outputs;
  auto const rows = nlohmann::json::parse(text, nullptr, false);
  if (!rows.is_array()) return outputs;
  for (auto const& row : rows)
    outputs.push_back({.name = row.value("name", ""),
                       .size = row.value("size_bytes", std::int64_t{0}),
                       .sha256 = row.value("sha256", ""),
                       .width = row.value("width", 0),
                       .height = row.value("height", 0)});
  return outputs;
}

Task read_task(SqlRow const& row) {
  Task task;
  task.id = row.integer(0);
  task.frame = static_cast<int>(row.integer(1));
  task.state = row.text(2);
  task.failures = static_cast<int>(row.integer(3));
  task.slave = row.integer(4);
  task.slave_name = row.text(5);
  task.output = row.text(6);
  task.output_size = row.integer(7);
  task.output_sha256 = row.text(8);
  task.wall_ms = row.integer(9);
  task.cpu_ms = row.integer(10);
  task.reason = row.text(11);
  task.outcome = row.text(12);
  task.failure_code = row.text(14);
  task.ended_at = row.text(13);
  task.warnings = row.text(15);
  if (!row.is_null(16)) task.more_outputs = read_outputs(row.text(16));
  return task;
}

}  // namespace

Result<Job> show_job(Database& database, std::int64_t job) {
  Job found;
  auto const shown = database.call("job_show", {job}, [&](SqlRow const& row) { found = read_job(row); });
  if (!shown) return shown.error();
  return found;
}

namespace {

Result<std::vector<Job>> call_job_list(Database& database, std::int64_t user, std::string_view state,
                                       std::int64_t before, int limit, bool submissions) {
  std::vector<Job> jobs;
  auto const listed = database.call("job_list", {user, state, before, std::int64_t{limit}, std::int64_t{submissions}},
                                    [&](SqlRow const& row) { jobs.push_back(read_job(row)); });
  if (!listed) return listed.error();
  return jobs;
}

}  // namespace

Result<std::vector<Job>> list_jobs(Database& database, std::int64_t user, std::string_view state, std::int64_t before,
                                   int limit) {
  return call_job_list(database, user, state, before, limit, false);
}

Result<std::vector<Job>> list_first_jobs(Database& database, std::int64_t user, std::int64_t before, int limit) {
  return call_job_list(database, user, "", before, limit, true);
}

Result<std::vector<JobFile>> list_job_files(Database& database, std::int64_t job) {
  std::vector<JobFile> files;
  auto const listed = database.call("job_file_list", {job}, [&](SqlRow const& row) {
    files.push_back({row.text(0), row.text(1), row.integer(2)});
  });
  if (!listed) return listed.error();
  return files;
}

Result<std::vector<Task>> list_tasks(Database& database, std::int64_t job, std::int64_t after_task, int limit) {
  std::vector<Task> tasks;
  auto const listed = database.call("task_list", {job, after_task, std::int64_t{limit}},
                                    [&](SqlRow const& row) { tasks.push_back(read_task(row)); });
  if (!listed) return listed.error();
  return tasks;
}

Result<void> for_each_finished_task(Database& database, std::int64_t job,
                                    std::function<void(Task const&)> const& take) {
  constexpr int rows = 1000;
  std::int64_t after = 0;
  for (;;) {
    auto const tasks = list_tasks(database, job, after, rows);
    if (!tasks) return tasks.error();
    for (auto const& task : *tasks)
      if (task.state == "accepted" && !task.output.empty()) take(task);
    if (tasks->size() < static_cast<std::size_t>(rows)) return {};
    after = tasks->back().id;
  }
}

Result<std::int64_t> job_of_task(Database& database, std::int64_t task) {
  std::int64_t job = 0;
  auto const found = database.call("task_job", {task}, [&](SqlRow const& row) { job = row.integer(0); });
  if (!found) return found.error();
  return job;
}

Result<std::int64_t> latest_accepted(Database& database, std::int64_t job) {
  std::int64_t task = 0;
  auto const found = database.call("task_latest", {job}, [&](SqlRow const& row) { task = row.integer(0); });
  if (!found) return found.error();
  return task;
}

Result<std::vector<std::int64_t>> list_dependent_jobs(Database& database, std::int64_t job, bool ended) {
  std::vector<std::int64_t> jobs;
  auto const listed = database.call("job_list_dependents", {job, std::int64_t{ended}},
                                    [&](SqlRow const& row) { jobs.push_back(row.integer(0)); });
  if (!listed) return listed.error();
  return jobs;
}

Result<void> pause_job(Database& database, std::int64_t job, std::string_view reason, std::string_view paused_by) {
  return database.call("job_pause", {job, reason, paused_by});
}

Result<void> resume_job(Database& database, std::int64_t job) {
  return database.call("job_resume", {job});
}

Result<void> cancel_job(Database& database, std::int64_t job, std::string_view reason) {
  return database.call("job_cancel", {job, reason});
}

namespace {

Result<int> requeue(Database& database, std::int64_t job, std::int64_t task, bool all) {
  int requeued = 0;
  auto const done = database.call("job_requeue", {job, task, std::int64_t{all}},
                                  [&](SqlRow const& row) { requeued = static_cast<int>(row.integer(0)); });
  if (!done) return done.error();
  return requeued;
}

}  // namespace

Result<int> requeue_job(Database& database, std::int64_t job, bool all) {
  return requeue(database, job, 0, all);
}

Result<int> requeue_task(Database& database, std::int64_t job, std::int64_t task) {
  return requeue(database, job, task, false);
}

Result<std::int64_t> count_tasks(Database& database, std::int64_t user) {
  std::int64_t tasks = 0;
  auto const counted = database.call("user_task_count", {user}, [&](SqlRow const& row) { tasks = row.integer(0); });
  if (!counted) return counted.error();
  return tasks;
}

Result<void> approve_job(Database& database, std::int64_t job) {
  return database.call("job_approve", {job});
}

Result<void> change_job(Database& database, std::int64_t job, std::optional<std::string_view> name,
                        std::optional<int> priority) {
  return database.call("job_change", {job, name ? SqlValue(*name) : SqlValue(nullptr),
                                      priority ? SqlValue(std::int64_t{*priority}) : SqlValue(nullptr)});
}

Result<bool> change_job_renderer(Database& database, std::int64_t job, JobRenderer const& renderer) {
  bool changed = false;
  auto const done = database.call(
      "job_renderer_change",
      {job, std::string_view(renderer.version), std::string_view(renderer.build), std::string_view(renderer.wanted)},
      [&](SqlRow const& row) { changed = row.integer(0) != 0; });
  if (!done) return done.error();
  return changed;
}

Result<void> delete_job(Database& database, std::int64_t job) {
  return database.call("job_delete", {job});
}

Result<GridTotals> show_totals(Database& database) {
  GridTotals totals;
  auto const shown = database.call("grid_show", {}, [&](SqlRow const& row) {
    totals = {row.integer(0), row.integer(1), row.integer(2), row.integer(3), row.integer(4)};
  });
  if (!shown) return shown.error();
  return totals;
}

Result<std::int64_t> create_project(Database& database, std::int64_t user, std::string_view name) {
  std::int64_t id = 0;
  auto const created = database.call("project_create", {user, name}, [&](SqlRow const& row) { id = row.integer(0); });
  if (!created) return created.error();
  return id;
}

namespace {

Project read_project(SqlRow const& row) {
  return {row.integer(0), row.integer(1), row.text(2), static_cast<int>(row.integer(3)), row.integer(4)};
}

}  // namespace

Result<std::vector<Project>> list_projects(Database& database, std::int64_t user) {
  std::vector<Project> projects;
  auto const listed =
      database.call("project_list", {user}, [&](SqlRow const& row) { projects.push_back(read_project(row)); });
  if (!listed) return listed.error();
  return projects;
}

Result<Project> show_project(Database& database, std::int64_t project) {
  Project found;
  auto const shown = database.call("project_show", {project}, [&](SqlRow const& row) { found = read_project(row); });
  if (!shown) return shown.error();
  return found;
}

Result<void> rename_project(Database& database, std::int64_t project, std::string_view name) {
  return database.call("project_rename", {project, name});
}

Result<void> delete_project(Database& database, std::int64_t project) {
  return database.call("project_delete", {project});
}

Result<void> record_blob(Database& database, std::int64_t user, std::string_view sha256, std::int64_t size) {
  return database.call("blob_record", {user, sha256, size});
}

Result<std::vector<std::string>> missing_blobs(Database& database, std::int64_t user,
                                               std::vector<std::string> const& sha256) {
  std::string const digests = to_text(nlohmann::json(sha256));
  std::vector<std::string> missing;
  auto const listed = database.call("blob_missing", {user, std::string_view(digests)},
                                    [&](SqlRow const& row) { missing.push_back(row.text(0)); });
  if (!listed) return listed.error();
  return missing;
}

Result<std::vector<std::string>> delete_unused_blobs(Database& database, std::int64_t age_s, int limit) {
  std::vector<std::string> taken;
  auto const listed = database.call("blob_delete_unused", {age_s, std::int64_t{limit}},
                                    [&](SqlRow const& row) { taken.push_back(row.text(0)); });
  if (!listed) return listed.error();
  return taken;
}

}  // namespace distren::store
