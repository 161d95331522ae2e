// Requests that create something or spend, done once however often they are sent: the answer is kept for a day under
// the Idempotency-Key that a person chose, and what the ledger moved for ever by the same key. Runs on a worker thread.
#pragma once

#include <string>

#include "common/base/result.h"
#include "server/api/router.h"

namespace distren {

// The key, with or without the quotes that a structured header field has; empty: none was sent. Errors: invalid.
Result<std::string> idempotency_key(Request const& request);

// Does the request, unless its key was used: the same request is answered as before with Idempotency-Replayed: true;
// another request 422, one that is still being done 409. An answer that was lost with a killed server is what a GET of
// the created thing says; where that is not the same, as with a secret in it, 409.
Reply answer_once(Route const& route, Request const& request, Context& context, Router const& router);

}  // namespace distren
