// main() of every program in tests/unit.
#include "tests/support/check_main.h"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <string_view>

namespace distren {

namespace {

// Functions, because groups register before main() in no order that this file knows.
std::vector<TestGroup const*>& groups() {
  static std::vector<TestGroup const*> all;
  return all;
}
std::vector<ProgramMode const*>& modes() {
  static std::vector<ProgramMode const*> all;
  return all;
}
std::vector<void (*)()>& cleanups() {
  static std::vector<void (*)()> all;
  return all;
}

void clean_up() {
  while (!cleanups().empty()) {
    auto const latest = cleanups().back();
    cleanups().pop_back();
    latest();
  }
}

// The chosen tests of the group; nullptr when it has none.
TCase* chosen_tests(TestGroup const& group, std::string_view word) {
  std::vector<TTest const*> chosen;
  std::ranges::copy_if(group.tests, std::back_inserter(chosen), [&](TTest const* test) {
    return (std::string(group.name) + '/' + test->name).find(word) != std::string::npos;
  });
  if (chosen.empty()) return nullptr;
  auto const& options = group.options;
  if (auto const reason = options.reason_to_skip == nullptr ? "" : options.reason_to_skip(); !reason.empty()) {
    std::printf("# the tests %s are left out: %s\n", group.name, reason.c_str());
    return nullptr;
  }
  TCase* const made = tcase_create(group.name);
  for (auto const* test : chosen) tcase_add_test(made, test);
  if (options.timeout_s != 0) tcase_set_timeout(made, options.timeout_s);
  if (options.before_all != nullptr) tcase_add_unchecked_fixture(made, options.before_all, nullptr);
  if (options.before_each != nullptr || options.after_each != nullptr)
    tcase_add_checked_fixture(made, options.before_each, options.after_each);
  return made;
}

int run_tests(char const* program, std::string_view word) {
  Suite* const suite = suite_create(program);
  SRunner* const runner = srunner_create(suite);
  bool none = true;
  for (auto const* group : groups()) {
    TCase* const tests = chosen_tests(*group, word);
    if (tests == nullptr) continue;
    none = false;
    suite_add_tcase(suite, tests);
    if (!group->options.forks) srunner_set_fork_status(runner, CK_NOFORK);
  }
  if (none) {
    std::fprintf(stderr, "%s: no test has '%s' in its name\n", program, std::string(word).c_str());
    srunner_free(runner);
    return EXIT_FAILURE;
  }
  std::fflush(stdout);
  srunner_set_tap(runner, "-");
  srunner_run_all(runner, CK_SILENT);
  bool const good = srunner_ntests_failed(runner) == 0;
  srunner_free(runner);
  clean_up();
  return good ? EXIT_SUCCESS : EXIT_FAILURE;
}

}  // namespace

TestGroup::TestGroup(char const* of, std::initializer_list<TTest const*> all) : TestGroup(of, all, Options{}) {}

TestGroup::TestGroup(char const* of, std::initializer_list<TTest const*> all, Options how)
    : name(of), tests(all), options(how) {
  groups().push_back(this);
}

ProgramMode::ProgramMode(char const* called, int (*doing)()) : word(called), run(doing) {
  modes().push_back(this);
}

void after_all_tests(void (*cleanup)()) {
  cleanups().push_back(cleanup);
}

void bail_out(std::string const& reason) {
  std::printf("Bail out! %s\n", reason.c_str());
  clean_up();
  std::exit(EXIT_FAILURE);
}

}  // namespace distren

int main(int count, char** words) {
  std::string_view const word = count > 1 ? words[1] : "";
  if (count > 2 || word.starts_with("-")) {
    std::fprintf(stderr, "usage: %s [WORD]   the tests with the word in GROUP/TEST; default all\n", words[0]);
    return 2;
  }
  for (auto const* mode : distren::modes())
    if (word == mode->word) return mode->run();
  return distren::run_tests(words[0], word);
}
