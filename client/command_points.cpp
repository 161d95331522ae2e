// points, rank, why, ledger-check: points, and the rule that makes a job or a slave wait.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <cctype>
#include <memory>

#include "client/context.h"
#include "client/points_format.h"
#include "client/table.h"

namespace distren::client {
namespace {

struct PointsOptions {
  bool statement = false;
  std::string cursor;
  int limit = 20;
};

Result<int> show_balance(Context const& context, Session& session) {
  auto balance = session.get("/api/v1/points", "your points");
  if (!balance) return balance.error();
  std::string text;
  auto line = [&](char const* title, char const* key, std::string const& remark) {
    text += fmt::format("{:<10} {:>12}{}{}\n", title, decimal_of(*balance, key), remark.empty() ? "" : "  ", remark);
  };
  line("available", "available", "to spend or to give");
  line("pending", "pending", "earned, waiting for an audit");
  line("in boosts", "escrow", "of your jobs that have not ended");
  auto const frames = number_of(*balance, "held_frames");
  line("held", "held", frames == 0 ? "" : fmt::format("at most, for {} frames whose value is not known yet", frames));
  line("total", "total", fmt::format("ever earned; your weight is {}", decimal_of(*balance, "weight")));
  context.print(*balance, text);
  return exit_ok;
}

Result<int> list_statement(Context const& context, Session& session, PointsOptions const& options) {
  auto path = fmt::format("/api/v1/points/statement?limit={}", options.limit);
  if (!options.cursor.empty()) path = with_query(path, "cursor", options.cursor);
  auto page = session.get(path, "the statement");
  if (!page) return page.error();
  Table table({{"RECEIPT", Align::right},
               {"WHEN"},
               {"KIND"},
               {"AVAILABLE", Align::right},
               {"PENDING", Align::right},
               {"WHAT FOR"}});
  for (auto const& line : list_of(*page, "items"))
    table.add({id_of(line), ago(text_of(line, "created_at"), now_ms()), text_of(line, "kind"),
               change_of(line, "available"), change_of(line, "pending"), purpose_of(line)});
  auto const next = text_of(*page, "next_cursor");
  context.print(*page, table.empty() ? "No points have moved.\n" : table.text());
  if (!context.options.json && !next.empty())
    Context::note(fmt::format("Older ones: distren points --statement --cursor {}", next));
  return exit_ok;
}

Result<int> show_points(Context const& context, PointsOptions const& options) {
  auto session = context.session();
  if (!session) return session.error();
  bool const statement = options.statement || !options.cursor.empty();
  return statement ? list_statement(context, *session, options) : show_balance(context, *session);
}

Result<int> list_ranking(Context const& context, std::size_t limit) {
  auto session = context.session();
  if (!session) return session.error();
  Table table({{"PLACE", Align::right}, {"USER"}, {"POINTS", Align::right}, {"WEIGHT", Align::right}});
  Json items = Json::array();
  auto listed = session->each_item(fmt::format("/api/v1/ranking?limit={}", std::min<std::size_t>(limit, 1000)), 
                                   "the ranking", [&](Json const& user) {
                                     items.push_back(user);
                                     table.add({id_of(user, "place"), text_of(user, "user_name"),
                                                decimal_of(user, "total"), decimal_of(user, "weight")});
                                     return items.size() < limit;
                                   });
  if (!listed) return listed.error();
  context.print({{"items", items}}, table.empty() ? "Nobody has earned points yet.\n" : table.text());
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
  auto why = session->get(fmt::format("/api/v1/{}s/{}/why", kind, id), name);
  if (!why) return why.error();
  context.print(*why, fmt::format("{}: {} [{}]\n", name, text_of(*why, "sentence"), text_of(*why, "rule")));
  return exit_ok;
}

Result<int> check_ledger(Context const& context) {
  auto session = context.session();
  if (!session) return session.error();
  auto checked = session->get("/api/v1/ledger/check", "the ledger");
  if (!checked) return checked.error();
  bool const clean = flag_of(*checked, "clean");
  auto const& invariants = list_of(*checked, "invariants");
  auto text = clean ? fmt::format("The ledger is in order: {} invariants hold.\n", invariants.size())
                    : std::string("The ledger is NOT in order:\n");
  for (auto const& each : invariants)
    if (!flag_of(each, "holds")) text += fmt::format("{}: {}\n", text_of(each, "name"), text_of(each, "detail"));
  context.print(*checked, text);
  return clean ? exit_ok : exit_rejected;
}

}  // namespace

void add_points_commands(CLI::App& app, Context& context) {
  // Shared with the callbacks, which run after this function has returned.
  auto options = std::make_shared<PointsOptions>();
  auto limit = std::make_shared<std::size_t>(20);
  auto asked = std::make_shared<Question>();

  auto* points = app.add_subcommand("points", "Show your points, or what moved them");
  points->add_flag("--statement", options->statement, "List what moved them, the newest first");
  points->add_option("--cursor", options->cursor, "Continue where an earlier list ended, by its next_cursor");
  points->add_option("--limit", options->limit, "Maximum number of rows (default 20)")->check(CLI::Range(1, 1000));
  points->callback(
      [&context, options] { context.run = [&context, options] { return show_points(context, *options); }; });

  auto* rank = app.add_subcommand("rank", "List users by the points that they ever earned");
  rank->add_option("--limit", *limit, "At most so many (20)")->check(CLI::PositiveNumber);
  rank->callback([&context, limit] { context.run = [&context, limit] { return list_ranking(context, *limit); }; });

  auto* why = app.add_subcommand("why", "Say why a job waits, or what a slave does");
  why->add_option("JOB", asked->job, "The job's number")->check(CLI::PositiveNumber);
  why->add_option("--slave", asked->slave, "A slave's number instead")->check(CLI::PositiveNumber);
  why->require_option(1);
  why->callback([&context, asked] { context.run = [&context, asked] { return explain(context, *asked); }; });

  app.add_subcommand("ledger-check", "Have every point accounted for (administrators only)")->callback([&context] {
    context.run = [&context] { return check_ledger(context); };
  });
}

}  // namespace distren::client
