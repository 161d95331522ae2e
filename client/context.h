// What every command receives: the global options, a session on demand, and output. Owner: main.cpp. Commands set `run`
// while the command line is parsed. Errors of the session: denied, not_found and unavailable, with what to do.
#pragma once

#include <functional>
#include <string>

#include "client/exit_code.h"
#include "client/session.h"

namespace CLI {
class App;
}

namespace distren::client {

struct Context {
  GlobalOptions options;
  std::function<Result<int>()> run;  // of the named command; returns the exit code

  [[nodiscard]] Result<Session> session() const;

  // The requested data on stdout: the JSON with --json, else the text.
  void print(Json const& json, std::string const& text) const;
  // The outcome of an action: like print(), but without the text with --quiet.
  void report(Json const& json, std::string const& text) const;
  // One line on stderr, also with --json; nothing with --quiet.
  void note(std::string const& line) const;
  // One line on stderr about what went wrong, also with --quiet.
  static void complain(std::string const& line);
};

std::int64_t now_ms();

// One for each group of commands; each adds its subcommands to the application.
void add_account_commands(CLI::App& app, Context& context);
void add_own_account_commands(CLI::App& app, Context& context);
void add_invitation_commands(CLI::App& app, Context& context);
void add_submit_command(CLI::App& app, Context& context);
void add_job_commands(CLI::App& app, Context& context);
void add_download_command(CLI::App& app, Context& context);
void add_log_command(CLI::App& app, Context& context);
void add_slave_commands(CLI::App& app, Context& context);
void add_shot_commands(CLI::App& app, Context& context);
void add_renderer_commands(CLI::App& app, Context& context);
void add_token_commands(CLI::App& app, Context& context);
void add_webhook_commands(CLI::App& app, Context& context);
void add_points_commands(CLI::App& app, Context& context);
void add_spending_commands(CLI::App& app, Context& context);
void add_statistics_command(CLI::App& app, Context& context);

}  // namespace distren::client
