// invitations, invitation: who may make an account while registration is closed.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <memory>

#include "client/context.h"
#include "client/table.h"

namespace distren::client {
namespace {

constexpr char const* invitations_path = "/api/v1/invitations";

Result<int> list_invitations(Context const& context) {
  auto session = context.session();
  if (!session) return session.error();
  Table table({{"INVITATION", Align::right}, {"FOR"}, {"BY"}, {"CREATED"}, {"EXPIRES"}, {"USED BY"}});
  Json items = Json::array();
  auto listed = session->each_item(invitations_path, "the invitations", [&](Json const& each) {
    items.push_back(each);
    table.add({id_of(each), text_of(each, "note"), text_of(object_of(each, "created_by"), "name"),
               ago(text_of(each, "created_at"), now_ms()), text_of(each, "expires_at"),
               text_of(object_of(each, "used_by"), "name")});
    return true;
  });
  if (!listed) return listed.error();
  context.print({{"items", items}}, table.empty() ? "There are no invitations.\n" : table.text());
  return exit_ok;
}

struct Invitation {
  std::string note;
  int days = 7;
};

Result<int> create_invitation(Context const& context, Invitation const& given) {
  auto session = context.session();
  if (!session) return session.error();
  Json body{{"valid_for_ms", std::int64_t{86'400'000} * given.days}};
  if (!given.note.empty()) body["note"] = given.note;
  auto made = session->send_once(invitations_path, body, "the invitation");
  if (!made) return made.error();
  context.print(*made, session->url("/#/register/" + text_of(*made, "secret")) + "\n");
  if (!context.options.json) context.note("Give it to whom you invite: it makes one account and is not shown again.");
  return exit_ok;
}

Result<int> revoke_invitation(Context const& context, std::int64_t id) {
  auto session = context.session();
  if (!session) return session.error();
  auto gone = session->send("DELETE", fmt::format("{}/{}", invitations_path, id), std::nullopt,
                            fmt::format("invitation {}", id));
  if (!gone) return gone.error();
  context.report({{"id", id}, {"state", "revoked"}}, fmt::format("Invitation {} revoked.\n", id));
  return exit_ok;
}

}  // namespace

void add_invitation_commands(CLI::App& app, Context& context) {
  // Shared with the callbacks, which run after this function has returned.
  auto given = std::make_shared<Invitation>();
  auto id = std::make_shared<std::int64_t>(0);
  app.add_subcommand("invitations", "List invitations to the grid")->callback([&context] {
    context.run = [&context] { return list_invitations(context); };
  });
  auto* invitation = app.add_subcommand("invitation", "Create or revoke an invitation")->require_subcommand(1);
  auto* create = invitation->add_subcommand("create", "Create an invitation and print its link once");
  create->add_option("--note", given->note, "For whom it is");
  create->add_option("--days", given->days, "Days that it is valid, 1 to 90 (default 7)")->check(CLI::Range(1, 90));
  create->callback(
      [&context, given] { context.run = [&context, given] { return create_invitation(context, *given); }; });
  auto* revoke = invitation->add_subcommand("revoke", "Revoke an invitation");
  revoke->add_option("INVITATION", *id, "Number of the invitation")->required()->check(CLI::PositiveNumber);
  revoke->callback([&context, id] { context.run = [&context, id] { return revoke_invitation(context, *id); }; });
}

}  // namespace distren::client
