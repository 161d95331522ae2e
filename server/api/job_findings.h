// What the server finds out about a job before it is one: which of its files are there, and what its source says.
// On worker threads; files of the blob store are read by sandboxed children (server/submit/scene_reader.h).
#pragma once

#include <set>
#include <span>
#include <string>
#include <vector>

#include "common/base/result.h"
#include "server/api/concurrency_limiter.h"
#include "server/api/services.h"
#include "server/http/message.h"
#include "server/submit/job_request.h"

namespace distren {

// To be held while a job is looked into and made, which takes seconds: false when enough workers are at it, or with
// what this person asked for; many_scenes() says so.
ConcurrencyLimiter::Permit turn_to_look(Services const& services, std::int64_t user);
Reply many_scenes();

JobRequestLimits limits_of(Services const& services);

// Digests of files that this user has not uploaded himself. Nobody may look into those: that would tell a file's
// content to everyone who knows its digest.
Result<std::set<std::string>> missing_digests(Database& database, std::int64_t user,
                                              std::vector<store::JobFile> const& files);

// Fills in output, version, warnings and parameters of each; invalid when the source does not fit. The requests are
// variations of one, with the same files, of which those in `missing` are not looked into.
Result<void> add_findings(Services const& services, std::span<JobRequest> variations,
                          std::set<std::string> const& missing);

}  // namespace distren
