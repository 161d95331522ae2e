// The dispatcher's journal: what it loads at start and the batches it writes. Called on the journal's own thread.
// One write_journal is one transaction and one procedure call; after it returns, everything in it is durable.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "common/base/result.h"
#include "common/protocol/result.h"
#include "server/database/connection.h"
#include "server/store/jobs.h"

namespace distren::store {

struct RunnableJob {
  std::int64_t id = 0;
  std::int64_t user = 0;
  std::string user_name{};
  std::int64_t project = 0;  // 0: none
  std::string method;
  std::string source;
  std::string parameters;
  std::string output;
  std::string version;
  int priority = 50;
  std::string state;          // active or paused
  std::int64_t revision = 0;  // of the row, see JobControl; its tasks are at least as new
  std::int64_t first_task = 0;
  int tasks = 0;
  int tiles = 1;                // of each frame
  std::int64_t after = 0;       // the job whose output it is made of; 0: none
  bool waits = false;           // that job is not finished yet
  bool needs_approval = false;  // only its test frames are given out
  JobRenderer renderer{};
  std::vector<JobFile> files;
};

struct RunnableTask {  // unfinished tasks only
  std::int64_t id = 0;
  std::int64_t job = 0;
  int frame = 0;
  int failures = 0;
};

struct LiveLease {
  std::int64_t attempt = 0;
  std::int64_t task = 0;
  std::int64_t slave = 0;
  std::int64_t expires_ms = 0;  // UNIX time
};

struct FailedOn {  // a task that failed on a slave never returns to it
  std::int64_t task = 0;
  std::int64_t slave = 0;
  std::int64_t user = 0;  // whose slave; 0: it is not there any more
};

// Before the jobs are loaded: fails those whose source failed or was cancelled, which an older server left waiting.
Result<void> fail_stranded_jobs(Database&);
Result<std::vector<RunnableJob>> load_jobs(Database&, std::int64_t only_job = 0);
// Pins a job that nothing is chosen for: from now on this version and build render it. What it is pinned to then, which
// is another when it was pinned before. not_found: there is no such job.
Result<JobRenderer> pin_job(Database&, std::int64_t job, std::string_view version, std::string_view build);
Result<std::vector<RunnableTask>> load_tasks(Database&, std::int64_t only_job = 0);
Result<std::vector<LiveLease>> load_leases(Database&);
Result<std::vector<FailedOn>> load_failures(Database&, std::int64_t only_job = 0);

// Returns the first of `count` attempt numbers that nobody else will ever get.
Result<std::int64_t> reserve_attempts(Database&, std::int64_t count);

struct LeaseEntry {  // an attempt that was handed out
  std::int64_t attempt = 0;
  std::int64_t task = 0;
  std::int64_t slave = 0;
  std::int64_t expires_ms = 0;
};

enum class Outcome { accepted, failed, rejected, returned, expired, cancelled };

struct OutcomeEntry {  // an attempt that ended; accepted ones carry the file
  std::int64_t attempt = 0;
  std::int64_t task = 0;
  std::int64_t slave = 0;
  Outcome outcome = Outcome::accepted;
  std::int64_t cpu_ms = 0;
  std::int64_t wall_ms = 0;
  int memory_mib = 0;
  bool may_win = false;  // accepted: its image is stored, and no other of its task can be; else it is only answered
  std::string output{};  // file name below output/
  std::int64_t output_size = 0;
  std::string output_sha256{};
  std::vector<FurtherOutput> more_outputs{};  // after that one
  std::string reason{};
  protocol::ResultCode result_code = protocol::ResultCode::other;    // of failed and returned
  protocol::VerdictCode verdict_code = protocol::VerdictCode::none;  // why it is rejected, or another was first
  std::vector<protocol::RenderWarning> warnings{};                   // each kind once
  bool counts = false;                                               // this failure counts against the task
  bool task_failed = false;                                          // it was the last one the task may have
  // What an accepted frame is worth, in millipoints (economy.md); claim 0: nobody is paid. The database holds the grant
  // to claim, grant_limit and 1.15 * fair_value again, and pays nothing for one's own job.
  std::int64_t claim = 0;
  std::int64_t fair_value = 0;  // 0: not known yet, the grant is held
  std::int64_t grant = 0;
  std::int64_t grant_limit = 0;  // 1.25 * demonstrated power * wall time by the server's clock
  int boost = 0;                 // L of the job, thousandths
};

// A batch goes to journal_write as rows of values in this order, named as its JSON_TABLEs name them;
// tests/unit/server/store compares the two. Arrays, not objects: objects cost the database 20 to 60 % more CPU per
// result (bench_journal).
inline constexpr std::array<std::string_view, 4> lease_fields{"attempt_id", "task_id", "slave_id", "expires_ms"};
inline constexpr std::array<std::string_view, 21> outcome_fields{
    "attempt_id",      "task_id",     "slave_id",    "outcome",      "cpu_ms", "wall_ms",  "peak_memory_mib",
    "is_last",         "reason",      "output_name", "size_bytes",   "sha256", "claim",    "fair_value",
    "requested_grant", "grant_limit", "boost",       "failure_code", "counts", "warnings", "outputs"};

// Why there is no image of it, for programs: a code of a result or of a verdict; empty: nobody said.
std::string_view failure_code(OutcomeEntry const& outcome);

struct JournalBatch {
  std::vector<LeaseEntry> leases;
  std::vector<OutcomeEntry> outcomes;
};

struct JournalReply {  // what became of each outcome, in order
  // accepted: this attempt is the task's result (also when it was already). superseded: another attempt's image is.
  // ended: a good result, but the attempt or its task had ended before. recorded: an outcome without a result.
  enum class Verdict { accepted, superseded, ended, recorded, unknown };
  std::vector<Verdict> verdicts;
  std::vector<std::optional<std::int64_t>> points;  // granted, millipoints; nullopt: held, or there was no claim
  struct FinishedJob {
    std::int64_t job = 0;
    std::int64_t revision = 0;
  };
  std::vector<FinishedJob> finished_jobs;  // every frame of them is accepted now
  struct PausedJob {
    JobControl control;
    std::string reason;
  };
  struct FailedJob {
    std::int64_t job = 0;
    std::int64_t revision = 0;
    std::string reason;
  };
  std::vector<FailedJob> failed_dependents;  // for what they are made of failed
  std::vector<PausedJob> paused_jobs;        // now: too many of its tasks failed alike (economy.md)
  struct JobCounts {
    std::int64_t job = 0;
    std::int64_t user = 0;
    int accepted = 0;
    int failed = 0;
    std::string state;
    std::int64_t revision = 0;
    std::int64_t submission = 0;
    std::string warnings{};  // of all its frames, as store::Job has them; empty: they did not change
  };
  std::vector<JobCounts> changed_jobs;  // as they are now
};

struct TaskAttempt {
  std::int64_t task = 0;
  std::int64_t attempt = 0;
};
// Which of these are the results of their tasks: attempt -> names of its files below output/, the first in front.
Result<std::unordered_map<std::int64_t, std::vector<std::string>>> find_accepted_outputs(
    Database&, std::vector<TaskAttempt> const& attempts);

// Those of these names that other tasks of the job have among their further files.
Result<std::vector<std::string>> find_taken_output_names(Database&, std::int64_t job, std::int64_t task,
                                                         std::vector<FurtherOutput> const& outputs);

Result<JournalReply> write_journal(Database&, JournalBatch const& batch);

}  // namespace distren::store
