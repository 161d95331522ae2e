// account, sessions, session: the user's own account and where it is logged in.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <memory>

#include "client/confirm.h"
#include "client/context.h"
#include "client/password.h"
#include "client/table.h"

namespace distren::client {
namespace {

constexpr char const* account_path = "/api/v1/users/me";

struct Account {
  std::string name;
  std::string email;
  bool no_email = false;
  bool yes = false;
  PasswordSource current;
  PasswordSource next;
};

Result<int> show_account(Context const& context) {
  auto session = context.session();
  if (!session) return session.error();
  auto me = session->get(account_path, "your account");
  if (!me) return me.error();
  auto const email = text_of(*me, "email");
  context.print(*me,
                fmt::format("user    {} ({})\nemail   {}\nsince   {}\njobs    {}\nslaves  {}\n", text_of(*me, "name"),
                            text_of(*me, "role"), email.empty() ? "none" : email, text_of(*me, "created_at"),
                            number_of(*me, "job_count"), number_of(*me, "slave_count")));
  return exit_ok;
}

Result<int> edit_account(Context const& context, Account const& given) {
  if (given.email.empty() && !given.no_email)
    return fail(Errc::invalid, "nothing to change; use --email or --no-email");
  auto session = context.session();
  if (!session) return session.error();
  auto password = read_password(given.current, "Your password: ", false);
  if (!password) return password.error();
  Json const email = given.no_email ? Json(nullptr) : Json(given.email);
  auto me =
      session->send("PATCH", account_path, Json{{"email", email}, {"current_password", *password}}, "your account");
  if (!me) return me.error();
  auto const kept = text_of(*me, "email");
  context.report(*me, kept.empty() ? "Your account has no e-mail address.\n"
                                   : fmt::format("The e-mail address of your account is {}.\n", kept));
  return exit_ok;
}

Result<int> change_password(Context const& context, Account const& given) {
  auto session = context.session();
  if (!session) return session.error();
  auto current = read_password(given.current, "Your present password: ", false);
  if (!current) return current.error();
  auto next = read_password(given.next, "Your new password: ", true);
  if (!next) return next.error();
  auto changed = session->send("PUT", std::string(account_path) + "/password",
                               Json{{"current_password", *current}, {"new_password", *next}}, "your account");
  if (!changed) return changed.error();
  context.report(Json::object(), "Your password is changed; all other logins have ended.\n");
  return exit_ok;
}

// The server takes a login of the last minutes alone, so that nobody who finds an open terminal can do it.
Result<int> delete_account(Context const& context, Account const& given) {
  auto session = context.session();
  if (!session) return session.error();
  auto me = session->get(account_path, "your account");
  if (!me) return me.error();
  auto const name = text_of(*me, "name");
  auto const what = fmt::format("This deletes the account {} with {} jobs and their images and {} slaves, for good.\n",
                                name, number_of(*me, "job_count"), number_of(*me, "slave_count"));
  if (!given.yes && !confirmed(what, "Delete it?")) return fail(Errc::conflict, "nothing was deleted");
  auto password = read_password(given.current, fmt::format("Password of {}: ", name), false);
  if (!password) return password.error();
  auto login = session->send_openly("POST", "/api/v1/sessions", Json{{"name", name}, {"password", *password}}, name);
  if (!login) return login.error();
  auto settings = session->settings();
  settings.token = text_of(*login, "token");
  Session fresh(settings);
  auto deleted = fresh.send("DELETE", account_path, std::nullopt, "your account");
  if (!deleted) return deleted.error();
  auto credentials = Credentials::load(settings.folder / "credentials.json");
  if (!credentials) return credentials.error();
  if (auto saved = credentials->forget(settings.server); !saved) return saved.error();
  context.report({{"id", (*me)["id"]}, {"state", "deleted"}}, fmt::format("Account {} deleted.\n", name));
  return exit_ok;
}

Result<int> reset_password(Context const& context, std::string const& name) {
  auto session = context.session();
  if (!session) return session.error();
  auto asked = session->send_openly("POST", "/api/v1/password-resets", Json{{"name", name}}, "the link");
  if (!asked) return asked.error();
  context.report(*asked,
                 fmt::format("If the account {} has a confirmed e-mail address, a link to set a new password is on "
                             "its way there.\n",
                             name));
  return exit_ok;
}

Result<int> list_sessions(Context const& context) {
  auto session = context.session();
  if (!session) return session.error();
  Table table({{"SESSION", Align::right}, {"ADDRESS"}, {"PROGRAM"}, {"CREATED"}, {"LAST SEEN"}});
  Json items = Json::array();
  auto listed = session->each_item("/api/v1/sessions", "the sessions", [&](Json const& each) {
    items.push_back(each);
    table.add({id_of(each), text_of(each, "address"),
               text_of(each, "user_agent").substr(0, 40) + (flag_of(each, "is_current") ? " (this one)" : ""),
               ago(text_of(each, "created_at"), now_ms()), ago(text_of(each, "last_seen_at"), now_ms())});
    return true;
  });
  if (!listed) return listed.error();
  context.print({{"items", items}}, table.text());
  return exit_ok;
}

Result<int> end_session(Context const& context, std::int64_t id) {
  auto session = context.session();
  if (!session) return session.error();
  auto ended =
      session->send("DELETE", fmt::format("/api/v1/sessions/{}", id), std::nullopt, fmt::format("session {}", id));
  if (!ended) return ended.error();
  context.report({{"id", id}, {"state", "ended"}}, fmt::format("Session {} ended.\n", id));
  return exit_ok;
}

}  // namespace

void add_own_account_commands(CLI::App& app, Context& context) {
  // Shared with the callbacks, which run after this function has returned.
  auto given = std::make_shared<Account>();
  auto id = std::make_shared<std::int64_t>(0);
  auto const asks_password = [given](CLI::App* command) {
    command->add_option("--password-file", given->current.file,
                        "Read the present password from the first line of a file");
  };

  auto* account = app.add_subcommand("account", "Show, change or delete your account")->require_subcommand(1);
  account->add_subcommand("show", "Show your account")->callback([&context] {
    context.run = [&context] { return show_account(context); };
  });
  auto* edit = account->add_subcommand("edit", "Change the e-mail address of your account");
  auto* email = edit->add_option("--email", given->email, "New address; it is to be confirmed");
  edit->add_flag("--no-email", given->no_email, "Remove the address")->excludes(email);
  asks_password(edit);
  edit->callback([&context, given] { context.run = [&context, given] { return edit_account(context, *given); }; });
  auto* password = account->add_subcommand("password", "Change your password and end all other logins");
  asks_password(password);
  password->add_option("--new-password-file", given->next.file, "Read the new password from the first line of a file");
  password->callback(
      [&context, given] { context.run = [&context, given] { return change_password(context, *given); }; });
  auto* reset = account->add_subcommand("reset-password", "Have a link to set a new password sent by e-mail");
  reset->add_option("NAME", given->name, "Name of the account")->required();
  reset->callback(
      [&context, given] { context.run = [&context, given] { return reset_password(context, given->name); }; });
  auto* remove = account->add_subcommand("delete", "Delete your account with its jobs, images and slaves");
  remove->add_flag("-y,--yes", given->yes, "Skip the confirmation");
  asks_password(remove);
  remove->callback([&context, given] { context.run = [&context, given] { return delete_account(context, *given); }; });

  app.add_subcommand("sessions", "List where you are logged in")->callback([&context] {
    context.run = [&context] { return list_sessions(context); };
  });
  auto* session = app.add_subcommand("session", "End a login")->require_subcommand(1);
  auto* end = session->add_subcommand("end", "End a login, here or elsewhere");
  end->add_option("SESSION", *id, "Number of the session")->required()->check(CLI::PositiveNumber);
  end->callback([&context, id] { context.run = [&context, id] { return end_session(context, *id); }; });
}

}  // namespace distren::client
