// The command line of `distren` about people: one's own account, logins, invitations; and projects and blocks.
#include "tests/support/client_fixture.h"

namespace distren {
namespace {

struct Desk : ClientFixture {
  Desk() {
    sign_on();
    std::ofstream(*this / "wrong") << "guess\n";
    std::ofstream(*this / "new") << "battery staple\n";
  }
};

START_TEST(an_account_is_shown_changed_and_gets_another_password) {
  Desk const desk;
  auto const shown = desk.good({"account", "show"}).out;
  ck_assert_says(shown, "anna (administrator)");
  ck_assert_says(shown, "email   none");
  ck_assert_says(desk.good({"account", "edit", "--email", "a@example.org", "--password-file", "pw"}).out,
                 "is a@example.org");
  ck_assert_says(desk.good({"account", "show"}).out, "a@example.org");
  ck_assert_says(desk.good({"account", "edit", "--no-email", "--password-file", "pw"}).out, "has no e-mail address");
  ck_assert_int_eq(desk.run({"account", "edit", "--password-file", "pw"}).code, 1);
  auto const refused = desk.run({"account", "edit", "--email", "a@example.org", "--password-file", "wrong"});
  ck_assert(refused.code != 0);
  ck_assert_says(refused.err, "it is not your password");
  ck_assert_says(desk.good({"account", "password", "--password-file", "pw", "--new-password-file", "new"}).out,
                 "is changed");
  desk.good({"login", "anna", "--password-file", "new"});
  ck_assert(desk.run({"login", "anna", "--password-file", "pw"}).code != 0);
}
END_TEST

START_TEST(an_account_is_deleted_with_its_password_alone) {
  Desk const desk;
  ck_assert(desk.run({"account", "delete", "--yes", "--password-file", "wrong"}).code != 0);
  ck_assert_says(desk.good({"account", "show"}).out, "anna");
  ck_assert_text(desk.good({"account", "delete", "--yes", "--password-file", "pw"}).out, "Account anna deleted.\n");
  ck_assert(desk.run({"login", "anna", "--password-file", "pw"}).code != 0);
  ck_assert_says(desk.good({"status"}).out, "not logged in");
}
END_TEST

START_TEST(sessions_are_listed_and_ended) {
  Desk const desk;
  ck_assert_says(desk.good({"sessions"}).out, "192.0.2.1");
  ck_assert_says(desk.good({"sessions"}).out, "distren/0.2.0 (this one)");
  ck_assert_text(desk.good({"session", "end", "5"}).out, "Session 5 ended.\n");
  ck_assert_int_eq(desk.run({"session", "end", "6"}).code, 4);
}
END_TEST

START_TEST(an_invitation_is_a_link_that_register_takes_from_a_file) {
  Desk const desk;
  ck_assert_text(desk.good({"invitations"}).out, "There are no invitations.\n");
  auto const link = desk.good({"invitation", "create", "--note", "for Eve"}).out;
  ck_assert_text(link, desk.server() + "/#/register/come-in\n");
  ck_assert_says(desk.good({"invitations"}).out, "for Eve");
  std::ofstream(desk / "link") << link;
  desk.good({"register", "eve", "--password-file", "pw", "--invitation-file", "link"});
  desk.good({"login", "anna", "--password-file", "pw"});
  ck_assert_text(desk.good({"invitation", "revoke", "1"}).out, "Invitation 1 revoked.\n");
  ck_assert_int_eq(desk.run({"invitation", "revoke", "2"}).code, 4);
  ck_assert_int_eq(desk.run({"invitation", "create", "--days", "91"}).code, 2);
}
END_TEST

START_TEST(a_project_is_renamed_and_deleted) {
  Desk const desk;
  desk.good({"project", "create", "film"});
  ck_assert_says(desk.good({"project", "rename", "film", "movie"}).out, "renamed to movie");
  ck_assert_says(desk.good({"projects"}).out, "movie");
  ck_assert_says(desk.good({"project", "delete", "movie"}).out, "deleted");
  ck_assert_int_eq(desk.run({"project", "delete", "movie"}).code, 4);
}
END_TEST

START_TEST(work_is_kept_from_a_slave_by_names_and_numbers) {
  Desk const desk;
  auto const slave = desk.good({"slave", "create", "attic", "--json"}).json().at("id").dump();
  ck_assert_says(desk.good({"slave", "block", slave, "user", "mallory"}).out, "is never offered work of user mallory");
  ck_assert_says(desk.good({"slave", "block", slave, "job", "9"}).out, "job 9");
  ck_assert_int_eq(desk.run({"slave", "block", slave, "user", "nobody"}).code, 4);
  ck_assert_int_eq(desk.run({"slave", "block", slave, "job", "x"}).code, 1);
  ck_assert_says(desk.good({"slave", "blocks", slave}).out, "user");
  ck_assert_says(desk.good({"slave", "unblock", slave, "user", "mallory"}).out,
                 "is offered work of user mallory again");
  ck_assert_says(desk.good({"slave", "unblock", slave, "job", "9"}).out, "again");
  ck_assert_says(desk.good({"slave", "blocks", slave}).out, "Nothing is blocked here");
}
END_TEST

TestGroup const accounts_tests{
    "accounts",
    {an_account_is_shown_changed_and_gets_another_password, an_account_is_deleted_with_its_password_alone,
     sessions_are_listed_and_ended, an_invitation_is_a_link_that_register_takes_from_a_file,
     a_project_is_renamed_and_deleted, work_is_kept_from_a_slave_by_names_and_numbers},
    {.timeout_s = 60}};

}  // namespace
}  // namespace distren
