// points, points statement, ranking, explain, ledger-check: points, and the rule that makes a job or a slave wait.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <cctype>
#include <memory>

#include "client/context.h"
#include "client/operation.h"
#include "client/points_format.h"
#include "client/table.h"

namespace distren::client {
namespace {

struct StatementOptions {
  std::string cursor;
  int limit = 20;
};

Result<int> show_balance(Context const& context) {
  auto session = context.session();
  if (!session) return session.error();
  auto balance = session->get("/api/v1/points/balance", "your points");
  if (!balance) return balance.error();
  std::string text;
  auto line = [&](char const* title, char const* key, std::string const& remark) {
    text += fmt::format("{:<10} {:>12}{}{}\n", title, points_of(*balance, key), remark.empty() ? "" : "  ", remark);
  };
  line("available", "available_millipoints", "to spend or give");
  line("pending", "pending_millipoints", "earned, waiting for an audit");
  line("in boosts", "escrow_millipoints", "of your jobs that have not ended");
  auto const frames = number_of(*balance, "held_count");
  line("held", "held_max_millipoints",
       frames == 0 ? "" : fmt::format("at most, for {} frames whose fair value is not known yet", frames));
  line("total", "total_millipoints", fmt::format("earned so far; your weight is {}", decimal_of(*balance, "weight")));
  context.print(*balance, text);
  return exit_ok;
}

Result<int> list_statement(Context const& context, StatementOptions const& options) {
  auto session = context.session();
  if (!session) return session.error();
  auto path = fmt::format("/api/v1/transactions?limit={}", options.limit);
  if (!options.cursor.empty()) path = with_query(path, "cursor", options.cursor);
  auto page = session->get(path, "the statement");
  if (!page) return page.error();
  Table table({{"RECEIPT", Align::right},
               {"WHEN"},
               {"KIND"},
               {"AVAILABLE", Align::right},
               {"PENDING", Align::right},
               {"PURPOSE"}});
  for (auto const& line : list_of(*page, "items"))
    table.add({id_of(line), ago(text_of(line, "created_at"), now_ms()), text_of(line, "kind"),
               change_of(line, "available_change_millipoints"), change_of(line, "pending_change_millipoints"),
               purpose_of(line)});
  auto const next = text_of(*page, "next_cursor");
  context.print(*page, table.empty() ? "No transactions yet.\n" : table.text());
  if (!context.options.json && !next.empty())
    context.note(fmt::format("For older ones: distren points statement --cursor {}", next));
  return exit_ok;
}

Result<int> list_ranking(Context const& context, std::size_t limit) {
  auto session = context.session();
  if (!session) return session.error();
  Table table({{"RANK", Align::right}, {"USER"}, {"TOTAL POINTS", Align::right}, {"WEIGHT", Align::right}});
  Json items = Json::array();
  auto listed = session->each_item(fmt::format("/api/v1/ranking?limit={}", std::min<std::size_t>(limit, 1000)),
                                   "the ranking", [&](Json const& user) {
                                     items.push_back(user);
                                     table.add({id_of(user, "rank"), text_of(object_of(user, "user"), "name"),
                                                points_of(user, "total_millipoints"), decimal_of(user, "weight")});
                                     return items.size() < limit;
                                   });
  if (!listed) return listed.error();
  context.print({{"items", items}}, table.empty() ? "No one has earned points yet.\n" : table.text());
  return exit_ok;
}

struct Question {
  std::int64_t job = 0;
  std::int64_t slave = 0;
};

Result<int> explain(Context const& context, Question const& asked) {
  auto session = context.session();
  if (!session) return session.error();
  auto const [kind, id] = asked.job != 0 ? std::pair("job", asked.job) : std::pair("slave", asked.slave);
  auto const name = fmt::format("{} {}", kind, id);
  auto why = session->get(fmt::format("/api/v1/{}s/{}/explain", kind, id), name);
  if (!why) return why.error();
  context.print(*why, fmt::format("{}: {} [{}]\n", name, text_of(*why, "message"), text_of(*why, "rule")));
  return exit_ok;
}

Result<int> check_ledger(Context const& context) {
  auto session = context.session();
  if (!session) return session.error();
  auto begun = session->send("POST", "/api/v1/admin/ledger-checks", std::nullopt, "the ledger");
  if (!begun) return begun.error();
  auto checked = wait_for_operation(*session, std::move(*begun), "the check of the ledger");
  if (!checked) return checked.error();
  bool const clean = flag_of(*checked, "clean");
  auto const& invariants = list_of(*checked, "invariants");
  auto text = clean ? fmt::format("The ledger is consistent: {} invariants hold.\n", invariants.size())
                    : std::string("The ledger is NOT consistent:\n");
  for (auto const& each : invariants)
    if (!flag_of(each, "holds")) text += fmt::format("{}: {}\n", text_of(each, "name"), text_of(each, "detail"));
  context.print(*checked, text);
  return clean ? exit_ok : exit_rejected;
}

}  // namespace

void add_points_commands(CLI::App& app, Context& context) {
  // Shared with the callbacks, which run after this function has returned.
  auto options = std::make_shared<StatementOptions>();
  auto limit = std::make_shared<std::size_t>(20);
  auto asked = std::make_shared<Question>();

  auto* points = app.add_subcommand("points", "Show your points")->require_subcommand(0, 1);
  auto* statement = points->add_subcommand("statement", "List the transactions of your points, newest first");
  statement->add_option("--cursor", options->cursor,
                        "Continue an earlier list by its next_cursor (default the newest)");
  statement->add_option("-n,--limit", options->limit, "Maximum number of rows (default 20)")
      ->check(CLI::Range(1, 1000));
  points->callback([&context, options, statement] {
    bool const listed = statement->parsed();
    context.run = [&context, options, listed] {
      return listed ? list_statement(context, *options) : show_balance(context);
    };
  });

  auto* ranking = app.add_subcommand("ranking", "List users by their total points")->alias("rank");
  ranking->add_option("-n,--limit", *limit, "Maximum number of rows (default 20)")->check(CLI::PositiveNumber);
  ranking->callback([&context, limit] { context.run = [&context, limit] { return list_ranking(context, *limit); }; });

  auto* why = app.add_subcommand("explain", "Explain why a job waits or a slave is idle")->alias("why");
  why->add_option("JOB", asked->job, "Number of the job")->check(CLI::PositiveNumber);
  why->add_option("--slave", asked->slave, "Number of a slave to explain instead of a job")->check(CLI::PositiveNumber);
  why->require_option(1);
  why->callback([&context, asked] { context.run = [&context, asked] { return explain(context, *asked); }; });

  app.add_subcommand("ledger-check", "Verify the points ledger (administrators only)")->callback([&context] {
    context.run = [&context] { return check_ledger(context); };
  });
}

}  // namespace distren::client
