// boost, give, adjust: commands that move points. Each sends its own idempotency key, so that a request whose answer
// was lost can be repeated and is executed once.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <memory>

#include "client/confirm.h"
#include "client/context.h"
#include "client/points_format.h"
#include "client/validators.h"
#include "common/base/digest.h"
#include "common/base/points_text.h"

namespace distren::client {
namespace {

struct Spending {
  std::int64_t job = 0;
  std::string from;
  std::string to;
  std::string points;
  std::string reason;
  std::string key;
  bool quote = false;
  bool yes = false;

  [[nodiscard]] std::int64_t millipoints() const { return parse_points(points).value(); }  // validated before
  [[nodiscard]] std::string text() const { return points_text(millipoints()); }
  [[nodiscard]] std::string key_or_new() const { return key.empty() ? random_secret() : key; }
};

Result<int> declined() {
  Context::complain("Nothing was spent.");
  return exit_rejected;
}

Result<int> boost_job(Context const& context, Spending const& spending) {
  auto session = context.session();
  if (!session) return session.error();
  auto const path = fmt::format("/api/v1/jobs/{}/boosts", spending.job);
  auto const name = fmt::format("job {}", spending.job);
  // With a key that was used before, the job may be deleted; an executed boost is not quoted again.
  if (spending.quote || (!spending.yes && spending.key.empty())) {
    auto quote = session->get(with_query(path + "/quote", "millipoints", fmt::to_string(spending.millipoints())), name);
    if (!quote) return quote.error();
    auto const words = quote_text(*quote, now_ms());
    if (spending.quote) {
      context.print(*quote, words);
      return exit_ok;
    }
    if (!confirmed(words, "Boost it?")) return declined();
  }
  auto receipt = session->send_once(path, Json{{"millipoints", spending.millipoints()}}, name, spending.key_or_new());
  if (!receipt) return receipt.error();
  context.report(*receipt, fmt::format("Job {} boosted with {} points; receipt {}.\n", spending.job, spending.text(),
                                       id_of(*receipt)));
  return exit_ok;
}

Result<int> give_points(Context const& context, Spending const& spending) {
  auto session = context.session();
  if (!session) return session.error();
  if (!spending.yes && !confirmed("", fmt::format("Give {} points to {}?", spending.text(), spending.to)))
    return declined();
  Json body{{"to", spending.to}, {"millipoints", spending.millipoints()}};
  if (!spending.reason.empty()) body["reason"] = spending.reason;
  auto receipt = session->send_once("/api/v1/transfers", body, spending.to, spending.key_or_new());
  if (!receipt) return receipt.error();
  context.report(*receipt,
                 fmt::format("{} points given to {}; receipt {}.\n", spending.text(), spending.to, id_of(*receipt)));
  return exit_ok;
}

Result<int> adjust_points(Context const& context, Spending const& spending) {
  auto session = context.session();
  if (!session) return session.error();
  Json body{{"millipoints", spending.millipoints()}, {"reason", spending.reason}};
  if (!spending.from.empty()) body["from"] = spending.from;
  if (!spending.to.empty()) body["to"] = spending.to;
  auto receipt = session->send_once("/api/v1/adjustments", body, "the adjustment", spending.key_or_new());
  if (!receipt) return receipt.error();
  auto const place = [](std::string const& user) { return user.empty() ? "the mint" : user; };
  context.report(*receipt, fmt::format("{} points moved from {} to {}; receipt {}.\n", spending.text(),
                                       place(spending.from), place(spending.to), id_of(*receipt)));
  return exit_ok;
}

}  // namespace

void add_spending_commands(CLI::App& app, Context& context) {
  // Shared with the callbacks, which run after this function has returned.
  auto spending = std::make_shared<Spending>();
  auto finish = [&](CLI::App* command, Result<int> (*act)(Context const&, Spending const&)) {
    command->add_option("--key", spending->key, "Idempotency key: the same key twice spends once (default a new one)");
    command->callback(
        [&context, spending, act] { context.run = [&context, spending, act] { return act(context, *spending); }; });
  };
  auto add_points = [&](CLI::App* command) {
    command->add_option("POINTS", spending->points, "Amount in points, like 120 or 12.5")
        ->required()
        ->check(points_validator());
  };

  auto* boost = app.add_subcommand("boost", "Spend points to have a job rendered sooner");
  boost->add_option("JOB", spending->job, "Number of the job")->required()->check(CLI::PositiveNumber);
  add_points(boost);
  auto* quote = boost->add_flag("--quote,--dry-run", spending->quote, "Show cost and effect without spending anything");
  boost->add_flag("-y,--yes", spending->yes, "Skip the confirmation")->excludes(quote);
  finish(boost, boost_job);

  auto* give = app.add_subcommand("give", "Give points to another user");
  give->add_option("USER", spending->to, "Name of the other user")->required();
  add_points(give);
  give->add_option("--reason", spending->reason, "Reason, shown to both (default none)");
  give->add_flag("-y,--yes", spending->yes, "Skip the confirmation");
  finish(give, give_points);

  auto* adjust = app.add_subcommand("adjust", "Correct points manually (administrators only)");
  add_points(adjust);
  adjust->add_option("--from", spending->from, "User to take the points from (default: create them)");
  adjust->add_option("--to", spending->to, "User to give the points to (default: destroy them)");
  adjust->add_option("--reason", spending->reason, "Reason, shown to the users concerned")->required();
  finish(adjust, adjust_points);
}

}  // namespace distren::client
