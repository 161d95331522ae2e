#include "client/parallel.h"

#include <algorithm>
#include <mutex>
#include <thread>
#include <vector>

namespace distren::client {

Result<void> for_each_parallel(Session const& session, std::size_t items, std::size_t threads,
                               std::function<Result<void>(std::size_t item, HttpClient& client)> const& work) {
  std::atomic<std::size_t> next{0};
  std::mutex mutex;
  std::optional<Error> first_error;
  auto run = [&] {
    auto client = session.make_client();
    for (auto item = next++; item < items && !interrupted; item = next++) {
      auto done = work(item, client);
      if (done) continue;
      std::lock_guard const lock(mutex);
      if (!first_error) first_error = done.error();
      next = items;
      return;
    }
  };
  {
    std::vector<std::jthread> workers;
    for (std::size_t i = 0; i < std::min(threads, items); ++i) workers.emplace_back(run);
  }
  if (first_error) return *first_error;
  if (interrupted) return fail(Errc::unavailable, "interrupted");
  return {};
}

}  // namespace distren::client
