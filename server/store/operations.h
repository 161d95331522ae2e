// Long work that somebody asked for: queued, done by server/jobs/operations.h, shown until a week after its end. Worker
// threads; see users.h for the rules of this folder.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "common/base/result.h"
#include "server/database/connection.h"

namespace distren::store {

struct Operation {
  std::int64_t id = 0;
  std::int64_t user = 0;                     // who asked for it
  std::string kind;                          // ledger_check or job_deletion
  std::string state;                         // queued, running, succeeded or failed
  std::int64_t target = 0;                   // the job; 0: none
  std::string target_name;                   // empty: it is gone
  std::int64_t tries = 0;                    // how often it was begun
  std::string result;                        // JSON; empty: none
  std::string problem_code, problem_detail;  // of one that failed
  std::string created_at, finished_at;       // empty: it has not ended
};

// Returns its id; that of the same work by the same user, if it has not ended. conflict (quota_exceeded): 200 of theirs
// are waiting.
Result<std::int64_t> create_operation(Database&, std::int64_t user, std::string_view kind, std::int64_t target);
Result<Operation> show_operation(Database&, std::int64_t id);
// The oldest that waits, now running, with id, kind, target and tries; nullopt: none waits.
Result<std::optional<Operation>> begin_operation(Database&);
Result<void> finish_operation(Database&, std::int64_t id, std::string_view result);
Result<void> fail_operation(Database&, std::int64_t id, std::string_view code, std::string_view detail);
Result<void> requeue_operations(Database&);  // those that were begun and not ended
Result<void> trim_operations(Database&);

}  // namespace distren::store
