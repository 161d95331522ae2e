// How a submission is written: see jobs.h.
#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "common/base/json_text.h"
#include "server/store/jobs.h"

namespace distren::store {

namespace {

constexpr std::size_t tasks_at_once = 5000;

// The files of all jobs, each list once: variations of one scene have the same.
class FileSets {
public:
  // From 1; 0: none.
  std::size_t number_of(std::vector<JobFile> const& files) {
    if (files.empty()) return 0;
    for (std::size_t i = 0; i < sets_.size(); ++i) {
      if (*sets_[i] == files) return i + 1;
    }
    sets_.push_back(&files);
    return sets_.size();
  }
  [[nodiscard]] std::string text() const {
    nlohmann::json rows = nlohmann::json::array();
    for (std::size_t i = 0; i < sets_.size(); ++i) {
      for (JobFile const& file : *sets_[i]) rows.push_back({i + 1, file.path, file.sha256, file.size});
    }
    return to_text(rows);
  }

private:
  std::vector<std::vector<JobFile> const*> sets_;
};

nlohmann::json row_of(NewJob const& job, std::size_t file_set) {
  return {{"name", job.name},
          {"method", job.method},
          {"main_file", job.source},
          {"parameters", job.parameters},
          {"output", job.output},
          {"min_version", job.version},
          {"warnings", job.warnings},
          {"priority", job.priority},
          {"starts_paused", job.paused ? 1 : 0},
          {"needs_approval", job.needs_approval ? 1 : 0},
          {"frame_count", job.frames.size()},
          {"tiles_per_frame", job.tiles},
          {"depends_on", job.after + 1},
          {"file_set", file_set},
          {"is_final_output", job.is_final_output ? 1 : 0},
          {"output_folder", job.output_folder},
          {"renderer_version", job.renderer.version},
          {"renderer_build", job.renderer.build},
          {"wanted_version", job.renderer.wanted},
          {"saved_version", job.renderer.saved},
          {"engine", job.renderer.engine}};
}

}  // namespace

Result<std::vector<CreatedJob>> create_submission(Database& database, NewSubmission const& submission) {
  FileSets sets;
  nlohmann::json rows = nlohmann::json::array();
  for (NewJob const& job : submission.jobs) rows.push_back(row_of(job, sets.number_of(job.files)));
  std::string const jobs = to_text(rows);
  std::string const files = sets.text();
  std::vector<CreatedJob> created;
  auto const done = database.call(
      "submission_create", {submission.user, submission.project, std::string_view(jobs), std::string_view(files)},
      [&](SqlRow const& row) {
        created.push_back({row.integer(0), row.integer(1)});
      });
  if (!done) return done.error();
  return created;
}

Result<void> add_submission_tasks(Database& database, NewJob const& job, CreatedJob const& created) {
  auto const tiles = static_cast<std::size_t>(job.tiles);
  std::size_t const tasks = job.frames.size() * tiles;
  for (std::size_t from = 0; from < tasks; from += tasks_at_once) {
    std::string rows = "[";
    for (std::size_t i = from; i < std::min(tasks, from + tasks_at_once); ++i) {
      fmt::format_to(std::back_inserter(rows), "{}[{},{},{}]", i == from ? "" : ",",
                     created.first_task + static_cast<std::int64_t>(i), created.job, job.frames[i / tiles]);
    }
    rows += ']';
    if (auto const done = database.call("submission_add_tasks", {std::string_view(rows)}); !done) return done;
  }
  return {};
}

Result<void> complete_submission(Database& database, std::int64_t submission, std::string_view sequence,
                                 std::string_view shot) {
  return database.call("submission_complete", {submission, sequence, shot});
}

Result<std::vector<SubmittedJob>> list_submitted_jobs(Database& database,
                                                      std::vector<std::int64_t> const& submissions) {
  auto const ids = to_text(nlohmann::json(submissions));
  std::vector<SubmittedJob> jobs;
  auto const listed = database.call("submission_job_list", {std::string_view(ids)}, [&](SqlRow const& row) {
    jobs.push_back({.submission = row.integer(0),
                    .id = row.integer(1),
                    .name = row.text(2),
                    .method = row.text(3),
                    .state = parse_job_state(row.text(4)),
                    .is_final_output = row.integer(5) != 0,
                    .output_folder = row.text(6)});
  });
  if (!listed) return listed.error();
  return jobs;
}

Result<void> delete_submission(Database& database, std::int64_t submission) {
  return database.call("submission_delete", {submission});
}

Result<std::vector<AbandonedJob>> list_abandoned_jobs(Database& database, std::int64_t age_s) {
  std::vector<AbandonedJob> jobs;
  auto const listed = database.call("submission_abandoned", {age_s}, [&](SqlRow const& row) {
    jobs.push_back({row.integer(0), row.integer(1)});
  });
  if (!listed) return listed.error();
  return jobs;
}

}  // namespace distren::store
