// tokens, token, projects, project: API tokens for scripts, and the projects that jobs belong to.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <memory>

#include "client/context.h"
#include "client/project.h"
#include "client/table.h"
#include "common/base/text.h"

namespace distren::client {
namespace {

std::vector<std::string> const token_scopes{"jobs:read",     "jobs:write",  "files:write",  "slaves:read",
                                            "slaves:write",  "points:read", "points:write", "account:read",
                                            "account:write", "grid:admin"};

constexpr std::int64_t day_ms = 86'400'000;

std::string joined(Json const& words) {
  std::string out;
  for (auto const& word : words)
    if (word.is_string()) out += (out.empty() ? "" : ",") + word.get<std::string>();
  return out;
}

std::string expiry_of(Json const& token) {
  auto const text = text_of(token, "expires_at");
  if (text.empty()) return "never";
  auto const at = parse_iso_time(text);
  return at && *at <= now_ms() ? "expired" : text.substr(0, 10);
}

Result<int> list_tokens(Context const& context) {
  auto session = context.session();
  if (!session) return session.error();
  Table table({{"TOKEN", Align::right}, {"NAME"}, {"SCOPES"}, {"CREATED"}, {"LAST USED"}, {"EXPIRES"}});
  Json items = Json::array();
  auto listed = session->each_item("/api/v1/tokens", "the tokens", [&](Json const& token) {
    items.push_back(token);
    table.add({id_of(token), text_of(token, "name"), joined(list_of(token, "scopes")),
               ago(text_of(token, "created_at"), now_ms()), ago(text_of(token, "last_used_at"), now_ms()),
               expiry_of(token)});
    return true;
  });
  if (!listed) return listed.error();
  context.print({{"items", items}}, table.empty() ? "You have no tokens.\n" : table.text());
  return exit_ok;
}

Result<int> create_token(Context const& context, std::string const& name, std::vector<std::string> const& scopes,
                         int days) {
  auto session = context.session();
  if (!session) return session.error();
  Json body{{"name", name}, {"scopes", scopes}};
  if (days > 0) body["expires_at"] = iso_time(now_ms() + days * day_ms);
  auto token = session->send_once("/api/v1/tokens", body, "the token");
  if (!token) return token.error();
  context.print(*token, text_of(*token, "secret") + "\n");
  if (!context.options.json) context.note("Keep it secret, for example in DISTREN_TOKEN: it is not shown again.");
  return exit_ok;
}

Result<int> revoke_token(Context const& context, std::int64_t id) {
  auto session = context.session();
  if (!session) return session.error();
  auto gone = session->send("DELETE", fmt::format("/api/v1/tokens/{}", id), std::nullopt, fmt::format("token {}", id));
  if (!gone) return gone.error();
  context.report({{"id", id}, {"state", "revoked"}}, fmt::format("Token {} revoked.\n", id));
  return exit_ok;
}

Result<int> list_projects(Context const& context) {
  auto session = context.session();
  if (!session) return session.error();
  Table table({{"PROJECT", Align::right}, {"NAME"}});
  Json items = Json::array();
  auto listed = session->each_item("/api/v1/projects", "the projects", [&](Json const& project) {
    items.push_back(project);
    table.add({id_of(project), text_of(project, "name")});
    return true;
  });
  if (!listed) return listed.error();
  context.print({{"items", items}}, table.empty() ? "You have no projects.\n" : table.text());
  return exit_ok;
}

Result<int> create_project(Context const& context, std::string const& name) {
  auto session = context.session();
  if (!session) return session.error();
  auto project = session->send_once("/api/v1/projects", Json{{"name", name}}, "the project");
  if (!project) return project.error();
  context.report(*project, fmt::format("Project {} created: {}.\n", id_of(*project), text_of(*project, "name")));
  return exit_ok;
}

Result<int> rename_project(Context const& context, std::string const& wanted, std::string const& name) {
  auto session = context.session();
  if (!session) return session.error();
  auto const id = find_project(*session, wanted);
  if (!id) return id.error();
  auto project =
      session->send("PATCH", fmt::format("/api/v1/projects/{}", id->dump()), Json{{"name", name}}, "the project");
  if (!project) return project.error();
  context.report(*project, fmt::format("Project {} renamed to {}.\n", id_of(*project), text_of(*project, "name")));
  return exit_ok;
}

Result<int> delete_project(Context const& context, std::string const& wanted) {
  auto session = context.session();
  if (!session) return session.error();
  auto const id = find_project(*session, wanted);
  if (!id) return id.error();
  auto gone = session->send("DELETE", fmt::format("/api/v1/projects/{}", id->dump()), std::nullopt, "the project");
  if (!gone) return gone.error();
  context.report({{"id", *id}, {"state", "deleted"}}, fmt::format("Project {} deleted.\n", id->dump()));
  return exit_ok;
}

}  // namespace

void add_token_commands(CLI::App& app, Context& context) {
  // Shared with the callbacks, which run after this function has returned.
  auto name = std::make_shared<std::string>();
  auto scopes =
      std::make_shared<std::vector<std::string>>(std::vector<std::string>{"jobs:read", "jobs:write", "files:write"});
  auto id = std::make_shared<std::int64_t>(0);
  auto days = std::make_shared<int>(0);

  app.add_subcommand("tokens", "List your API tokens")->callback([&context] {
    context.run = [&context] { return list_tokens(context); };
  });
  auto* token = app.add_subcommand("token", "Create or revoke an API token for scripts")->require_subcommand(1);
  auto* create = token->add_subcommand("create", "Create a token and print it once");
  create->add_option("NAME", *name, "Purpose of the token")->required();
  create
      ->add_option(
          "--scope", *scopes,
          fmt::format("Allowed scopes: {} (default jobs:read,jobs:write,files:write)", fmt::join(token_scopes, ", ")))
      ->delimiter(',')
      ->check(CLI::IsMember(token_scopes));
  create->add_option("--expires-in", *days, "Days after which the token expires (default never)")
      ->type_name("DAYS")
      ->check(CLI::Range(1, 3660));
  create->callback([&context, name, scopes, days] {
    context.run = [&context, name, scopes, days] { return create_token(context, *name, *scopes, *days); };
  });
  auto* revoke = token->add_subcommand("revoke", "Revoke a token");
  revoke->add_option("TOKEN", *id, "Number of the token")->required()->check(CLI::PositiveNumber);
  revoke->callback([&context, id] { context.run = [&context, id] { return revoke_token(context, *id); }; });

  app.add_subcommand("projects", "List your projects")->callback([&context] {
    context.run = [&context] { return list_projects(context); };
  });
  auto* project = app.add_subcommand("project", "Create, rename or delete a project")->require_subcommand(1);
  auto* create_one = project->add_subcommand("create", "Create a project");
  create_one->add_option("NAME", *name, "Name of the project")->required();
  create_one->callback([&context, name] { context.run = [&context, name] { return create_project(context, *name); }; });
  auto wanted = std::make_shared<std::string>();
  auto* rename = project->add_subcommand("rename", "Rename a project");
  rename->add_option("PROJECT", *wanted, "Name or number of the project")->required();
  rename->add_option("NAME", *name, "New name of the project")->required();
  rename->callback([&context, wanted, name] {
    context.run = [&context, wanted, name] { return rename_project(context, *wanted, *name); };
  });
  auto* remove = project->add_subcommand("delete", "Delete a project that has no jobs, with its shots");
  remove->add_option("PROJECT", *wanted, "Name or number of the project")->required();
  remove->callback(
      [&context, wanted] { context.run = [&context, wanted] { return delete_project(context, *wanted); }; });
}

}  // namespace distren::client
