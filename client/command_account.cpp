// register, login, logout, status: the user's account and the server's status.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <memory>

#include "client/context.h"
#include "client/password.h"
#include "common/base/text.h"

namespace distren::client {
namespace {

struct SignOn {
  std::string name;
  std::string email;
  std::string invitation_file;
  PasswordSource password;
};

Result<int> sign_on(Context const& context, SignOn const& given, bool is_new) {
  auto session = context.session();
  if (!session) return session.error();
  auto const server = session->settings().server;
  auto const prompt = is_new ? fmt::format("New password for {} at {}: ", given.name, server)
                             : fmt::format("Password of {} at {}: ", given.name, server);
  auto password = read_password(given.password, prompt, is_new);
  if (!password) return password.error();
  Json body{{"name", given.name}, {"password", *password}};
  if (!given.email.empty()) body["email"] = given.email;
  if (!given.invitation_file.empty()) {
    auto invitation = read_password({.file = given.invitation_file}, "", false);
    if (!invitation) return invitation.error();
    body["invitation"] = invitation->substr(invitation->find_last_of('/') + 1);  // of the whole link, too
  }
  auto answer = session->send_openly("POST", is_new ? "/api/v1/users" : "/api/v1/sessions", body, given.name);
  if (!answer) return answer.error();

  auto const& user = object_of(*answer, "user");
  Login const login{text_of(user, "name"), text_of(*answer, "token"), session->settings().ca};
  if (login.token.empty())
    return fail(Errc::unavailable, fmt::format("{} returned no login; is it a DistRen server?", server));
  auto credentials = Credentials::load(session->settings().folder / "credentials.json");
  if (!credentials) return credentials.error();
  if (auto saved = credentials->remember(server, login); !saved) return saved.error();
  context.report({{"user", user}, {"server", server}},
                 fmt::format("Logged in at {} as {} ({}).\n", server, login.user, text_of(user, "role")));
  return exit_ok;
}

Result<int> log_out(Context const& context) {
  if (auto const* token = std::getenv("DISTREN_TOKEN"); token != nullptr && *token != '\0')
    return fail(Errc::invalid,
                "DISTREN_TOKEN is set, and does not come from distren login; unset it, or revoke it with: "
                "distren token revoke N");
  auto session = context.session();
  if (!session) return session.error();
  auto const& settings = session->settings();
  if (settings.token.empty()) {
    context.report({{"server", settings.server}}, fmt::format("No one was logged in at {}.\n", settings.server));
    return exit_ok;
  }
  auto ended = session->send("DELETE", "/api/v1/sessions/current", std::nullopt, "the login");
  auto credentials = Credentials::load(settings.folder / "credentials.json");
  if (!credentials) return credentials.error();
  if (auto saved = credentials->forget(settings.server); !saved) return saved.error();
  if (!ended && ended.error().code != Errc::denied) {
    Context::complain("distren: logged out here only, as the server was not reached; there the login expires later");
    return ended.error();
  }
  context.report({{"server", settings.server}}, fmt::format("Logged out at {}.\n", settings.server));
  return exit_ok;
}

Result<int> show_status(Context const& context) {
  auto session = context.session();
  if (!session) return session.error();
  auto status = session->send_openly("GET", "/api/v1/grid", std::nullopt, "the server's status");
  if (!status) return status.error();
  Json user;
  std::string nobody = "not logged in";
  if (!session->settings().token.empty()) {
    auto me = session->get("/api/v1/users/me", "your account");
    if (me)
      user = *me;
    else if (me.error().code != Errc::denied)
      return me.error();
    else
      nobody = fmt::format("not known: {}", me.error().message);  // a token may be good for other things
  }
  auto const& slaves = object_of(*status, "slaves");
  auto const& frames = object_of(*status, "frames");
  auto text = fmt::format("server  {} ({} {})\n", session->settings().server, text_of(*status, "name"),
                          text_of(*status, "server_version"));
  text += fmt::format("user    {}\n",
                      user.is_object() ? fmt::format("{} ({})", text_of(user, "name"), text_of(user, "role")) : nobody);
  text += fmt::format("slaves  {} of {} connected\n", number_of(slaves, "online"), number_of(slaves, "total"));
  text += fmt::format("jobs    {} active\n", number_of(object_of(*status, "jobs"), "active"));
  text += fmt::format("frames  {} waiting, {} rendering, {} done\n",
                      grouped(static_cast<std::uint64_t>(number_of(frames, "ready"))),
                      number_of(frames, "assigned") + number_of(frames, "rendering") + number_of(frames, "checking"),
                      grouped(static_cast<std::uint64_t>(number_of(frames, "finished"))));
  auto json = *status;
  json["user"] = user;
  context.print(json, text);
  return exit_ok;
}

}  // namespace

void add_account_commands(CLI::App& app, Context& context) {
  for (bool const is_new : {true, false}) {
    auto* command = is_new ? app.add_subcommand("register", "Create an account and log in with it")
                           : app.add_subcommand("login", "Log in and keep the login for later commands");
    // Shared with the callback, which runs after this function has returned.
    auto given = std::make_shared<SignOn>();
    command->add_option("NAME", given->name, "Name of the account")->required();
    if (is_new) command->add_option("--email", given->email, "E-mail address for messages of the grid (default none)");
    if (is_new)
      command->add_option("--invitation-file", given->invitation_file,
                          "Read an invitation from the first line of a file (needed while registration is closed)");
    auto* file =
        command->add_option("--password-file", given->password.file, "Read the password from the first line of a file");
    command->add_flag("--password-stdin", given->password.from_stdin, "Read the password from standard input")
        ->excludes(file);
    command->callback([&context, given, is_new] {
      context.run = [&context, given, is_new] { return sign_on(context, *given, is_new); };
    });
  }
  app.add_subcommand("logout", "Log out")->callback([&context] {
    context.run = [&context] { return log_out(context); };
  });
  app.add_subcommand("status", "Show the state of the grid and who is logged in")->callback([&context] {
    context.run = [&context] { return show_status(context); };
  });
}

}  // namespace distren::client
