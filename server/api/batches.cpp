// One action for many jobs, tasks or slaves: each is done by itself, as its own request would do it, so that one that
// cannot be changed keeps none of the others. What is too much for one request is begun as operations.
#include <fmt/format.h>

#include <algorithm>
#include <span>

#include "common/base/json_body.h"
#include "common/base/text.h"
#include "server/api/handlers.h"

namespace distren {

namespace {

using nlohmann::json;

constexpr std::size_t most_ids = 200;
constexpr std::int64_t largest_id = (std::int64_t{1} << 53) - 1;  // JavaScript's

struct BatchAction {
  std::string_view name;
  Route::Handler handle;  // of one
};

constexpr BatchAction job_actions[] = {
    {"pause", handle_pause_job},     {"resume", handle_resume_job},   {"cancel", handle_cancel_job},
    {"requeue", handle_requeue_job}, {"approve", handle_approve_job}, {"delete", handle_delete_job},
};
constexpr BatchAction task_actions[] = {{"requeue", handle_requeue_task}};
constexpr BatchAction slave_actions[] = {
    {"enable", handle_enable_slave}, {"disable", handle_disable_slave}, {"revoke", handle_revoke_slave}};

// In their order, each once.
std::vector<std::int64_t> read_ids(JsonBody& body) {
  json list;
  std::vector<std::int64_t> ids;
  if (!body.read_array("ids", JsonBody::required, list, most_ids)) return ids;
  if (list.empty()) body.problem("ids", "out_of_range", fmt::format("ids: name 1 to {} of them", most_ids));
  for (std::size_t i = 0; i < list.size(); ++i) {
    auto const wrong = [&](std::string_view code, std::string_view what) {
      Error error{Errc::invalid, "", {}, {{"body", "", std::string(code), fmt::format("{} {}", shown(list[i]), what)}}};
      body.adopt(fmt::format("/ids/{}", i), fmt::format("ids[{}]: ", i), error);
    };
    if (!list[i].is_number_integer()) {
      wrong("wrong_type", "is not a whole number");
      continue;
    }
    auto const id = list[i].is_number_unsigned() && list[i].get<std::uint64_t>() > largest_id
                        ? std::int64_t{0}
                        : list[i].get<std::int64_t>();
    if (id < 1) {
      wrong("out_of_range", fmt::format("is not between 1 and {}", largest_id));
    } else if (std::ranges::find(ids, id) != ids.end()) {
      wrong("duplicate", "is named before");
    } else {
      ids.push_back(id);
    }
  }
  return ids;
}

Reply answer_batch(Request const& request, Context& context, std::span<BatchAction const> actions) {
  auto body = JsonBody::parse(request.body);
  if (!body) return error_reply(body.error());
  std::string name;
  BatchAction const* action = nullptr;
  if (body->read("action", JsonBody::required, name, 32)) {
    auto const found = std::ranges::find(actions, std::string_view(name), &BatchAction::name);
    std::vector<std::string_view> names;
    for (auto const& known : actions) names.push_back(known.name);
    if (found == actions.end()) {
      body->problem("action", "not_found",
                    fmt::format("action: '{}' is not one of: {}", printable(name, 32), fmt::join(names, ", ")));
    } else {
      action = &*found;
    }
  }
  auto const ids = read_ids(*body);
  if (auto const finished = body->finish(); !finished) return error_reply(finished.error());

  Request one = request;
  one.body.clear();
  auto items = json::array();
  for (auto const id : ids) {
    auto const number = fmt::to_string(id);
    Context its{context.worker, context.services, context.caller, {{"id", number}}, context.tasks_deleted};
    auto reply = action->handle(one, its);
    context.tasks_deleted = its.tasks_deleted;
    add_request_id(reply, request.id);
    auto const* const text = std::get_if<std::string>(&reply.body);
    auto const answer = text != nullptr ? json::parse(*text, nullptr, false) : json();
    bool const begun = reply.status == 202 && answer.is_object();
    items.push_back({{"id", id},
                     {"status", reply.status},
                     {"problem", reply.status >= 400 ? answer : json()},
                     {"operation_id", begun ? answer.value("id", json()) : json()}});
  }
  return json_reply(200, {{"items", std::move(items)}});
}

}  // namespace

Reply handle_change_jobs(Request const& request, Context& context) {
  return answer_batch(request, context, job_actions);
}

Reply handle_change_tasks(Request const& request, Context& context) {
  return answer_batch(request, context, task_actions);
}

Reply handle_change_slaves(Request const& request, Context& context) {
  return answer_batch(request, context, slave_actions);
}

}  // namespace distren
