// Unit tests with Check. A file registers its groups of tests itself; tests/support/check_main.cpp has the main() of
// every program in tests/unit: it runs what was registered, writes TAP to standard output, and each test is a process
// of its own, so that a crash is one failed test. With a word it runs only what has it in "GROUP/TEST". Times are
// seconds.
#pragma once

#include <check.h>

#include <initializer_list>
#include <string>
#include <vector>
#undef fail  // a macro of Check, and a function of common/base/result.h
namespace distren {

// Register at namespace scope: TestGroup const leases{"leases", {a_lease_expires, ...}};
struct TestGroup {
  struct Options {
    int timeout_s = 0;                // of each test, times CK_TIMEOUT_MULTIPLIER; 0: Check's default, 4
    void (*before_all)() = nullptr;   // in the process that all tests fork from, if a test of the group is chosen
    void (*before_each)() = nullptr;  // in the process of each test
    void (*after_each)() = nullptr;   // the same, unless the test failed
    std::string (*reason_to_skip)() = nullptr;  // why the group cannot run on this machine; empty: it can
    bool forks = true;  // false: one process for the program, because a library of it has threads from its start on
  };
  TestGroup(char const* name, std::initializer_list<TTest const*> tests);
  TestGroup(char const* name, std::initializer_list<TTest const*> tests, Options options);

  char const* name;
  std::vector<TTest const*> tests;
  Options options;
};

// What the program does instead of tests when this is its only word; for tests that need a program to start.
struct ProgramMode {
  ProgramMode(char const* word, int (*run)());
  char const* word;
  int (*run)();
};

// Called once after the last test, in the process that the tests were forked from; the latest first.
void after_all_tests(void (*cleanup)());

// Ends the program with TAP's "Bail out!", for what before_all cannot do: Check would report nothing of it.
[[noreturn]] void bail_out(std::string const& reason);

}  // namespace distren

// Macros, so that a failure shows the caller's line. ck_assert_str_eq would keep pointers into texts that are gone.
// clang-format off
#define ck_assert_says(text, part)                                                                           \
  do {                                                                                                       \
    std::string const said_ = (text);                                                                        \
    ck_assert_msg(said_.find(part) != std::string::npos, "'%s' does not say '%s'", said_.c_str(), part);     \
  } while (0)

#define ck_assert_text(text, expected)                                                                       \
  do {                                                                                                       \
    std::string const text_ = (text);                                                                        \
    std::string const expected_ = (expected);                                                                \
    ck_assert_msg(text_ == expected_, "'%s' should be '%s'", text_.c_str(), expected_.c_str());              \
  } while (0)
// clang-format on
