// From a result to its verdict: begin_commit() before its image is stored, report_result() after, settle() when the
// journal has written it. Dispatcher's thread only; times are UNIX ms.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include "server/dispatch/order.h"
#include "server/dispatch/statuses.h"
#include "server/store/journal.h"

namespace distren {

class JobQueue;
struct DispatchCore;

std::string verdict_text(std::int64_t attempt, bool accepted, protocol::VerdictCode code, std::string const& reason);
// By the attempt, else by the task; nullptr: it is not here.
JobQueue* job_of(DispatchCore& core, std::int64_t attempt, std::int64_t task);
JobQueue const* job_of(DispatchCore const& core, std::int64_t attempt, std::int64_t task);
// Nothing when no result of it is needed any more.
std::optional<ExpectedResult> expected_result(DispatchCore const& core, std::int64_t attempt, std::int64_t task);
// Its image could not be stored after all.
void abort_commit(DispatchCore& core, std::int64_t id, std::int64_t now);
// Only one attempt at a time may store its image, and only one that is out or expired.
CommitDecision begin_commit(DispatchCore& core, AttemptReport const& report, std::int64_t now);
// settle() comes when the journal has written it; answer (may be empty) then tells the slave.
void report_result(DispatchCore& core, AttemptReport report, std::function<void(std::string answer)> answer,
                   std::int64_t now);
// points: what the attempt was granted; nothing: the grant is held, or there was no claim.
void settle(DispatchCore& core, store::OutcomeEntry const& outcome, store::JournalReply::Verdict verdict,
            std::optional<std::int64_t> points, std::function<void(std::string answer)> const& answer,
            std::int64_t now);

}  // namespace distren
