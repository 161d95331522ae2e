// distren: the command line for users.
#include <fmt/format.h>
#include <signal.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <clocale>
#include <cstdio>
#include <exception>

#include "client/context.h"
#include "client/old_forms.h"
#include "common/base/command_line.h"
#include "config.h"

namespace distren::client {
namespace {

extern "C" void on_interrupt(int signal_number) {
  interrupted = true;
  signal(signal_number, SIG_DFL);  // the second interrupt ends the program at once
}

void watch_signals() {
  struct sigaction action {};
  action.sa_handler = on_interrupt;  // without SA_RESTART: a waiting read returns
  sigaction(SIGINT, &action, nullptr);
  sigaction(SIGTERM, &action, nullptr);
  signal(SIGPIPE, SIG_IGN);
}

int run(Context const& context) {
  auto code = context.run();
  if (!code) {
    fmt::print(stderr, "distren: {}\n", code.error().message);
    return interrupted ? static_cast<int>(exit_interrupted) : exit_code_of(code.error().code);
  }
  if (std::fflush(stdout) != 0 || std::ferror(stdout) != 0) {
    fmt::print(stderr, "distren: cannot write the output; is the disk full?\n");
    return exit_rejected;
  }
  return *code;
}

int main(int argc, char** argv) {
  CLI::App app("Submit and manage jobs on a DistRen grid.", "distren");
  Context context;
  app.set_version_flag("-V,--version", "distren " PACKAGE_VERSION, "Print the version and exit");
  app.set_help_flag("-h,--help", "Print this help and exit");
  app.add_option("--server", context.options.server,
                 "Address of the server, like https://grid.example.org:8443 (default that of the last login)");
  app.add_option("--ca-file", context.options.ca,
                 "PEM file with the certificates to trust (default the system's, or that of the login)");
  app.add_flag("--json", context.options.json, "Print JSON");
  app.add_flag("-q,--quiet", context.options.quiet, "Print no progress, notes or confirmations, only data and errors");
  app.require_subcommand(1);
  app.fallthrough();  // options of all commands may follow the command

  add_account_commands(app, context);
  add_own_account_commands(app, context);
  add_invitation_commands(app, context);
  add_submit_command(app, context);
  add_job_commands(app, context);
  add_download_command(app, context);
  add_log_command(app, context);
  add_slave_commands(app, context);
  add_token_commands(app, context);
  add_webhook_commands(app, context);
  add_shot_commands(app, context);
  add_points_commands(app, context);
  add_renderer_commands(app, context);
  add_spending_commands(app, context);
  add_statistics_command(app, context);

  std::vector<std::string> words(argv + std::min(argc, 1), argv + argc);
  if (auto const ended = parse_command_line(app, present_form(std::move(words)), renamed_options)) return *ended;
  watch_signals();
  return run(context);
}

}  // namespace
}  // namespace distren::client

int main(int argc, char** argv) {
  try {
    return distren::client::main(argc, argv);
  } catch (std::exception const& problem) {
    fmt::print(stderr, "distren: {}\n", problem.what());
    return distren::client::exit_rejected;
  }
}
