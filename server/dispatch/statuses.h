// What the dispatcher answers: values about jobs, frames, slaves and results; any thread. Powers are thousandths of a
// reference core.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "server/dispatch/order.h"
#include "server/dispatch/policy.h"
#include "server/store/statistics.h"

namespace distren {

struct CurrentTask {
  std::int64_t job = 0;
  std::int64_t task = 0;
  std::int64_t attempt = 0;
  int frame = 0;
  double fraction = 0;
};

// What became of a task that was given to a slave.
enum class TaskPhase : std::uint8_t {
  assigned,   // nothing was heard of it yet
  rendering,  // progress was reported
  checking,   // its result is being verified and written down
};

struct TaskPhases {  // how many tasks are in each; one that two slaves render counts once
  int assigned = 0;
  int rendering = 0;
  int checking = 0;
  [[nodiscard]] int sum() const { return assigned + rendering + checking; }
  bool operator==(TaskPhases const&) const = default;
};

struct JobStatus {  // what only memory knows of a job
  int leased = 0;   // attempts
  TaskPhases phases{};
  double running = 0;                  // sum of the fractions of frames being rendered
  std::string waiting;                 // why nothing of it is being rendered now; empty: something is
  std::optional<Forecast> forecast{};  // nothing: it has nothing left, or nobody can say
};

struct SlaveStatus {  // what only memory knows of a slave
  bool online = false;
  std::vector<CurrentTask> tasks{};
  std::string settings{};       // JSON, as its last announce said; empty: offline, or none
  std::string software_name{};  // "distren-slave"; empty: offline, or it did not say
  std::string software_version{};
};

struct GridStatus {
  int slaves_online = 0;
  int jobs_active = 0;
  std::int64_t tasks_ready = 0;
  std::int64_t tasks_leased = 0;
  TaskPhases phases{};
  int slots = 0;           // frames that the slaves online render at once
  std::int64_t power = 0;  // of the slaves online that take work; thousandths of a reference core
  bool operator==(GridStatus const&) const = default;
};

using store::UserStatus;

struct JournalStatus {       // how far the database is behind
  bool away = false;         // the last write failed
  std::int64_t waiting = 0;  // results that are not written yet
  std::int64_t lag_ms = 0;   // how long the batch that is being written takes so far
};

struct TaskStatus {
  std::int64_t slave = 0;
  double fraction = 0;
  TaskPhase phase = TaskPhase::assigned;
};

struct Explanation {             // why a job waits or gets what it gets, why a slave idles or renders what it renders
  std::string rule = "unknown";  // for programs: see doc/points.md
  std::int64_t number = 0;       // the rule's number
  std::string sentence;          // for people; names both
};

// May this attempt store its image now?
enum class CommitDecision {
  busy,        // another attempt's image is being stored: ask again in a second
  not_needed,  // no image of this attempt is; report_result() says what the journal makes of it
  proceed,     // yes; report_result() or abort_commit() must follow
};

struct ExpectedResult {  // what an attempt shall hand in
  std::int64_t job = 0;  // 0: a benchmark, whose picture is looked at and not kept
  std::string name;      // below output/
  bool tile = false;     // of a frame: it has no further files
  OutputSpec output;
  std::optional<int> code{};  // the number that a benchmark's picture must show
};

}  // namespace distren
