// Long work: where it stands, for whoever asked for it.
#include "server/api/operations.h"

#include <fmt/format.h>

#include "server/api/handlers.h"
#include "server/api/json.h"
#include "server/api/services.h"
#include "server/http/problem.h"
#include "server/jobs/operations.h"
#include "server/store/operations.h"

namespace distren {

namespace {

using nlohmann::json;

json to_json(store::Operation const& operation) {
  json problem = nullptr;
  if (!operation.problem_code.empty()) {
    auto const& kind = problem_kind(operation.problem_code);
    problem = {{"code", kind.code}, {"title", kind.title}, {"detail", operation.problem_detail}};
  }
  return {{"id", operation.id},
          {"kind", operation.kind},
          {"state", operation.state},
          {"job", named_or_null(operation.target, operation.target_name)},
          {"created_at", operation.created_at},
          {"finished_at", text_or_null(operation.finished_at)},
          {"result", operation.result.empty() ? json(nullptr) : json::parse(operation.result, nullptr, false)},
          {"problem", problem}};
}

}  // namespace

Reply begin_operation(Context& context, std::string_view kind, std::int64_t target) {
  auto const id = store::create_operation(context.database(), context.caller.user.id, kind, target);
  if (!id) return error_reply(id.error());
  if (context.services.wake_operations) context.services.wake_operations();
  auto const operation = store::show_operation(context.database(), *id);
  if (!operation) return error_reply(operation.error());
  return json_reply(202, to_json(*operation)).with("Location", fmt::format("/api/v1/operations/{}", *id));
}

Reply handle_show_operation(Request const&, Context& context) {
  auto const id = context.id();
  if (!id) return error_reply(id.error());
  auto const operation = store::show_operation(context.database(), *id);
  if (operation && context.caller.may_access(operation->user)) {
    bool const whole_grid = operation->kind == ledger_check_operation;
    if (whole_grid && !context.caller.may(Scope::grid_admin)) return scope_missing(Scope::grid_admin);
    if (!whole_grid || context.caller.administers()) return json_reply(200, to_json(*operation));
  }
  if (!operation && operation.error().code != Errc::not_found) return error_reply(operation.error());
  return error_reply(404, fmt::format("you have no operation {}", *id));
}

}  // namespace distren
