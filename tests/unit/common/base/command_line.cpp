// The command line that all programs share: mistyped and renamed words, help and exit codes.
#include "common/base/command_line.h"

#include <fcntl.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <array>

#include "common/base/files.h"
#include "tests/support/check_main.h"
#include "tests/support/helper_program.h"

namespace distren {
namespace {

struct Reply {
  std::optional<int> code;
  std::string out;
  std::string err;
};

// What is printed while `work` runs. Each test has its own process.
Reply printed(std::function<std::optional<int>()> const& work) {
  ScratchFolder const folder;
  for (auto const& [name, fd] : {std::pair{"out", STDOUT_FILENO}, {"err", STDERR_FILENO}})
    ck_assert_int_eq(dup2(open((folder / name).c_str(), O_WRONLY | O_CREAT, 0600), fd), fd);
  auto const code = work();
  std::cout.flush();
  std::fflush(nullptr);
  return {code, read_file(folder / "out").value(), read_file(folder / "err").value()};
}

Reply parse(std::vector<std::string> words) {
  CLI::App app("Render things.", "tool");
  app.set_version_flag("-V,--version", "tool 1");
  bool json = false;
  int limit = 0;
  std::string file;
  app.add_flag("--json", json, "Print JSON");
  app.require_subcommand(1);
  app.fallthrough();
  auto* submit = app.add_subcommand("submit", "Submit a file");
  submit->add_option("FILE", file, "The file")->required();
  submit->add_option("-n,--limit", limit, "A limit")->check(CLI::Range(1, 9));
  app.add_subcommand("explain", "Explain")->alias("why");
  auto* slave = app.add_subcommand("slave", "Slaves")->require_subcommand(1);
  slave->add_subcommand("create", "Create")->alias("new");
  slave->add_subcommand("show", "Show");
  constexpr std::array<RenamedOption, 1> renamed{{{"--most", "--limit"}}};
  return printed([&] { return parse_command_line(app, std::move(words), renamed); });
}

void expect_error(std::vector<std::string> words, std::string const& message) {
  auto const reply = parse(std::move(words));
  ck_assert(reply.code == 2);
  ck_assert_text(reply.err, "tool: " + message + "\n");
  ck_assert_text(reply.out, "");
}

START_TEST(a_correct_command_line_goes_on) {
  for (std::vector<std::string> const& words :
       {std::vector<std::string>{"submit", "a", "-n", "3", "--json"}, {"--json", "slave", "new"}, {"why"}}) {
    auto const reply = parse(words);
    ck_assert(!reply.code && reply.out.empty() && reply.err.empty());
  }
}
END_TEST

START_TEST(help_and_version_are_printed_on_stdout) {
  auto const help = parse({"submit", "--help"});
  ck_assert(help.code == 0 && help.err.empty());
  ck_assert_says(help.out, "-n,--limit");
  auto const version = parse({"-V"});
  ck_assert(version.code == 0 && version.out == "tool 1\n");
}
END_TEST

START_TEST(a_mistyped_command_is_answered_with_the_nearest) {
  expect_error({"sumbit", "a.blend", "--limit", "3"}, "there is no command 'sumbit'; did you mean 'submit'?");
  expect_error({"--json", "slvae", "show"}, "there is no command 'slvae'; did you mean 'slave'?");
}
END_TEST

START_TEST(a_mistyped_command_of_a_command_is_answered_with_both) {
  expect_error({"slave", "shwo", "3"}, "there is no command 'slave shwo'; did you mean 'slave show'?");
}
END_TEST

START_TEST(a_word_near_an_alias_is_answered_with_the_command) {
  expect_error({"slave", "enw"}, "there is no command 'slave enw'; did you mean 'slave create'?");
}
END_TEST

START_TEST(a_mistyped_option_is_answered_with_the_nearest) {
  expect_error({"submit", "a", "--limt", "3"}, "there is no option '--limt'; did you mean '--limit'?");
  expect_error({"submit", "--limti=3", "a"}, "there is no option '--limti'; did you mean '--limit'?");
  expect_error({"submit", "a", "--jsno"}, "there is no option '--jsno'; did you mean '--json'?");
}
END_TEST

START_TEST(a_renamed_option_is_answered_with_its_present_name) {
  expect_error({"submit", "a", "--most", "3"}, "there is no option '--most'; it is now '--limit'");
}
END_TEST

START_TEST(a_word_like_no_other_is_answered_with_the_help) {
  expect_error({"frobnicate"}, "there is no command 'frobnicate'; see: tool --help");
  expect_error({"submit", "a", "--frobnicate"}, "there is no option '--frobnicate'; see: tool submit --help");
  expect_error({"submit", "a", "b"}, "unexpected argument 'b'; see: tool submit --help");
}
END_TEST

START_TEST(what_is_missing_or_out_of_range_is_named) {
  expect_error({}, "a command is required; see: tool --help");
  expect_error({"slave"}, "a command is required; see: tool slave --help");
  expect_error({"submit"}, "FILE is required; see: tool submit --help");
  expect_error({"submit", "a", "-n", "10"}, "--limit: Value 10 not in range 1 to 9; see: tool submit --help");
}
END_TEST

START_TEST(words_of_any_length_and_content_are_shown_safely) {
  auto const reply = parse({std::string(100000, 'x') + "\x1b[2J"});
  ck_assert(reply.code == 2 && reply.err.size() < 200);
  ck_assert(parse({"sub\x1bmit"}).err.find('\x1b') == std::string::npos);
}
END_TEST

TestGroup const command_line_tests{
    "command line",
    {a_correct_command_line_goes_on, help_and_version_are_printed_on_stdout,
     a_mistyped_command_is_answered_with_the_nearest, a_mistyped_command_of_a_command_is_answered_with_both,
     a_word_near_an_alias_is_answered_with_the_command, a_mistyped_option_is_answered_with_the_nearest,
     a_renamed_option_is_answered_with_its_present_name, a_word_like_no_other_is_answered_with_the_help,
     what_is_missing_or_out_of_range_is_named, words_of_any_length_and_content_are_shown_safely}};

}  // namespace
}  // namespace distren
