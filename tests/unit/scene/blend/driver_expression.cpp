// Which driver expressions Blender evaluates without Python. tests/e2e/blend_constants.py asks real Blenders the same.
#include "scene/blend/driver_expression.h"

#include "tests/support/check_main.h"

using namespace distren;

namespace {

bool simple(std::string_view expression) {
  std::vector<std::string> const names{"var", "other_name"};
  return is_simple_expression(expression, names);
}

START_TEST(names_numbers_operators_and_known_functions_are_simple) {
  for (auto const* good :
       {"frame - 2", "var", " var*2.5e-3 + .5 / 3. ", "-+-var", "sin(frame/10)*pi", "1 if frame > 10 else 0",
        "not var and True or False", "1 < var <= 3 != 4", "min(1, 2, 3, var)", "max(var)", "clamp(var)",
        "clamp(var, 0, 1)", "lerp(0, 1, smoothstep(0, 1, var))", "log(2) + log(8, 2)", "atan2(1,2)", "(((var)))", "00",
        "0.10", "1 if var else 2 if frame else 3"})
    ck_assert_msg(simple(good), "%s", good);
}
END_TEST

START_TEST(what_only_python_knows_is_not_simple) {
  for (auto const* bad : {"",
                          " ",
                          "var ** 2",
                          "var % 2",
                          "var // 2",
                          "self.location.x",
                          "bpy.context.scene.frame_current",
                          "noise(frame)",
                          "[1, 2][0]",
                          "'text'",
                          "var = 1",
                          "__import__('os').getpid()",
                          "010",
                          "1e",
                          "other",
                          "sin()",
                          "sin(1, 2)",
                          "sin",
                          "atan2(1)",
                          "min()",
                          "clamp(1, 2)",
                          "1 +",
                          "(1",
                          "1)",
                          "var var",
                          "1 if var",
                          "lambda: 1",
                          "not",
                          "1 and",
                          "0x10",
                          "var[0]",
                          "var.x",
                          "1_000",
                          "1j",
                          "~1",
                          "1 & 2",
                          "round(1.5, 1)",
                          "1;2",
                          "and",
                          "frame frame"})
    ck_assert_msg(!simple(bad), "%s", bad);
}
END_TEST

START_TEST(an_expression_that_nests_too_deeply_is_not_simple_and_harms_nothing) {
  ck_assert(simple(std::string(40, '(') + "1" + std::string(40, ')')));
  ck_assert(!simple(std::string(100000, '(') + "1"));
  ck_assert(!simple(std::string(100000, '-') + "1"));
}
END_TEST

TestGroup const expression_tests{
    "expressions",
    {names_numbers_operators_and_known_functions_are_simple, what_only_python_knows_is_not_simple,
     an_expression_that_nests_too_deeply_is_not_simple_and_harms_nothing}};

}  // namespace
