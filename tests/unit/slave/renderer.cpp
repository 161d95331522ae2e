// What a slave says of a program that ended without an image, and what it reads of one that stays open.
#include "slave/renderer.h"

#include "slave/traceback.h"
#include "tests/support/check_main.h"
#include "tests/support/helper_program.h"

using namespace distren;
using namespace std::chrono_literals;
using nlohmann::json;

namespace {

// One frame by a shell that runs this script, without a sandbox.
Result<Rendered> rendered_by(std::string const& script, bool session = false) {
  ScratchFolder const scratch;
  RenderMethod method;
  method.name = "shell";
  method.title = "Shell";
  method.folder = scratch.path();
  method.command = {{"-c"}, {script}};
  method.session = session;
  auto renderer = Renderer::open({.folder = scratch.path() / "render", .sandboxed = false});
  ck_assert(renderer);
  RenderTask task;
  task.method = &method;
  task.program = "/bin/sh";
  task.job = scratch.path();
  task.parameters = json::object();
  task.name = "7.png";
  task.deadline = 60s;
  return (*renderer)->render(task, nullptr);
}

// Braces are places of a command line.
std::string for_printf(json const& value) {
  std::string text;
  for (char const c : value.dump()) text += c == '{' ? "\\173" : c == '}' ? "\\175" : std::string(1, c);
  return text;
}

START_TEST(a_tracebacks_last_line_is_the_reason_of_a_failure) {
  auto const failed = rendered_by(
      "printf '%s\\n' 'Error: Python: Traceback (most recent call last):' '  File \"driver.py\", line 3' "
      "\"AttributeError: 'SequenceEditor' has no 'sequences_all'\" 'Error: script failed, exiting.'; exit 97");
  ck_assert(!failed);
  ck_assert_says(failed.error().message, "without an image (AttributeError: 'SequenceEditor' has no 'sequences_all')");
  ck_assert(failed.error().problem == "output_missing");
}
END_TEST

START_TEST(a_failure_without_a_traceback_is_told_by_its_status) {
  ck_assert_says(rendered_by("exit 97").error().message, "97");
  ck_assert_says(rendered_by("echo 'ValueError: a word of the scene'; exit 3").error().message, "3");
}
END_TEST

START_TEST(a_traceback_that_ended_nothing_is_no_reason) {
  auto const failed = rendered_by(
      "printf '%s\\n' 'Traceback (most recent call last):' \"ModuleNotFoundError: No module named 'cattrs'\" "
      "'DISTREN '; exit 5",
      true);
  ck_assert(!failed);
  ck_assert_says(failed.error().message, "5");
  ck_assert(failed.error().message.find("cattrs") == std::string::npos);
}
END_TEST

START_TEST(the_last_of_several_tracebacks_counts) {
  Traceback traceback;
  for (auto const* line :
       {"00:01.2 py | ERROR Traceback (most recent call last):", "    first()", "KeyError: 'x'", "",
        "During handling of the above exception, another exception occurred:", "Traceback (most recent call last):",
        "  File", "    ~~~~~^^", "distren.Refused: no such scene", "Blender quit"})
    traceback.take(line);
  ck_assert_str_eq(traceback.reason().c_str(), "distren.Refused: no such scene");
  traceback.clear();
  ck_assert(traceback.reason().empty());
}
END_TEST

START_TEST(a_reply_that_lists_many_files_is_read_whole) {
  json outputs = json::array();
  for (int i = 0; i < 64; ++i) outputs.push_back({{"name", std::string(200, 'n') + std::to_string(i) + ".png"}});
  json const done = {{"event", "done"}, {"outputs", outputs}, {"width", 64}, {"height", 36}, {"format", "PNG"}};
  auto const rendered = rendered_by("read order; printf 'DISTREN " + for_printf(done) + "\\n'; read next", true);
  ck_assert(rendered);
  ck_assert_int_eq(rendered->width, 64);
}
END_TEST

TestGroup const group("renderer",
                      {a_tracebacks_last_line_is_the_reason_of_a_failure,
                       a_failure_without_a_traceback_is_told_by_its_status, a_traceback_that_ended_nothing_is_no_reason,
                       the_last_of_several_tracebacks_counts, a_reply_that_lists_many_files_is_read_whole});

}  // namespace
