// Runs Check cases and writes TAP to standard output, for automake's driver and for eyes. Each test runs in its own
// process, so that a crash is one failed test. Exit status 1 when a test failed.
#pragma once

#include <check.h>

#include <cstdlib>
#include <initializer_list>
#include <string>

namespace distren {

inline int run_suite(char const* name, std::initializer_list<TCase*> cases) {
  Suite* suite = suite_create(name);
  for (TCase* each : cases) suite_add_tcase(suite, each);
  SRunner* runner = srunner_create(suite);
  srunner_set_tap(runner, "-");
  srunner_run_all(runner, CK_SILENT);
  bool const good = srunner_ntests_failed(runner) == 0;
  srunner_free(runner);
  return good ? EXIT_SUCCESS : EXIT_FAILURE;
}

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
