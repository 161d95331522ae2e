// What is to be known of points: one's own, the ranking, and whether the ledger is in order.
#include "server/economy/points.h"
#include "server/api/handlers.h"
#include "server/api/json.h"
#include "server/api/list.h"
#include "server/api/operations.h"
#include "server/api/services.h"
#include "server/jobs/operations.h"
#include "server/store/points.h"

namespace distren {

namespace {

using nlohmann::json;

json to_json(store::StatementLine const& line) {
  return {{"id", line.transaction},
          {"kind", line.kind},
          {"created_at", line.created_at},
          {"available_change_millipoints", line.available},
          {"pending_change_millipoints", line.pending},
          {"total_change_millipoints", line.total_change},
          {"job", named_or_null(line.job, line.job_name)},
          {"frame", line.frame ? json(*line.frame) : json(nullptr)},
          {"slave", named_or_null(line.slave, line.slave_name)},
          {"counterparty_name", text_or_null(line.other)},
          {"reason", text_or_null(line.reason)}};
}

json to_json(store::Ranked const& ranked) {
  return {{"rank", ranked.place},
          {"user", named_or_null(ranked.user, ranked.name)},
          {"total_millipoints", ranked.total},
          {"weight", decimal(economy::user_weight(ranked.total))}};
}

}  // namespace

Reply handle_show_balance(Request const&, Context& context) {
  auto const balance = store::show_balance(context.database(), context.caller.user.id);
  if (!balance) return error_reply(balance.error());
  return json_reply(200, {{"available_millipoints", balance->available},
                          {"pending_millipoints", balance->pending},
                          {"escrow_millipoints", balance->escrow},
                          {"held_max_millipoints", balance->held_claims},
                          {"held_count", balance->held},
                          {"total_millipoints", balance->total},
                          {"weight", decimal(economy::user_weight(balance->total))}});
}

Reply handle_list_transactions(Request const& request, Context& context) {
  auto page = ListPage::read(request);
  if (!page) return error_reply(page.error());
  auto lines = store::list_statement(context.database(), context.caller.user.id, page->position(), page->rows());
  if (!lines) return error_reply(lines.error());
  page->cut(*lines);
  auto items = json::array();
  for (auto const& line : *lines) items.push_back(to_json(line));
  return page->reply(std::move(items), lines->empty() ? 0 : lines->back().transaction);
}

Reply handle_list_ranking(Request const& request, Context& context) {
  auto page = ListPage::read(request);
  if (!page) return error_reply(page.error());
  auto ranking = store::list_ranking(context.database(), page->position(), page->rows());
  if (!ranking) return error_reply(ranking.error());
  page->cut(*ranking);
  auto items = json::array();
  for (auto const& ranked : *ranking) items.push_back(to_json(ranked));
  return page->reply(std::move(items), ranking->empty() ? 0 : ranking->back().user);
}

Reply handle_check_ledger(Request const&, Context& context) {
  if (context.caller.user.role != store::Role::administrator) {
    return error_reply(403,
                       "only an administrator may have the whole ledger read; your own statement is at transactions");
  }
  return begin_operation(context, ledger_check_operation, 0);
}

}  // namespace distren
