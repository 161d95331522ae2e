// The words of the command line of `distren`: aliases, forms of version 0.1, mistyped words, --quiet.
#include "client/old_forms.h"
#include "tests/support/client_fixture.h"

namespace distren {
namespace {

using Words = std::vector<std::string>;

std::string joined(Words const& words) {
  return fmt::format("{}", fmt::join(words, " "));
}

START_TEST(an_old_form_becomes_the_present_one) {
  for (auto const& [old, present] : {
           std::pair{Words{"job", "7"}, Words{"job", "show", "7"}},
           {{"--json", "job", "--wait", "7"}, {"--json", "job", "show", "--wait", "7"}},
           {{"--server", "job", "job", "7"}, {"--server", "job", "job", "show", "7"}},
           {{"job", "--server", "https://a", "7"}, {"job", "show", "--server", "https://a", "7"}},
           {{"change", "7", "--name", "x"}, {"job", "edit", "7", "--name", "x"}},
           {{"tokens", "new", "ci"}, {"token", "create", "ci"}},
           {{"tokens", "--json", "new", "ci"}, {"token", "--json", "create", "ci"}},
           {{"tokens", "revoke", "3"}, {"token", "revoke", "3"}},
           {{"projects", "new", "film"}, {"project", "create", "film"}},
           {{"shots", "film", "SQ/SH", "done"}, {"shot", "set", "film", "SQ/SH", "done"}},
           {{"points", "--statement"}, {"points", "statement"}},
           {{"points", "--limit", "3", "--statement"}, {"points", "statement", "--limit", "3"}},
       })
    ck_assert_text(joined(client::present_form(old)), joined(present));
}
END_TEST

START_TEST(every_other_command_stays_as_it_is) {
  for (auto const& words : {Words{},
                            {"--json"},
                            {"--server"},
                            {"job"},
                            {"job", "show", "7"},
                            {"job", "edit", "7"},
                            {"jobs"},
                            {"tokens"},
                            {"projects"},
                            {"shots", "new"},
                            {"shots", "film", "--json"},
                            {"points"},
                            {"points", "statement", "--cursor", "5"},
                            {"submit", "job", "7"},
                            {"give", "change", "5"}})
    ck_assert_text(joined(client::present_form(words)), joined(words));
}
END_TEST

// Both forms, one after the other, print the same.
START_TEST(every_alias_does_what_its_command_does) {
  ClientFixture const desk;
  desk.sign_on();
  auto const job = desk.submit("film");
  desk.good({"job", "show", job, "--wait"});
  auto const slave = desk.good({"slave", "create", "attic", "--json"}).json().at("id").dump();
  desk.good({"project", "create", "film"});
  desk.good({"give", "ben", "1"});
  desk.good({"give", "ben", "2"});
  for (auto const& [alias, command] : {
           std::pair{Words{"job", job}, Words{"job", "show", job}},
           {{"job", job, "--frames"}, {"job", "show", job, "--frames"}},
           {{"change", job, "--priority", "7"}, {"job", "edit", job, "--priority", "7"}},
           {{"logs", job, "3"}, {"log", job, "3"}},
           {{"why", job}, {"explain", job}},
           {{"rank", "-n", "2"}, {"ranking", "--limit", "2"}},
           {{"stats"}, {"statistics"}},
           {{"jobs", "-n", "1"}, {"jobs", "--limit", "1"}},
           {{"points", "--statement", "--limit", "1"}, {"points", "statement", "-n", "1"}},
           {{"boost", job, "1", "--dry-run"}, {"boost", job, "1", "--quote"}},
           {{"boost", job, "1", "-y", "--key", "k"}, {"boost", job, "1", "--yes", "--key", "k"}},
           {{"slave", "set", slave, "--threads", "2"}, {"slave", "edit", slave, "--threads", "2"}},
           {{"slave", "rotate", slave}, {"slave", "rotate-password", slave}},
           {{"shots", "film", "SQ010/SH010", "done"}, {"shot", "set", "film", "SQ010/SH010", "done"}},
           {{"-V"}, {"--version"}},
           {{"retry", job}, {"requeue", job}},
       }) {
    ck_assert_text(desk.good(alias).out, desk.good(command).out);
    auto json = alias;
    json.emplace_back("--json");
    ck_assert(!desk.good(json).out.empty());
  }
  desk.good({"job", "show", job, "--wait"});
  ck_assert_says(desk.good({"fetch", job, "here"}).out, "6 frames in here");
  ck_assert_says(desk.good({"download", job, "here"}).out, "6 already there");
}
END_TEST

START_TEST(what_an_alias_creates_and_revokes_is_there_and_gone) {
  ClientFixture const desk;
  desk.sign_on();
  ck_assert(desk.good({"slave", "new", "attic", "--json"}).json().at("slavepassword") == "first-secret");
  ck_assert_text(desk.good({"tokens", "new", "ci"}).out.substr(0, 6), "secret");
  ck_assert_says(desk.good({"tokens", "revoke", "1"}).out, "Token 1 revoked");
  ck_assert(desk.good({"projects", "new", "film", "--json"}).json().at("name") == "film");
  ck_assert_says(desk.good({"projects"}).out, "film");
  for (auto const* look : {"--check", "--dry-run"}) ck_assert_int_eq(desk.run({"submit", "absent", look}).code, 4);
}
END_TEST

START_TEST(a_slave_is_renamed) {
  ClientFixture const desk;
  desk.sign_on();
  auto const slave = desk.good({"slave", "create", "attic", "--json"}).json().at("id").dump();
  ck_assert_text(desk.good({"slave", "rename", slave, "cellar"}).out, "Slave " + slave + " renamed to cellar.\n");
  ck_assert_says(desk.good({"slave", "show", slave}).out, "cellar");
  ck_assert_int_eq(desk.run({"slave", "rename", "99", "cellar"}).code, 4);
}
END_TEST

START_TEST(a_mistyped_word_is_answered_with_the_nearest) {
  ClientFixture const desk;
  for (auto const& [words, message] : {
           std::pair{Words{"sumbit", "a.blend"}, "there is no command 'sumbit'; did you mean 'submit'?"},
           {{"slave", "rotat", "1"}, "there is no command 'slave rotat'; did you mean 'slave rotate-password'?"},
           {{"explian", "1"}, "there is no command 'explian'; did you mean 'explain'?"},
           {{"submit", "a.blend", "--fraems", "1"}, "there is no option '--fraems'; did you mean '--frames'?"},
           {{"jobs", "--quite"}, "there is no option '--quite'; did you mean '--quiet'?"},
           {{"statistics", "--span", "day"}, "there is no option '--span'; it is now '--period'"},
           {{"jobs", "--ca=x"}, "there is no option '--ca'; it is now '--ca-file'"},
           {{"slave", "edit", "1", "--memory", "99"}, "there is no option '--memory'; it is now '--memory-mib'"},
           {{"slave", "edit", "1", "--as-it-was"}, "there is no option '--as-it-was'; it is now '--reset'"},
       }) {
    auto const answer = desk.run(words);
    ck_assert_int_eq(answer.code, 2);
    ck_assert_text(answer.err, fmt::format("distren: {}\n", message));
  }
}
END_TEST

START_TEST(quiet_prints_nothing_but_errors) {
  ClientFixture const desk;
  auto const silent = [&desk](Words words) {
    words.emplace_back("-q");
    auto const output = desk.good(words);
    ck_assert_msg(output.out.empty() && output.err.empty(), "%s prints '%s' '%s'", joined(words).c_str(),
                  output.out.c_str(), output.err.c_str());
  };
  silent({"register", "anna", "--server", desk.server(), "--password-file", desk / "pw"});
  silent({"submit", ClientFixture::sample(), "--frames", "1-6", "--name", "damage"});
  auto const job = desk.good({"jobs", "--json"}).json().at("items").at(0).at("id").dump();
  for (auto const& words : {Words{"pause", job},
                            {"resume", job},
                            {"job", "edit", job, "--name", "damage again"},
                            {"boost", job, "1"},
                            {"give", "ben", "1"},
                            {"adjust", "1", "--to", "ben", "--reason", "a prize"},
                            {"project", "create", "film"},
                            {"shot", "set", "film", "SQ010/SH010", "done"},
                            {"token", "revoke", "1"},
                            {"download", job, "frames"},
                            {"cancel", job},
                            {"delete", job},
                            {"submit", ClientFixture::sample(), "--frames", "1-2", "--wait", "--download", "more"},
                            {"logout"}}) {
    if (words.front() == "download") desk.good({"job", "show", job, "--wait"});
    silent(words);
  }
  ck_assert_uint_eq(files_in(desk / "more"), 2);
  auto const denied = desk.run({"jobs", "--quiet"});
  ck_assert_int_eq(denied.code, 3);
  ck_assert_says(denied.err, "distren login");
}
END_TEST

START_TEST(quiet_prints_the_data_that_is_asked_for_and_what_failed) {
  ClientFixture const desk;
  desk.sign_on();
  auto const job = desk.submit("gap");
  ck_assert_says(desk.good({"jobs", "-q"}).out, "gap");
  ck_assert(desk.good({"pause", job, "-q", "--json"}).json().at("state") == "paused");
  ck_assert_text(desk.good({"token", "create", "ci", "-q"}).err, "");
  auto const failed =
      desk.run({"submit", ClientFixture::sample(), "--frames", "1-6", "--name", "fail", "--wait", "-q"});
  ck_assert_int_eq(failed.code, 1);
  ck_assert_says(failed.err, "failed: 5 of 6 frames rendered");
  ck_assert(failed.err.find("warning") == std::string::npos && failed.out.empty());
}
END_TEST

TestGroup const words_tests{
    "words",
    {an_old_form_becomes_the_present_one, every_other_command_stays_as_it_is, every_alias_does_what_its_command_does,
     what_an_alias_creates_and_revokes_is_there_and_gone, a_slave_is_renamed,
     a_mistyped_word_is_answered_with_the_nearest, quiet_prints_nothing_but_errors,
     quiet_prints_the_data_that_is_asked_for_and_what_failed},
    {.timeout_s = 120}};

}  // namespace
}  // namespace distren
