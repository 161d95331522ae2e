// What a request asks of the procedures that it calls: to create at most once, to change only one revision. Kept in
// variables of the connection, so it holds for what the same Database is asked until it is ended. Worker threads; see
// users.h for the rules of this folder.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "common/base/result.h"
#include "server/database/connection.h"

namespace distren::store {

// What an earlier request with the same key left.
struct EarlierRequest {
  std::string answer;        // as kept; empty: it was lost, or there was none
  std::int64_t created = 0;  // what it created; 0: nothing
  [[nodiscard]] bool done() const { return !answer.empty() || created != 0; }
};
// If none is done, the caller does the request and then calls finish_idempotent on the same Database. request_sha256:
// 32 bytes. conflict: the key was used for another request, or the first is still being done (by their problem codes).
Result<EarlierRequest> begin_idempotent(Database&, std::int64_t user, std::string_view key,
                                        std::string_view request_sha256);
// answer: sealed bytes; empty: the request failed and may be repeated with the same key.
Result<void> finish_idempotent(Database&, std::int64_t user, std::string_view key, std::string_view answer);
Result<void> trim_idempotent(Database&);  // those of a day ago

// From now on a change of this row by this Database fails with precondition_failed unless it has this revision. kind:
// job, project, slave, shot or user. Until accept_any_revision.
Result<void> expect_revision(Database&, std::string_view kind, std::int64_t id, std::int64_t revision);
Result<void> accept_any_revision(Database&);
// Before other rows than the job are changed for it: precondition_failed, as above.
Result<void> check_job_revision(Database&, std::int64_t job);

}  // namespace distren::store
