// Jobs, their files, tasks and blobs. One function per stored procedure. Worker threads; see users.h for the rules of
// this folder. JSON travels as text; digests as 64 lower-case hexadecimal digits.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/result.h"
#include "server/database/connection.h"

namespace distren::store {

enum class JobState { active, paused, finished, failed, cancelled };
JobState parse_job_state(std::string_view name);  // of the database

// What the dispatcher follows of a job's row. Each change of it raises the revision: of two readings the one with the
// higher number is the newer, whichever arrives first.
struct JobControl {
  std::int64_t job = 0;
  std::int64_t revision = 0;
  JobState state = JobState::active;
  int priority = 50;
  bool needs_approval = false;
};
inline constexpr std::int64_t deleted_revision = INT64_MAX;  // nothing is newer than that there is no row
inline bool has_ended(JobState state) {
  return state != JobState::active && state != JobState::paused;
}

struct JobFile {
  std::string path;  // relative to the job's folder, '/' between parts
  std::string sha256;
  std::int64_t size = 0;
  bool operator==(JobFile const&) const = default;
};

// What renders a job, and how that is chosen (server/dispatch/renderer_choice.h). One job, one build: all its frames
// come from the same version and build.
struct JobRenderer {
  std::string version{};  // exact; empty: not chosen yet, its first order is
  std::string build{};    // SHA-256 of the archive that the grid delivers; empty: a program that volunteers installed
  std::string wanted{};   // by its owner: a version or the beginning of one, "4.3"; empty: the one that suits the file
  std::string saved{};    // the version that saved its main file; empty: not known
  std::string engine{};   // that it renders with, as the scene or its owner says; empty: not known
  [[nodiscard]] bool chosen() const { return !version.empty(); }
  auto operator<=>(JobRenderer const&) const = default;
};

// Of five columns that follow each other, in this order.
JobRenderer read_job_renderer(SqlRow const& row, unsigned first);

struct NewJob {
  std::string name;
  std::string method;      // must be known (ensure_method)
  std::string source;      // the main file: one of files' paths
  std::string parameters;  // JSON object, checked by the render method's definition
  std::string output;      // JSON object {"format","width","height","pattern","tiles"}; see order.h
  std::string version;     // oldest renderer version that can open it
  std::string warnings;    // JSON array of findings, see server/submit/finding.h
  int priority = 50;       // 1 to 100, the owner's own order
  bool paused = false;     // starts paused
  std::vector<JobFile> files;
  std::vector<int> frames;  // ascending, unique
  int tiles = 1;            // of each frame
  int after = -1;           // the place among those submitted together of the job whose output it is made of; -1: none,
                            // it has files of its own
  bool needs_approval = false;  // only its test frames until it is approved
  bool is_final_output = true;  // what people wait for; false: another job is made of it
  std::string output_folder{};  // beside the others'; empty: the submission's own
  JobRenderer renderer{};
};

struct NewSubmission {
  std::int64_t user = 0;
  std::int64_t project = 0;  // 0: none
  std::string sequence;      // of the shot that all of it belongs to, which is made where it is new; empty: none
  std::string shot;
  std::vector<NewJob> jobs;  // each after the one whose output it is made of
};

struct Job {
  std::int64_t id = 0;
  std::int64_t user = 0;
  std::string user_name;
  std::int64_t project = 0;
  std::string project_name{};
  std::string name;
  std::string method;
  JobState state = JobState::active;
  std::string reason;  // why it is paused, failed or cancelled
  std::string source;
  std::string parameters;
  std::string output;
  std::string version;
  std::string warnings;
  int priority = 50;
  std::int64_t first_task = 0;  // tasks of a job have consecutive ids, in the order of frames and their tiles
  int tasks = 0;
  int accepted = 0;
  int failed = 0;
  std::string created_at;             // UTC, ISO 8601
  std::string finished_at;            // empty: not yet
  std::int64_t escrow = 0;            // millipoints left of its boost
  int tiles = 1;                      // of each frame
  std::int64_t after = 0;             // the job whose output it is made of; 0: none
  std::int64_t submission = 0;        // the first of the jobs that were submitted with it; 0: alone
  std::int64_t shot = 0;              // of its project; 0: none
  std::string shot_name;              // SEQUENCE/SHOT
  bool needs_approval = false;        // only its test frames are rendered until it is approved
  std::int64_t revision = 0;          // see JobControl
  std::string paused_by{};            // owner, moderator or server; empty: it is not paused
  std::string render_warnings{"[]"};  // JSON: [{"code", "message", "count", "task_count"}...], code null: none
  JobRenderer renderer{};
  [[nodiscard]] JobControl control() const { return {id, revision, state, priority, needs_approval}; }
};

struct FurtherOutput {  // a file of a frame after its first
  std::string name{};   // below output/
  std::int64_t size = 0;
  std::string sha256{};
  int width = 0;
  int height = 0;
  std::string format{};  // as a result brings it; not in a Task
};

struct Task {
  std::int64_t id = 0;
  int frame = 0;
  std::string state;       // ready leased accepted failed cancelled
  int failures = 0;        // attempts that failed
  std::int64_t slave = 0;  // of the latest attempt
  std::string slave_name;
  std::string output;  // file name below output/, once accepted
  std::int64_t output_size = 0;
  std::string output_sha256;
  std::int64_t wall_ms = 0;
  std::int64_t cpu_ms = 0;
  std::string reason;                         // of the latest failure
  std::string outcome{};                      // of the latest attempt that ended
  std::string failure_code{};                 // of the latest failure; empty: nobody said
  std::vector<FurtherOutput> more_outputs{};  // after `output`
  std::string ended_at{};                     // UTC, ISO 8601; empty: none has
  std::string warnings{};  // of the latest attempt that ended, JSON: [{"code", "message", "count"}...]; empty: none
};

// A submission is written in four steps, and nobody sees anything of it before the last: its jobs with holds and files
// in one transaction; its tasks, some thousands at once; the folders, by the caller; then all of it becomes visible in
// one transaction. What was begun and is not complete is given up with delete_submission, and swept after a kill.
struct CreatedJob {
  std::int64_t job = 0;
  std::int64_t first_task = 0;
};
// Every file's blob must exist and be the user's (missing_blobs): conflict names those that are not. In order.
Result<std::vector<CreatedJob>> create_submission(Database&, NewSubmission const& submission);
Result<void> add_submission_tasks(Database&, NewJob const& job, CreatedJob const& created);
// submission: its first job. conflict: not all of it is there; not_found: it was given up.
Result<void> complete_submission(Database&, std::int64_t submission, std::string_view sequence, std::string_view shot);
// Of one that is not complete; after its folders were removed.
Result<void> delete_submission(Database&, std::int64_t submission);
struct AbandonedJob {
  std::int64_t submission = 0;
  std::int64_t job = 0;
};
// Those that were begun so long ago and are not complete.
Result<std::vector<AbandonedJob>> list_abandoned_jobs(Database&, std::int64_t age_s);

Result<Job> show_job(Database&, std::int64_t job);
// Newest first; user 0: everybody's; state empty: all; ids below `before` (0: from the start).
Result<std::vector<Job>> list_jobs(Database&, std::int64_t user, std::string_view state, std::int64_t before,
                                   int limit);
// The first job of each submission, like list_jobs.
Result<std::vector<Job>> list_first_jobs(Database&, std::int64_t user, std::int64_t before, int limit);
struct SubmittedJob {
  std::int64_t submission = 0;  // its first job
  std::int64_t id = 0;
  std::string name;
  std::string method;
  JobState state = JobState::active;
  bool is_final_output = true;
  std::string output_folder;
};
// Of these submissions, in order.
Result<std::vector<SubmittedJob>> list_submitted_jobs(Database&, std::vector<std::int64_t> const& submissions);
Result<std::vector<JobFile>> list_job_files(Database&, std::int64_t job);
// Frames above `after_task` (0: from the start), in order.
Result<std::vector<Task>> list_tasks(Database&, std::int64_t job, std::int64_t after_task, int limit);
// Calls with each frame that has an accepted image, in order; a thousand rows are in memory at a time.
Result<void> for_each_finished_task(Database&, std::int64_t job, std::function<void(Task const&)> const& take);

// not_found: no such task.
Result<std::int64_t> job_of_task(Database&, std::int64_t task);

// The task whose frame was accepted last; 0: none was.
Result<std::int64_t> latest_accepted(Database&, std::int64_t job);

// conflict names the state when the change makes no sense (resuming a finished job...). Idempotent.
// paused_by: owner or moderator.
Result<void> pause_job(Database&, std::int64_t job, std::string_view reason, std::string_view paused_by);
Result<void> resume_job(Database&, std::int64_t job);
Result<void> cancel_job(Database&, std::int64_t job, std::string_view reason);
// Unfinished jobs that are made of its output, or of theirs, and so on.
Result<std::vector<std::int64_t>> list_dependent_jobs(Database&, std::int64_t job, bool ended);
// Puts failed tasks, with `all` accepted ones too, or one task that is either, back to ready and the job to active;
// returns how many.
Result<int> requeue_job(Database&, std::int64_t job, bool all = false);
Result<int> requeue_task(Database&, std::int64_t job, std::int64_t task);
Result<std::int64_t> count_tasks(Database&, std::int64_t user);  // of all jobs of this user
// Of a job that needs approval not only the test frames (first, middle, last) may be rendered any more.
Result<void> approve_job(Database&, std::int64_t job);
// Absent values stay as they are.
Result<void> change_job(Database&, std::int64_t job, std::optional<std::string_view> name, std::optional<int> priority);
// Pins it to the version and build of this, as its owner wanted, with all its frames to be rendered again. Whether it
// changed; conflict as of requeue_job.
Result<bool> change_job_renderer(Database&, std::int64_t job, JobRenderer const& renderer);
// Removes the job with tasks, attempts and files' rows; the caller removes the folder.
Result<void> delete_job(Database&, std::int64_t job);

struct GridTotals {
  std::int64_t slaves = 0;  // not revoked
  std::int64_t active_jobs = 0;
  std::int64_t accepted_frames = 0;  // of jobs that are still there
  std::int64_t people = 0;           // accounts
  std::int64_t frames_an_hour = 0;   // accepted within the last hour, about
};
Result<GridTotals> show_totals(Database&);

struct Project {
  std::int64_t id = 0;
  std::int64_t user = 0;
  std::string name;
  int jobs = 0;
  std::int64_t revision = 0;
};
Result<std::int64_t> create_project(Database&, std::int64_t user, std::string_view name);
Result<std::vector<Project>> list_projects(Database&, std::int64_t user);
Result<Project> show_project(Database&, std::int64_t project);
Result<void> rename_project(Database&, std::int64_t project, std::string_view name);
Result<void> delete_project(Database&, std::int64_t project);  // conflict: jobs belong to it

// A finished upload: the blob's row and that this user owns it. Idempotent.
Result<void> record_blob(Database&, std::int64_t user, std::string_view sha256, std::int64_t size);
// Which of these the user has never uploaded himself. Knowing a digest is not owning the file.
Result<std::vector<std::string>> missing_blobs(Database&, std::int64_t user, std::vector<std::string> const& sha256);
// Blobs that no job refers to and that are older than age_s; rows are removed, the caller removes the files.
Result<std::vector<std::string>> delete_unused_blobs(Database&, std::int64_t age_s, int limit);

}  // namespace distren::store
