#include "client/operation.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>

namespace distren::client {

Result<Json> wait_for_operation(Session& session, Json operation, std::string_view what) {
  auto const path = fmt::format("/api/v1/operations/{}", id_of(operation, "id"));
  auto const waiter = session.make_client();
  std::chrono::milliseconds wait(100);
  for (;;) {
    auto const state = text_of(operation, "state");
    if (state == "succeeded") return operation.value("result", Json());
    if (state == "failed") return fail(Errc::conflict, text_of(object_of(operation, "problem"), "detail"));
    if (!waiter.pause(wait)) return fail(Errc::unavailable, fmt::format("interrupted; {} goes on", what));
    wait = std::min(wait + wait / 2, std::chrono::milliseconds(2000));
    auto now = session.get(path, what);
    if (!now) return now.error();
    operation = std::move(*now);
  }
}

}  // namespace distren::client
