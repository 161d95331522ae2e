// Runs the same work on many items in a few threads, each with its own HTTP client. Returns when all have ended. The
// first Error stops the dispatch of further items and is the result. `work` is called from several threads.
#pragma once

#include <cstddef>
#include <functional>

#include "client/session.h"

namespace distren::client {

Result<void> for_each_parallel(Session const& session, std::size_t items, std::size_t threads,
                               std::function<Result<void>(std::size_t item, HttpClient& client)> const& work);

}  // namespace distren::client
