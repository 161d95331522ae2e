// tokens, projects: tokens for scripts, and the projects that jobs belong to.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <memory>

#include "client/context.h"
#include "client/table.h"

namespace distren::client {
namespace {

std::string joined(Json const& words) {
  std::string out;
  for (auto const& word : words)
    if (word.is_string()) out += (out.empty() ? "" : ",") + word.get<std::string>();
  return out;
}

Result<int> list_tokens(Context const& context) {
  auto session = context.session();
  if (!session) return session.error();
  Table table({{"TOKEN", Align::right}, {"NAME"}, {"MAY"}, {"MADE"}, {"USED"}});
  Json items = Json::array();
  auto listed = session->each_item("/api/v1/tokens", "the tokens", [&](Json const& token) {
    items.push_back(token);
    table.add({id_of(token), text_of(token, "name"), joined(list_of(token, "scopes")),
               ago(text_of(token, "created_at"), now_ms()), ago(text_of(token, "last_used_at"), now_ms())});
    return true;
  });
  if (!listed) return listed.error();
  context.print({{"items", items}}, table.empty() ? "You have no tokens.\n" : table.text());
  return exit_ok;
}

Result<int> new_token(Context const& context, std::string const& name, std::vector<std::string> const& scopes) {
  auto session = context.session();
  if (!session) return session.error();
  auto token = session->send("POST", "/api/v1/tokens", Json{{"name", name}, {"scopes", scopes}}, "the token");
  if (!token) return token.error();
  context.print(*token, text_of(*token, "secret") + "\n");
  if (!context.options.json) Context::note("Keep it secret, for example in DISTREN_TOKEN: it is not shown again.");
  return exit_ok;
}

Result<int> revoke_token(Context const& context, std::int64_t id) {
  auto session = context.session();
  if (!session) return session.error();
  auto deleted =
      session->send("DELETE", fmt::format("/api/v1/tokens/{}", id), std::nullopt, fmt::format("token {}", id));
  if (!deleted) return deleted.error();
  context.print({{"id", id}, {"state", "revoked"}}, fmt::format("Token {} is revoked.\n", id));
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

Result<int> new_project(Context const& context, std::string const& name) {
  auto session = context.session();
  if (!session) return session.error();
  auto project = session->send("POST", "/api/v1/projects", Json{{"name", name}}, "the project");
  if (!project) return project.error();
  context.print(*project, fmt::format("Project {} is {}.\n", id_of(*project), text_of(*project, "name")));
  return exit_ok;
}

}  // namespace

void add_token_commands(CLI::App& app, Context& context) {
  // Shared with the callbacks, which run after this function has returned.
  auto name = std::make_shared<std::string>();
  auto scopes = std::make_shared<std::vector<std::string>>(std::vector<std::string>{"read", "submit"});
  auto id = std::make_shared<std::int64_t>(0);

  auto* tokens = app.add_subcommand("tokens", "List, make and revoke tokens for scripts")->require_subcommand(0, 1);
  tokens->callback([&context, tokens] {
    if (tokens->get_subcommands().empty()) context.run = [&context] { return list_tokens(context); };
  });
  auto* make_token = tokens->add_subcommand("new", "Make a token and show it once");
  make_token->add_option("NAME", *name, "What it is for")->required();
  make_token->add_option("--scope", *scopes, "What it may do: read, submit, slaves, admin; default read,submit")
      ->delimiter(',')
      ->check(CLI::IsMember({"read", "submit", "slaves", "admin"}));
  make_token->callback([&context, name, scopes] {
    context.run = [&context, name, scopes] { return new_token(context, *name, *scopes); };
  });
  auto* revoke = tokens->add_subcommand("revoke", "End a token");
  revoke->add_option("TOKEN", *id, "The token's number")->required()->check(CLI::PositiveNumber);
  revoke->callback([&context, id] { context.run = [&context, id] { return revoke_token(context, *id); }; });

  auto* projects = app.add_subcommand("projects", "List and make projects")->require_subcommand(0, 1);
  projects->callback([&context, projects] {
    if (projects->get_subcommands().empty()) context.run = [&context] { return list_projects(context); };
  });
  auto* make_project = projects->add_subcommand("new", "Make a project");
  make_project->add_option("NAME", *name, "Its name")->required();
  make_project->callback([&context, name] { context.run = [&context, name] { return new_project(context, *name); }; });
}

}  // namespace distren::client
