// What every command gets: the global options, a session when it asks for one, and a place to print.
// main.cpp owns it; commands put what they will do into `run` while the command line is read.
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
  std::function<Result<int>()> run;  // of the command that was named; its value is the exit code

  [[nodiscard]] Result<Session> session() const;

  // On stdout: the JSON with --json, else the text.
  void print(Json const& json, std::string const& text) const;
  // On stderr, one line, for people; also with --json.
  static void tell(std::string const& line);
};

std::int64_t now_ms();

// One for each group of commands; each adds its own subcommands to the application.
void add_account_commands(CLI::App& app, Context& context);
void add_submit_command(CLI::App& app, Context& context);
void add_job_commands(CLI::App& app, Context& context);
void add_download_command(CLI::App& app, Context& context);
void add_log_command(CLI::App& app, Context& context);
void add_slave_commands(CLI::App& app, Context& context);
void add_shot_commands(CLI::App& app, Context& context);
void add_token_commands(CLI::App& app, Context& context);
void add_points_commands(CLI::App& app, Context& context);
void add_spending_commands(CLI::App& app, Context& context);
void add_statistics_command(CLI::App& app, Context& context);

}  // namespace distren::client
